"""Which cells share their parts, and what is known of a strategy before anything is fitted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paceline.history import Run
from paceline.predict.fitting import LEAST, Fit, fit
from paceline.predict.measured import RELEASING, Measured, usable_cpus
from paceline.predict.model import Parts

Family = tuple[str, str]
Families = Mapping[Family, Sequence[Measured]]

ONE_THREAD = frozenset({"sequential", "asyncio", "asyncio-uvloop", "trio", "gevent"})
"""One thread does all the computing, whatever the Python."""

ONE_GIL = ONE_THREAD | {"threads", "to-thread", "loops-in-threads"}
"""One interpreter does, so that under its GIL only one item computes at a time."""


def families(cells: Iterable[Measured]) -> dict[Family, list[Measured]]:
    """Sort cells by strategy and client."""
    found: dict[Family, list[Measured]] = {}
    for cell in cells:
        found.setdefault(cell.family, []).append(cell)
    return found


@dataclass(frozen=True)
class Setting:
    """What a run was measured on.

    Args:
        cpus: how many it could use.
        gil: whether its Python has a GIL, and had it on.
    """

    cpus: float
    gil: bool

    @classmethod
    def of(cls, run: Run) -> "Setting":
        """Read it off a run."""
        return cls(usable_cpus(run), not run.machine_info.get("free_threaded") or run.facts.get("gil") == "on")


def fitted(family: Family, known: Families, setting: Setting) -> Fit | None:
    """Fit a family; None if it has too few cells.

    Args:
        family: strategy and client.
        known: all families of the run, without the cells that are left out.
        setting: what they were measured on.
    """
    cells = known.get(family, ())
    return fit(cells, _given(family, setting)) if len(cells) >= LEAST else None


def _given(family: Family, setting: Setting) -> Parts:
    """Return the parts that a family has before anything is fitted: workers of one interpreter share its CPU time, and
    others do not contend.
    """
    strategy, through = family
    alone = strategy in ONE_THREAD or (setting.gil and strategy in ONE_GIL and through != RELEASING)
    return Parts(one_at_a_time=alone, cpus=setting.cpus, contention=float(alone))
