"""What the cells of a session are compared with: `--benchmark-compare` and `--benchmark-compare-fail`."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.utils import PercentageRegressionCheck

from paceline.history import HistoryError
from paceline.history.storage import GuardedStorage
from paceline.plugin.ours import is_cell, is_skipped, typed_options
from paceline.plugin.session import native
from paceline.text.formats import seconds
from paceline.workers import tracers

LISTED = 5  # names in one message; the rest is counted


def load(benchmarks: Any, wanted: Any) -> None:
    """Load the runs to compare with.

    Args:
        benchmarks: pytest-benchmark's session.
        wanted: what `--benchmark-compare` names; True for the newest run, an empty list without that option.

    Raises:
        pytest.UsageError: there is none; the message says where one was looked for, and how to get one.
    """
    storage, named = benchmarks.storage, isinstance(wanted, str)
    if benchmarks.compare_fail and wanted == []:
        raise pytest.UsageError("--benchmark-compare-fail needs --benchmark-compare, which names the other run")
    if named and not wanted.strip():
        raise pytest.UsageError(
            f"--benchmark-compare= names no run; leave the = out for the newest{_or_one_of(storage)}"
        )
    benchmarks.compare = benchmarks.config.option.benchmark_compare = _by_number(wanted, storage)
    try:
        benchmarks.handle_loading()
    except (ValueError, HistoryError) as error:  # a path that leads nowhere, or no run can be read at all
        raise pytest.UsageError(f"--benchmark-compare: {error}") from None
    if not benchmarks.compare or benchmarks.compared_mapping:
        return
    if _is_first_run(benchmarks):
        benchmarks.compare = benchmarks.compare_fail = None
        return
    matching, others = (f" matching {wanted!r}", _or_one_of(storage)) if named else ("", "")
    raise pytest.UsageError(
        f"--benchmark-compare found nothing to compare with: no readable saved run{matching} in {storage}; "
        f"{_how_to_save(benchmarks)}{others}"
    )


def _by_number(wanted: Any, storage: Any) -> Any:
    """Return a run's number as its file's name begins; anything else as it is."""
    numbered = isinstance(storage, GuardedStorage) and isinstance(wanted, str) and wanted.isascii()
    return f"{int(wanted):04}_" if numbered and wanted.isdigit() else wanted


def _is_first_run(benchmarks: Any) -> bool:
    """Whether the project asks every session to compare, and there is no run to compare with yet."""
    if not isinstance(benchmarks.storage, GuardedStorage) or any(_options(benchmarks).values()):
        return False
    return not benchmarks.storage.query("*/*")  # type: ignore[no-untyped-call]


def _how_to_save(benchmarks: Any) -> str:
    return f"save one with: pytest --benchmark-only{'' if all(_options(benchmarks).values()) else ' -o addopts='}"


def _options(benchmarks: Any) -> dict[str, bool]:
    """Return the options that ask to compare, each with whether it was typed; others stand in `addopts`."""
    asked = {"--benchmark-compare": benchmarks.compare, "--benchmark-compare-fail": benchmarks.compare_fail}
    return {option: option in typed_options(benchmarks.config) for option, value in asked.items() if value}


def _or_one_of(storage: Any) -> str:
    names = []
    if isinstance(storage, GuardedStorage):
        names = [file.name for file in storage.query("[0-9]")]  # type: ignore[no-untyped-call]
    more = f"{len(names) - LISTED} more, " if len(names) > LISTED else ""
    return f", or name one of: {more}{', '.join(names[-LISTED:])}" if names else ""


def check(session: pytest.Session) -> None:
    """Raise a `UsageError`, before anything is measured, if no cell can be compared, or a tracer is on."""
    if why := _beside_a_tracer(session) or _nothing_in_common(session):
        raise pytest.UsageError(f"--benchmark-compare: {why}")


def _beside_a_tracer(session: pytest.Session) -> str | None:
    cells = _compares(session.config) and any(map(is_cell, session.items))
    on = tracers.running() if cells else []
    return f"{tracers.doubt(on)}, so nothing can be compared; run it without that" if on else None


def _nothing_in_common(session: pytest.Session) -> str | None:
    benchmarks, lacking = native(session.config), _uncompared(session.config, session.items)
    if not lacking or len(lacking) < len(_measured(session.items)) or session.testsfailed:
        return None
    return (
        f"no cell of this session is in {_runs(benchmarks)}:{_listed(lacking, benchmarks)}\n"
        f"Measure cells that it has, name a run that has these, or {_how_to_save(benchmarks)}"
    )


def note(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Report that nothing is compared, or which cells are compared with nothing."""
    benchmarks, lacking = native(config), _uncompared(config, items)
    if config.option.benchmark_compare and not benchmarks.compare:
        return [f"paceline: nothing is compared, as {benchmarks.storage.location} has no run yet"]
    lacks = f"paceline: not in {_runs(benchmarks)}, and so compared with nothing:{_listed(lacking, benchmarks)}"
    return [lacks] if lacking else []


def _uncompared(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Return the cells that a session measures, and that no run has with which it is compared."""
    saved = _saved(native(config)) if _compares(config) else None
    return [] if saved is None else sorted(name for name in _measured(items) if name not in saved)


def _compares(config: pytest.Config) -> bool:
    benchmarks = native(config)
    return bool(benchmarks.compared_mapping) and not benchmarks.disabled and not config.option.collectonly


def _measured(items: Sequence[pytest.Item]) -> list[str]:
    return [item.nodeid for item in items if not is_skipped(item, only=True)]


def _saved(benchmarks: Any) -> set[str]:
    """Return every benchmark of the runs to compare with, cells or not."""
    return {name for run in benchmarks.compared_mapping.values() for name in run}


def _listed(lacking: Sequence[str], benchmarks: Any) -> str:
    """Write cells below each other, each with the one that comes closest among those saved."""
    saved = sorted(_saved(benchmarks))
    closest = {name: get_close_matches(name, saved, n=1) for name in lacking[:LISTED]}
    lines = [f"{name}{f' (there is {found[0]})' if found else ''}" for name, found in closest.items()]
    lines += [f"and {len(lacking) - LISTED} more"] if len(lacking) > LISTED else []
    return "".join(f"\n  {line}" for line in lines)


def _runs(benchmarks: Any) -> str:
    return ", ".join(map(str, benchmarks.compared_mapping))


def regressions(benchmarks: Any) -> list[str]:
    """Return which cells are slower than `--benchmark-compare-fail` allows."""
    return [
        f"{cell.fullname}: {_slower(check, cell, run[cell.fullname]['stats'], path)}"
        for cell in benchmarks.benchmarks
        if cell
        for path, run in benchmarks.compared_mapping.items()
        if cell.fullname in run
        for check in benchmarks.compare_fail or ()
        if check.fails(cell, run[cell.fullname]["stats"])
    ]


def _slower(check: Any, cell: Any, before: Mapping[str, float], path: Path) -> str:
    now, then = seconds(cell[check.field]), seconds(before[check.field])
    relative = isinstance(check, PercentageRegressionCheck)
    allowed = f"{check.threshold} %" if relative else seconds(check.threshold)
    return f"{check.field} {now}, and {then} in {path}; allowed: {allowed} more"
