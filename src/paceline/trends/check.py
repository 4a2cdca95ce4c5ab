"""A saved run against the pinned baseline of its machine and Python."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paceline import history, machine
from paceline.files import finite
from paceline.history import HistoryError, NoSuchRunError, Run
from paceline.tables.runs import doubts
from paceline.tables.verdicts import MISUSE, status
from paceline.text import formats
from paceline.trends import baselines, check_text
from paceline.trends.baselines import (
    PIN,
    BaselinesError,
    Complain,
    Pin,
    chosen,
    measured,
    once,
    same_file,
    untraced,
    whole_runs,
)
from paceline.trends.check_text import Shown
from paceline.trends.judging import judged


def check(arguments: Namespace, complain: Complain) -> int:
    """Judge a run, and show the verdict.

    Args:
        arguments: `run`, `tolerance` in per cent, `fail_on`, `strict`, `json`, `markdown` and `results`, as typed.
        complain: says a sentence on standard error.

    Returns:
        0: no cell is slower (faster, either: `fail_on`); 1: one is; 2: a misuse or a failure, and with `strict` a cell
        that stays unknown; 3: half of the cells moved together.
    """
    try:
        shown = _checked(arguments, once(complain))
    except HistoryError as error:
        complain(error)
        return MISUSE
    if arguments.json:
        sys.stdout.write(f"{_as_json(shown)}\n")
    elif arguments.markdown:
        sys.stdout.write(check_text.markdown(shown))
    else:
        formats.render(check_text.tables(shown))
    verdicts = [cell.verdict for cell in shown.outcome.cells]
    return status(
        shown.outcome.verdict, verdicts, fail_on=arguments.fail_on, doubted=arguments.strict and "unknown" in verdicts
    )


def _checked(arguments: Namespace, complain: Complain) -> Shown:
    run = chosen(arguments.run, arguments.results, complain)
    pin = baselines.pins(arguments.results).get(run.fingerprint)
    if pin is None:
        raise NoSuchRunError(f"{arguments.results} has no pinned baseline for {run.fingerprint}; pin one: {PIN}")
    baseline = _pinned(arguments.results, run.fingerprint, pin)
    if same_file(run, baseline):
        raise NoSuchRunError(f"{run.path} is the pinned baseline itself; measure another run: {history.store.MEASURE}")
    history_of_it = untraced(whole_runs(arguments.results, run.fingerprint, complain), complain)
    earlier = [one for one in history_of_it if _before(one, run)]
    tolerance = arguments.tolerance / 100
    outcome = judged(measured(baseline), measured(run), [measured(one) for one in earlier], tolerance)
    if not outcome.cells:
        raise NoSuchRunError(
            f"{run.path} has no cell in common with the baseline, {baseline.path}; see paceline compare"
        )
    notes = [*_notes(run, baseline), *doubts(baseline, run)]
    return Shown(baseline=baseline, run=run, why=pin.why, outcome=outcome, tolerance=tolerance, notes=notes)


def _pinned(results: Path, fingerprint: str, pin: Pin) -> Run:
    """Read the pinned run.

    Raises:
        BaselinesError: it is not there any more, not what was pinned, or none to compare with.
    """
    path, where = results / pin.run, f"{results / baselines.NAME} pins {pin.run} for {fingerprint}"
    if not path.resolve().is_relative_to(results.resolve()):
        raise BaselinesError(f"{where}, which is outside of {results}; pin another: {PIN}")
    if not path.exists():
        raise BaselinesError(f"{where}, which is not there; restore it, or pin another: {PIN}")
    run = history.load(path)
    if unfit := _unfit(run, fingerprint):
        raise BaselinesError(f"{where}, which is {unfit}; pin another: {PIN}")
    return run


def _unfit(run: Run, fingerprint: str) -> str | None:
    """Return why a pinned run is none to compare with."""
    if not run.complete:
        return "incomplete"
    if run.fingerprint != fingerprint:
        return f"a run of {run.fingerprint}"
    return f"measured beside a tracer ({run.tracer})" if run.tracer else None


def _before(one: Run, run: Run) -> bool:
    return one.datetime < run.datetime and not same_file(one, run)


def _notes(run: Run, baseline: Run) -> list[str]:
    here, said = machine.fingerprint(), []
    if run.fingerprint != here:
        said.append(f"BOTH RUNS ARE OF ANOTHER MACHINE, {run.fingerprint}; this one is {here}.")
    if run.datetime < baseline.datetime:
        said.append("THE RUN IS OLDER THAN THE BASELINE.")
    return said


def _as_json(shown: Shown) -> str:
    outcome = shown.outcome
    whole: dict[str, Any] = {
        "verdict": outcome.verdict,
        "cells": [asdict(cell) for cell in outcome.cells],
        "run": _run(shown.run),
        "baseline": {**_run(shown.baseline), "why": shown.why},
        "tolerance": shown.tolerance,
        "missing": outcome.missing,
        "added": outcome.added,
        "easy_baseline": {"cells": outcome.easy, "sentence": check_text.easy(shown)[0]} if outcome.easy else None,
        "notes": shown.notes,
    }
    return json.dumps(finite(whole), indent=2, allow_nan=False)


def _run(run: Run) -> dict[str, Any]:
    return {
        "path": run.path and str(run.path),
        "number": run.number,
        "fingerprint": run.fingerprint,
        "commit": run.commit.get("id"),
        "dirty": run.commit.get("dirty"),
        "python": run.python,
        "datetime": run.datetime.isoformat(),
    }
