"""What runs say about the claims, as programs read it: JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from paceline.claims import Claim, Finding, Part
from paceline.history import Run
from paceline.history.finite import finite


def as_json(claims: Sequence[Claim], findings: Mapping[str, Finding], runs: Sequence[Run], here: str) -> str:
    """Write findings as JSON; times in seconds, sizes in bytes, shares as fractions, null for what is not known.

    Args:
        claims: the ones that were judged.
        findings: by the claim's id.
        runs: those that they were judged by.
        here: the fingerprint of this machine and Python.
    """
    whole = {
        "claims": [_claim(claim, findings[claim.id]) for claim in claims],
        "runs": [_run(run, here) for run in runs],
    }
    return json.dumps(finite(whole), indent=2, allow_nan=False)


def _claim(claim: Claim, finding: Finding) -> dict[str, Any]:
    return {
        "id": claim.id,
        "claim": claim.claim,
        "verdict": finding.verdict,
        "parts": [_part(part) for part in finding.parts],
        "evidence": [asdict(figure) for figure in finding.evidence],
        "experiments": list(claim.experiments),
        "warnings": list(dict.fromkeys([*finding.warnings, *(w for part in finding.parts for w in part.warnings)])),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "part": part.part,
        "verdict": part.verdict,
        "margin": part.margin,
        "figures": [asdict(figure) for figure in part.figures],
        "missing": part.missing,
        "warnings": list(part.warnings),
    }


def _run(run: Run, here: str) -> dict[str, Any]:
    return {
        "path": None if run.path is None else str(run.path),
        "number": run.number,
        "fingerprint": run.fingerprint,
        "this_machine": run.fingerprint == here,
        "python": run.python,
        "datetime": run.datetime.isoformat(),
        "complete": run.complete,
    }
