"""The claim about operating systems: it takes runs of two, on the same machine with the same Python."""

from collections.abc import Callable
from dataclasses import dataclass

from paceline.claims.counts import present
from paceline.claims.evidence import Evidence, Sample, median, quotient, values
from paceline.claims.finding import Figure, Finding, Part, combine
from paceline.claims.judging import above, command, figure, shown, untold
from paceline.claims.starting import MANY, METHODS, starting
from paceline.history import Cell, Run

ANOTHER_SYSTEM = 1.25

_BECAUSE = "apart by less than a quarter, either way, two days of one system may be as well"


@dataclass(frozen=True)
class _Compared:
    """What two systems are compared by: a figure in words, the experiment that has it, and where it is found."""

    what: str
    experiment: str
    sample: Callable[[Evidence], Sample]


def os_differs(evidence: Evidence) -> Finding:
    """Judge by runs of two systems on the same machine with the same Python.

    Another machine or Python starts processes at another speed whatever its system is, so such runs are shown and not
    judged. Spawned processes decide, as every system has them; the others stand beside.
    """
    there = _elsewhere(evidence)
    return combine(
        [
            _differs("processes start at another speed on another system", evidence, there, _STARTS),
            _differs("processes are scheduled otherwise on another system", evidence, there, _SWITCHES),
        ]
    )


def _differs(part: str, here: Evidence, there: Evidence | None, by: tuple[_Compared, ...]) -> Part:
    first = by[0]
    stated = f"above {shown(ANOTHER_SYSTEM, 'x')}: {_BECAUSE}"
    if there is None:
        return untold(
            part, stated, f"the same run on another system, given beside this one: {command(first.experiment)}"
        )
    decides, *others = (_apart(each, here, there) for each in by)
    beside = present(others)
    unlike = _unlike(here.first, there.first)
    if unlike:
        return untold(
            part, stated, f"runs of two systems that do not differ in {' and '.join(unlike)} too", [decides, *beside]
        )
    return above(part, decides, ANOTHER_SYSTEM, _BECAUSE, first.experiment, beside=beside)


def _apart(by: _Compared, here: Evidence, there: Evidence) -> Figure:
    """Return how many times as much the system with more has. Processes of two runs are paired as they come, at
    random.
    """
    more, less = (here, by.sample(here)), (there, by.sample(there))
    if figure("", quotient(more[1], less[1])).value < 1:
        more, less = less, more
    return figure(f"{by.what}: {more[0].system} / {less[0].system}", quotient(more[1], less[1]))


def _elsewhere(evidence: Evidence) -> Evidence | None:
    """Find the run of another system that is most like the first in all else."""
    systems = (evidence.system, None)
    others = [run for run in evidence.elsewhere if run.machine_info.get("system") not in systems]
    if evidence.system is None or not others:
        return None
    nearest = min(others, key=lambda run: len(_unlike(evidence.first, run)))
    return Evidence([nearest, *(run for run in others if run is not nearest)])


def _unlike(here: Run, there: Run) -> list[str]:
    return [name for name, told in _MACHINE.items() if told(here) != told(there)]


def _version(run: Run) -> tuple[str, bool]:
    feature = ".".join(run.python.split(".")[:2])  # "CPython 3.11": patch releases do not start processes otherwise
    return feature, bool(run.machine_info.get("free_threaded"))


def _switches_per_item(cell: Cell) -> float | None:
    return cell.context_switches / cell.items if cell.context_switches is not None else None


def _ready(strategy: str) -> _Compared:
    what = f"time until {MANY} processes by {METHODS[strategy]} are ready"
    return _Compared(what, "starting", lambda side: values(starting(side, strategy), median))


def _switches(side: Evidence) -> Sample:
    return values(side.cells("computing", "test_computing", strategy="pool-fork", kernel="squares"), _switches_per_item)


_MACHINE: dict[str, Callable[[Run], object]] = {"CPU": lambda run: run.machine_info.get("cpu"), "Python": _version}
_STARTS = tuple(_ready(strategy) for strategy in ("pool-spawn", "pool-fork", "pool-forkserver"))
_SWITCHES = (_Compared("context switches of a pool per item of computing", "computing", _switches),)
