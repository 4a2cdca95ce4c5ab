"""
Finding saved runs: `results/<fingerprint>/<pytest-benchmark's folder>/NNNN_*.json`, apart from `results/partial/`.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from paceline import machine
from paceline.history.errors import NoSuchRunError, UnreadableRun
from paceline.history.reading import load
from paceline.history.run import Run, number_of

PARTIAL = "partial"
"""The folder, beside the fingerprints, for runs that were interrupted or failed and kept all the same."""

MEASURE = "pytest --benchmark-only"
"""What to type for a run."""

_MEASURE = f"measure one: {MEASURE}"


def runs(root: Path) -> tuple[list[Run], list[UnreadableRun]]:
    """
    Read every history under `root`, each in order, and name what cannot be read.
    """
    return _loaded(path for folder in _folders(root) if folder.name != PARTIAL for path in _saved_in(folder))


def partials(root: Path) -> tuple[list[Run], list[UnreadableRun]]:
    """
    Read the runs that were kept although they are not whole; they are part of no history.
    """
    return _loaded(_saved_in(root / PARTIAL))


def resolve(argument: str, root: Path) -> Run:
    """
    Find the run that a person means: a path, or a number (3, 0003) in the history of this machine and Python.

    Raises:
        NoSuchRunError: this machine has no such number, or more than one.
        UnreadableRun: the file cannot be read.
    """
    if not (argument.isascii() and argument.isdigit()):
        return load(Path(argument))
    home = root / machine.fingerprint()
    numbered = [(number_of(path.name), path) for path in _saved_in(home)]
    fitting = [path for number, path in numbered if number == int(argument)]
    if len(fitting) == 1:
        return load(fitting[0])
    if fitting:
        raise NoSuchRunError(f"run {argument} may be {' or '.join(map(str, fitting))}; give the path of the one meant")
    raise NoSuchRunError(f"{home} has no run {argument}{_instead([number for number, _ in numbered if number])}")


def newest(
    root: Path,
    fingerprint: str,
    needs: Callable[[Run], bool],
    tell: Callable[[UnreadableRun], None] = lambda _: None,
    measure: str = MEASURE,
) -> Run:
    """
    Find the run to take when nobody named one.

    Args:
        root: where the histories are.
        fingerprint: whose history comes first. Another machine's run is the second choice; the caller compares the
            fingerprints and then says aloud whose it is.
        needs: whether a run has the cells the caller wants; incomplete runs are never asked.
        tell: called with each damaged file that was passed over on the way.
        measure: what to type for a run that has these cells.

    Raises:
        NoSuchRunError: no history has one.
    """
    own = root / fingerprint
    others = [folder for folder in _folders(root) if folder not in (own, root / PARTIAL)]
    found = newest_in(own, needs, tell)
    elsewhere = [] if found else [run for folder in others if (run := newest_in(folder, needs, tell))]
    if not found and not elsewhere:
        raise NoSuchRunError(f"{root} has no complete run with the cells this needs; measure one: {measure}")
    return found or max(elsewhere, key=lambda run: run.datetime)


def newest_in(history: Path, needs: Callable[[Run], bool], tell: Callable[[UnreadableRun], None]) -> Run | None:
    """
    Find the newest complete run of one history, `results/<fingerprint>`, that has what is needed; None if none has.
    """
    for path in reversed(_saved_in(history)):
        try:
            run = _load_numbered(path)
        except UnreadableRun as damaged:
            tell(damaged)
            continue
        if run.complete and needs(run):
            return run
    return None


def _loaded(paths: Iterable[Path]) -> tuple[list[Run], list[UnreadableRun]]:
    found, damaged = [], []
    for path in paths:
        try:
            found.append(_load_numbered(path))
        except UnreadableRun as error:
            damaged.append(error)
    return found, damaged


def _load_numbered(path: Path) -> Run:
    if path.suffix != ".json":
        raise UnreadableRun(path, "this folder can't be looked into; check its permissions")
    if number_of(path.name) is None:
        raise UnreadableRun(path, "its name has no number, so it has no place here; rename it to NNNN_name.json")
    return load(path)


def _saved_in(history: Path) -> list[Path]:
    """
    List the files of one history in order, and folders that can't be listed: nothing is skipped in silence.
    """
    found = [(file, folder) for folder in _folders(history) for file in _entries(folder)]
    files = [file for file, folder in found if file == folder or file.suffix == ".json"]
    return sorted(files, key=lambda file: (file.parent.name, number_of(file.name) or 0, file.name))


def _folders(parent: Path) -> list[Path]:
    return sorted(entry for entry in _entries(parent) if entry.is_dir())


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except FileNotFoundError:
        return
    except OSError:
        yield folder


def _instead(numbers: list[int]) -> str:
    if not numbers:
        return f"; it is empty: {_MEASURE}"
    return f"; it holds {min(numbers)} to {max(numbers)}: see paceline runs"
