"""`paceline predict`, from what was typed to what is printed."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from rich.console import RenderableType

from paceline import history, machine
from paceline.history import Run
from paceline.predict import document, showing, showing_validation
from paceline.predict.choosing import chosen, untold
from paceline.predict.costs import costs
from paceline.predict.families import Setting, families, fitted
from paceline.predict.measured import COMPUTING, RELEASING, measured
from paceline.predict.predicting import Question, predict
from paceline.predict.validating import held_out
from paceline.predict.work import Work
from paceline.report import layout

Complain = Callable[[object], None]

NEEDED = ("latency", "workers", "threads_knee", "in_flight", "computing", "too_many", "memory")
"""Experiments that a run has which is taken without being named."""

MEASURE = "pytest --benchmark-only --all"
MISUSE = 2

_WORKERS, _SIZE = 10, 1024
_ASKED = ("items", "workers", "latency", "cpu", "size", "bandwidth", "memory", "machines", "deadline")


def command(arguments: Namespace, complain: Complain) -> int:
    """Predict, or validate.

    Returns:
        0: done; 2: a misuse, or a run that is missing, can't be read, or can't tell.
    """
    if why := _misuse(arguments):
        complain(why)
        return MISUSE
    try:
        run = _run(arguments, complain)
    except history.HistoryError as error:
        complain(error)
        return MISUSE
    return _validated(run, arguments, complain) if arguments.validate else _predicted(run, arguments, complain)


def _misuse(arguments: Namespace) -> str | None:
    if arguments.validate:
        given = [name for name in _ASKED if getattr(arguments, name) is not None]
        return f"--validate predicts the run's own cells; leave out --{given[0]}" if given else None
    if arguments.strategy == "sequential" and (arguments.workers or 1) > 1:
        return f"sequential has one worker, not {arguments.workers}; leave out --workers"
    missing = [f"--{name}" for name in ("strategy", "items") if not getattr(arguments, name)]
    return f"{' and '.join(missing)} must be given, or --validate; see paceline predict --help" if missing else None


def _run(arguments: Namespace, complain: Complain) -> Run:
    """Take the run that was named, or the newest whole one that has what is needed."""
    if arguments.run is not None:
        return history.resolve(arguments.run, arguments.results)
    here = machine.fingerprint()
    run = history.newest(arguments.results, here, has_all, lambda file: complain(f"passed over {file}"), MEASURE)
    if run.fingerprint != here:
        complain(
            f"{arguments.results} has no fitting run of this machine, {here}; this one is of ANOTHER MACHINE, "
            f"{run.fingerprint}"
        )
    return run


def has_all(run: Run) -> bool:
    """Whether a run has all the experiments that the model is fitted to."""
    return set(NEEDED) <= {cell.experiment for cell in run.cells}


def _validated(run: Run, arguments: Namespace, complain: Complain) -> int:
    found = held_out(measured(run), Setting.of(run))
    shown = [
        one
        for one in found
        if arguments.strategy in (None, one.cell.strategy) and arguments.client in (None, one.cell.through)
    ]
    if not any(one.predicted is not None for one in shown):
        about = "".join(f" of {name!r}" for name in (arguments.strategy, arguments.client) if name)
        complain(f"{run.path}: no cell{about} can be predicted from the others; measure more: {MEASURE}")
        return MISUSE
    _write(arguments, document.of_validation(run, shown), showing_validation.validation(run, shown))
    return 0


def _predicted(run: Run, arguments: Namespace, complain: Complain) -> int:
    known = families(measured(run))
    family = chosen(arguments, known)
    if why := untold(run, family, known):
        complain(why)
        return MISUSE
    cells = known[family]
    fit = fitted(family, known, Setting.of(run))
    assert fit is not None
    question = _question(arguments, waits=family[1] not in (COMPUTING, RELEASING))
    answer = predict(question, fit, costs(run, *family), cells)
    _write(arguments, document.of_prediction(run, family, question, fit, answer),
           showing.prediction(run, family, question, fit, answer))  # fmt: skip
    return 0


def _question(arguments: Namespace, *, waits: bool) -> Question:
    work = Work(
        items=arguments.items,
        workers=arguments.workers or (1 if arguments.strategy == "sequential" else _WORKERS),
        latency=arguments.latency or 0.0,
        cpu_seconds=arguments.cpu or 0.0,
        size=(_SIZE if waits else 0) if arguments.size is None else arguments.size,
        bandwidth=arguments.bandwidth or float("inf"),
    )
    return Question(
        work=work,
        machines=arguments.machines or 1,
        deadline=arguments.deadline,
        memory=arguments.memory or float(machine.usable_memory()),
    )


def _write(arguments: Namespace, as_json: str, tables: Sequence[RenderableType]) -> None:
    if arguments.json:
        sys.stdout.write(f"{as_json}\n")
    else:
        layout.render(tables)
