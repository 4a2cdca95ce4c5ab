"""Finding saved runs: `<fingerprint>/<pytest-benchmark's folder>/NNNN_*.json` in `results/`, apart from
`partial/<fingerprint>/`, or `<pytest-benchmark's folder>/NNNN_*.json` in a folder that `--benchmark-storage` named.
Other files there are left alone.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from paceline import machine
from paceline.files import number_of
from paceline.history.documents import NoSuchRunError, UnreadableRun
from paceline.history.reading import glance, load
from paceline.history.run import Glimpse, Run

RESULTS = "results"
"""The folder that histories are in, if no other is named."""

PARTIAL = "partial"
"""The folder, beside the fingerprints, for runs that were interrupted or failed and kept all the same."""

MEASURE = "pytest --benchmark-only"
"""What to type for a run."""

_STORAGE = Path(".benchmarks")  # pytest-benchmark's own
_NATIVE = re.compile(r"[A-Za-z]+-[A-Za-z]+-[0-9.]+-[0-9]+bit")  # Linux-CPython-3.11-64bit


def runs(root: Path) -> tuple[list[Run], list[UnreadableRun]]:
    """Read every history under `root`, each in order of date, and name what cannot be read."""
    found, damaged = _loaded(_saved(root))
    return sorted(found, key=lambda run: (run.fingerprint, *_age(run))), damaged


def partials(root: Path) -> tuple[list[Run], list[UnreadableRun]]:
    """Read the runs that were kept although they are not whole; they are part of no history."""
    folders = [folder for folder in _folders(root / PARTIAL) if machine.is_fingerprint(folder.name)]
    return _loaded(path for folder in folders for path in _numbered(folder))


def holds(root: Path, run: Run) -> bool:
    """Return whether a run is part of a history under `root`."""
    return run.path is not None and run.path.resolve() in {path.resolve() for path in _saved(root)}


def resolve(argument: str, root: Path) -> Run:
    """Find the run that a person means: a path, or a number (3, 0003) in the history of this machine and Python.

    Raises:
        NoSuchRunError: this machine has no such number, or more than one.
        UnreadableRun: the file cannot be read.
    """
    if not (argument.isascii() and argument.isdigit()):
        return load(Path(argument))
    home = root / machine.fingerprint()
    numbered = [(number_of(path.name), path) for path in _saved(root) if _is_of(home, path)]
    fitting = [path for number, path in numbered if number == int(argument)]
    if len(fitting) == 1:
        return load(fitting[0])
    if fitting:
        raise NoSuchRunError(f"run {argument} may be {' or '.join(map(str, fitting))}; give the path of the one meant")
    numbers = [number for number, _ in numbered if number]
    if not numbers:
        raise NoSuchRunError(f"{home.absolute()} has no run {argument}; it is empty: {advice(root)}")
    where, held = home if home.is_dir() else root, f"{min(numbers)} to {max(numbers)}"
    raise NoSuchRunError(f"{where} has no run {argument}; it holds {held}: see paceline runs")


def newest(
    root: Path,
    fingerprint: str,
    needs: Callable[[Run], bool],
    report: Callable[[UnreadableRun], None] = lambda _: None,
    measure: str = MEASURE,
) -> Run:
    """Find the run to take when none was named: the newest by date.

    Args:
        root: where the histories are.
        fingerprint: whose history comes first. Another machine's run is the second choice; the caller compares the
            fingerprints and then says aloud whose it is.
        needs: whether a run has the cells the caller wants; incomplete runs are never asked.
        report: called with each damaged file that was passed over on the way.
        measure: what to type for a run that has these cells.

    Raises:
        NoSuchRunError: no history has one.
    """
    saved = _saved(root)
    own = [path for path in saved if _is_of(root / fingerprint, path)]
    others = [path for path in saved if path not in own]
    found = _newest_of(own, needs, report) or _newest_of(others, needs, report)
    if not found:
        raise NoSuchRunError(
            f"{root.absolute()} has no complete run with the cells this needs; {advice(root, measure)}"
        )
    return found


def newest_in(folder: Path, needs: Callable[[Run], bool], report: Callable[[UnreadableRun], None]) -> Run | None:
    """Find the newest complete run of one folder that has what is needed, by date; None if none has."""
    return _newest_of(_numbered(folder), needs, report)


def newest_among(runs: Sequence[Run], fingerprint: str) -> Run:
    """Take the newest by date of the runs of one machine, or of all if it has none; there is at least one."""
    return max(runs, key=lambda run: (run.fingerprint == fingerprint, *_age(run)))


def advice(root: Path, measure: str = MEASURE) -> str:
    """Return what to type where `root` has no run: how to measure one, or to find what was saved elsewhere."""
    if root.absolute() != _STORAGE.absolute() and any(_glimpsed(path) for path in _saved(_STORAGE)):
        return f"{_STORAGE} has runs: find them with --results {_STORAGE}; or measure one: {measure}"
    return f"measure one: {measure}; what --benchmark-storage saved in another folder is found with --results DIR"


def _age(run: Run) -> tuple[dt.datetime, int]:
    return run.datetime, run.number or 0


def _newest_of(
    paths: Iterable[Path], needs: Callable[[Run], bool], report: Callable[[UnreadableRun], None]
) -> Run | None:
    for path in sorted(paths, key=_age_at_a_glance, reverse=True):
        try:
            run = _load(path)
        except UnreadableRun as damaged:
            report(damaged)
            continue
        if run.complete and needs(run):
            return run
    return None


def _age_at_a_glance(path: Path) -> tuple[dt.datetime, int]:
    glimpse = _glimpsed(path)
    # what can't be read may be the newest, and is reported
    return glimpse.datetime if glimpse else dt.datetime.max.replace(tzinfo=dt.UTC), number_of(path.name) or 0


def _is_of(home: Path, path: Path) -> bool:
    """Return whether a saved run belongs to `home`, by its folder or, in a storage of all machines, by what it says."""
    if path.parent.parent != home.parent:
        return path.is_relative_to(home)
    glimpse = _glimpsed(path)
    return glimpse is None or glimpse.fingerprint == home.name


def _glimpsed(path: Path) -> Glimpse | None:
    try:
        return glance(path)
    except UnreadableRun:
        return None


def _loaded(paths: Iterable[Path]) -> tuple[list[Run], list[UnreadableRun]]:
    found, damaged = [], []
    for path in paths:
        try:
            found.append(_load(path))
        except UnreadableRun as error:
            damaged.append(error)
    return found, damaged


def _load(path: Path) -> Run:
    if path.suffix != ".json":
        raise UnreadableRun(path, "this folder can't be looked into; check its permissions")
    return load(path)


def _saved(root: Path) -> list[Path]:
    """List the files of all histories, and folders that can't be listed: nothing of ours is skipped in silence."""
    return [path for folder in _homes(root) for path in _numbered(folder)]


def _homes(root: Path) -> Iterator[Path]:
    for folder in _folders(root):
        if machine.is_fingerprint(folder.name):
            yield from _folders(folder)
        elif _NATIVE.fullmatch(folder.name) or folder == root:
            yield folder


def _numbered(folder: Path) -> list[Path]:
    ours = [path for path in _entries(folder) if path == folder or _is_ours(path)]
    return sorted(ours, key=lambda path: (number_of(path.name) or 0, path.name))


def _is_ours(path: Path) -> bool:
    return path.suffix == ".json" and number_of(path.name) is not None


def _folders(parent: Path) -> list[Path]:
    return sorted(entry for entry in _entries(parent) if entry.is_dir())


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except FileNotFoundError:
        return
    except OSError:
        yield folder
