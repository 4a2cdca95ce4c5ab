"""
A judged sitting as programs read it: JSON.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paceline.gate.outcome import Estimate, Judged, Outcome
from paceline.gate.record import Sitting
from paceline.gate.sentences import counted


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
    return json.dumps(whole, indent=2, allow_nan=False)


def _judged(cell: Judged) -> dict[str, Any]:
    return {
        "fullname": cell.fullname,
        "verdict": cell.verdict,
        **_estimate(cell.main),
        "why": cell.why,
        "needed": cell.needed,
        "fresh": cell.fresh and _estimate(cell.fresh),
        "baseline_seconds": finite(cell.baseline_seconds),
        "candidate_seconds": finite(cell.candidate_seconds),
        "counts": {name: {**asdict(count), "changed": count.changed} for name, count in cell.counts.items()},
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {name: finite(value) for name, value in asdict(estimate).items()}


def finite(value: Any) -> Any:
    """
    Give a value as JSON can hold it: null for a number that is not finite.
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value
