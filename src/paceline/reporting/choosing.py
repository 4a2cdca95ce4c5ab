"""Which runs a report is about, and which older ones may lend it what they lack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline import history
from paceline.history import Run

Complain = Callable[[object], None]


@dataclass(frozen=True)
class Chosen:
    """What a report is made of.

    Args:
        runs: one for each column.
        older: fingerprint -> complete runs of that history, in order; empty where runs were chosen by name.
        histories: fingerprint -> complete runs of that history, in order, for every fingerprint among the runs.
        passed_over: files that can't be read, each with its reason.
    """

    runs: tuple[Run, ...]
    older: dict[str, list[Run]]
    histories: dict[str, list[Run]]
    passed_over: tuple[str, ...]

    def evidence(self, run: Run) -> list[Run]:
        """Return the runs that speak for a column: its own, and those that lend it experiments."""
        return [*(other for other in self.older.get(run.fingerprint, []) if other.path != run.path), run]


def chosen(words: Sequence[str], results: Path, here: str, complain: Complain) -> Chosen:
    """Find the runs that were named, or the newest whole one: of this machine if there is one, else of any.

    Args:
        words: paths, or numbers in this machine's history; none for the newest run.
        results: where the histories are.
        here: the fingerprint of this machine and Python.
        complain: says a sentence on standard error.

    Returns:
        Without any run where none is saved and none was named.

    Raises:
        HistoryError: there is no such run, or it can't be read.
    """
    named = tuple(history.resolve(word, results) for word in words)
    found, damaged = history.runs(results)
    for error in damaged:
        complain(f"passed over {error}")
    whole = [run for run in found if run.complete and run.cells]
    runs = named or ((history.newest_among(whole, here),) if whole else ())
    of_them = {run.fingerprint: [other for other in whole if other.fingerprint == run.fingerprint] for run in runs}
    return Chosen(runs, {} if named else of_them, of_them, tuple(map(str, damaged)))
