"""Predictions as programs read them: JSON, times in seconds, sizes in bytes; null for what nobody knows."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from paceline.files import finite
from paceline.history import Run
from paceline.predict.families import Family
from paceline.predict.fitting import LEVEL, Fit
from paceline.predict.predicting import Prediction, Question
from paceline.predict.scores import scores, total
from paceline.predict.validating import NEAR, HeldOut


def of_prediction(run: Run, family: Family, question: Question, fit: Fit, answer: Prediction) -> str:
    """Write an answer, what was asked, and the parts it rests on."""
    return _written(
        {
            **_head(run),
            "strategy": family[0],
            "client": family[1],
            "question": asdict(question),
            "level": LEVEL,
            **{key: value for key, value in asdict(answer).items() if key != "beyond"},
            "beyond": [{**asdict(one), "factor": one.factor} for one in answer.beyond],
            "fit": {"cells": fit.cells, "free": fit.free, "deviation": fit.deviation, "parts": asdict(fit.parts)},
        }
    )


def of_validation(run: Run, found: Sequence[HeldOut]) -> str:
    """Write every held-out cell, and how many were predicted well."""
    by_group = scores(found)
    whole = total(by_group)
    return _written(
        {
            **_head(run),
            "level": LEVEL,
            "near": NEAR,
            "cells": [_cell(one) for one in found],
            "scores": [{**asdict(one), "share": one.share} for one in by_group],
            "total": {**asdict(whole), "share": whole.share},
        }
    )


def _head(run: Run) -> dict[str, Any]:
    return {"run": str(run.path), "fingerprint": run.fingerprint, "python": run.python}


def _cell(one: HeldOut) -> dict[str, Any]:
    known = one.predicted is not None
    return {
        "name": one.cell.name,
        "strategy": one.cell.strategy,
        "client": one.cell.through,
        "kind": one.cell.kind,
        "work": asdict(one.cell.work),
        "measured": one.cell.seconds,
        "predicted": one.predicted,
        "factor": one.factor,
        "error": one.error,
        "near": one.near if known else None,
        "inside": one.inside if known else None,
    }


def _written(whole: dict[str, Any]) -> str:
    return json.dumps(finite(whole), indent=2, allow_nan=False)
