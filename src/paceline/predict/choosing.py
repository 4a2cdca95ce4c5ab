"""Which cells a question is about, and what to do where there are too few."""

from argparse import Namespace

from paceline.history import Run
from paceline.predict.families import Families, Family
from paceline.predict.fitting import LEAST
from paceline.predict.measured import COMPUTING, RELEASING


def chosen(arguments: Namespace, known: Families) -> Family:
    """Choose the cells that the question is about: those with the client named, or the one with most of them."""
    if arguments.cpu and not (arguments.latency or arguments.size or arguments.client):
        return arguments.strategy, COMPUTING
    own = [one for one in known if one[0] == arguments.strategy and one[1] not in (COMPUTING, RELEASING)]
    richest = max(own, key=lambda one: len(known[one]), default=(arguments.strategy, "raw"))
    return (arguments.strategy, arguments.client) if arguments.client else richest


def untold(run: Run, family: Family, known: Families) -> str | None:
    """Return why the run can't tell, and what to measure."""
    strategy, through = family
    if len(known.get(family, ())) >= LEAST:
        return None
    there = sorted({f"{one} ({other})" for one, other in known if len(known[one, other]) >= LEAST})
    waits = through not in (COMPUTING, RELEASING)
    where = f"benchmarks/test_latency.py --client {through}" if waits else "benchmarks/test_break_even.py"
    return (
        f"{run.path}: it has {len(known.get(family, ()))} cells of {strategy!r} ({through}), and {LEAST} are needed; "
        f"measure them: pytest --benchmark-only --all {where}, whose mark has to name the strategy; "
        f"it can tell of {', '.join(there) or 'nothing'}"
    )
