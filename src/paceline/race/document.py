"""The outcome of a race as programs read it: JSON."""

import json
from dataclasses import asdict
from typing import Any

from paceline.child.processes import MEMORY_KIND
from paceline.race.outcome import LaneResult, Race
from paceline.stats.samples import median


def as_json(race: Race) -> str:
    """Write a race as JSON; times in seconds, memory in bytes."""
    whole = {
        "function": race.function,
        "items": race.items,
        "workers": race.workers,
        "seed": race.seed,
        "probe": asdict(race.findings),
        "lanes": [_lane(race, lane) for lane in race.lanes],
        "notes": race.notes,
        "recommendation": asdict(race.recommendation()),
    }
    return json.dumps(whole, indent=2)


def _lane(race: Race, lane: LaneResult) -> dict[str, Any]:
    speedup = race.speedup(lane)
    return {
        "strategy": lane.name,
        "workers": lane.workers,
        "verdict": lane.verdict,
        "why": lane.why,
        "rounds": lane.rounds,
        "median": median(lane.rounds) if lane.came_through else None,
        "speedup": speedup and speedup[0],
        "speedup_range": speedup and list(speedup[1:]),
        "start_seconds": lane.start_seconds,
        "cpu_seconds": lane.cpu_seconds,
        "memory_bytes": lane.memory_bytes,
        "memory_kind": MEMORY_KIND,
        "marks": lane.marks,
    }
