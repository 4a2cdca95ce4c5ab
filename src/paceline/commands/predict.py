"""`paceline predict`: how long work would take that nobody measured."""

import argparse
from argparse import Namespace
from collections.abc import Sequence

from rich.console import RenderableType

from paceline import history, machine
from paceline.commands import MisuseError
from paceline.commands.shared import newest, results_option, write
from paceline.history import Run
from paceline.predict import output
from paceline.predict.groups import Setting, by_group, choose_group, costs, fitted, lacking
from paceline.predict.measured import COMPUTING, RELEASING, Work, measured
from paceline.predict.predicting import Question, held_out, predict
from paceline.text import numbers

SUMMARY = "say how long work would take that nobody measured"
EPILOG = """It rests on a saved run: without RUN on the newest whole one of this machine with the cells it needs
(pytest --benchmark-only --all). Items that only compute need --cpu and neither --latency nor --size.
It ends with status 2 if the run can't tell, and then says what to measure.

examples:
  paceline predict --strategy threads --items 100000 --workers 100 --latency 0.05
  paceline predict --strategy asyncio --items 1000000 --workers 1000 --latency 1 --deadline 60
  paceline predict 4 --strategy pool-fork --items 5000 --workers 2 --cpu 0.02
  paceline predict --validate             each cell, predicted from all others
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the run, and what to predict."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history")
    add("--validate", action="store_true", help="leave out one cell after the other, and predict it from the rest")
    add("--strategy", metavar="NAME", help="threads, asyncio, pool-fork ...; with --validate only its cells are shown")
    add("--client", metavar="NAME", help="likewise; raw, requests or aiohttp (default: the one with most cells)")
    add("--items", type=numbers.positive, metavar="N", help="how many there are")
    add("--workers", type=numbers.positive, metavar="W", help="of each machine, items under way at once (default: 10)")
    add(
        "--latency",
        type=numbers.seconds,
        metavar="SECONDS",
        help="that an item waits for its server, as 0.02 or 20ms (default: 0)",
    )
    add("--cpu", type=numbers.seconds, metavar="SECONDS", help="CPU time of an item's own computing (default: 0)")
    add("--size", type=numbers.size, metavar="BYTES", help="of an answer, as 1024 or 1KiB (default: 1KiB)")
    add(
        "--bandwidth",
        type=numbers.bandwidth,
        metavar="BYTES_PER_SECOND",
        help="that all share, as 12.5MiB (default: no limit)",
    )
    add("--memory", type=numbers.memory, metavar="BYTES", help="of a machine, as 8GiB (default: what may be used here)")
    add("--machines", type=numbers.positive, metavar="M", help="like the measured one (default: 1)")
    add("--deadline", type=numbers.timeout, metavar="SECONDS", help="say how many machines meet it, start included")
    add("--json", action="store_true", help="write JSON in place of tables")
    results_option(parser)


NEEDED = ("latency", "workers", "threads_knee", "in_flight", "computing", "too_many", "memory")
"""Experiments that a run has which is taken without being named."""

MEASURE = "pytest --benchmark-only --all"

_WORKERS, _SIZE = 10, 1024
_ASKED = ("items", "workers", "latency", "cpu", "size", "bandwidth", "memory", "machines", "deadline")


def run(arguments: Namespace) -> int:
    """Predict, or validate.

    Raises:
        MisuseError: what was typed makes no sense, or the run can't tell.
        HistoryError: there is no such run, or it can't be read.
    """
    if why := _misuse(arguments):
        raise MisuseError(why)
    answer = _validated if arguments.validate else _predicted
    tables, document = answer(_run(arguments), arguments)
    write(tables, document, as_json=arguments.json)
    return 0


Answer = tuple[Sequence[RenderableType], str]
"""Tables, and a document."""


def _misuse(arguments: Namespace) -> str | None:
    if arguments.validate:
        given = [name for name in _ASKED if getattr(arguments, name) is not None]
        return f"--validate predicts the run's own cells; leave out --{given[0]}" if given else None
    if arguments.strategy == "sequential" and (arguments.workers or 1) > 1:
        return f"sequential has one worker, not {arguments.workers}; leave out --workers"
    missing = [f"--{name}" for name in ("strategy", "items") if not getattr(arguments, name)]
    return f"{' and '.join(missing)} must be given, or --validate; see paceline predict --help" if missing else None


def _run(arguments: Namespace) -> Run:
    """Return the run that was named, or the newest whole one that has what is needed."""
    if arguments.run is not None:
        return history.resolve(arguments.run, arguments.results)
    return newest(arguments.results, has_all, MEASURE)


def has_all(run: Run) -> bool:
    """Whether a run has all the experiments that the model is fitted to."""
    return set(NEEDED) <= {cell.experiment for cell in run.cells}


def _validated(run: Run, arguments: Namespace) -> Answer:
    wanted = [
        one
        for one in held_out(measured(run), Setting.of(run))
        if arguments.strategy in (None, one.cell.strategy) and arguments.client in (None, one.cell.through)
    ]
    if not any(one.predicted is not None for one in wanted):
        about = "".join(f" of {name!r}" for name in (arguments.strategy, arguments.client) if name)
        raise MisuseError(f"{run.path}: no cell{about} can be predicted from the others; measure more: {MEASURE}")
    return output.validation_text(run, wanted), output.validation_json(run, wanted)


def _predicted(run: Run, arguments: Namespace) -> Answer:
    known = by_group(measured(run))
    computes = bool(arguments.cpu and not (arguments.latency or arguments.size))
    group = choose_group(arguments.strategy, arguments.client, known, computes=computes)
    if why := lacking(run, group, known):
        raise MisuseError(why)
    fit = fitted(group, known, Setting.of(run))
    assert fit is not None
    question = _question(arguments, waits=group[1] not in (COMPUTING, RELEASING))
    answer = (run, group, question, fit, predict(question, fit, costs(run, *group), known[group]))
    return output.prediction_text(*answer), output.prediction_json(*answer)


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
