"""
A judged sitting as programs read it: JSON.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paceline.gate.outcome import Judged, Outcome
from paceline.gate.record import Sitting
from paceline.gate.sentences import counted
from paceline.history.finite import finite


def as_json(sitting: Sitting, outcome: Outcome, saved: Path | None = None) -> str:
    """
    Write a judged sitting as JSON; times in seconds, changes as candidate / baseline, null for what is not known.

    Args:
        sitting: what was measured.
        outcome: what it says.
        saved: where the sitting is saved.
    """
    main, fresh = counted(sitting)
    whole = {
        "verdict": outcome.verdict,
        "cells": [_judged(cell) for cell in outcome.cells],
        "canary": _judged(outcome.canary),
        "baseline": asdict(sitting.baseline),
        "candidate": asdict(sitting.candidate),
        "pairs": main,
        "planned_pairs": sitting.planned,
        "fresh_pairs": fresh,
        "seed": sitting.seed,
        "tolerance": sitting.tolerance,
        "arguments": sitting.arguments,
        "left_out": dict(sitting.left_out),
        "notes": sitting.notes,
        "fingerprint": sitting.fingerprint,
        "datetime": sitting.datetime,
        "saved": saved and str(saved),
    }
    return json.dumps(finite(whole), indent=2, allow_nan=False)


def _judged(cell: Judged) -> dict[str, Any]:
    return {
        "fullname": cell.fullname,
        "verdict": cell.verdict,
        **asdict(cell.main),
        "why": cell.why,
        "needed": cell.needed,
        "fresh": cell.fresh and asdict(cell.fresh),
        "baseline_seconds": cell.baseline_seconds,
        "candidate_seconds": cell.candidate_seconds,
        "counts": {name: {**asdict(count), "changed": count.changed} for name, count in cell.counts.items()},
    }
