"""The guard between a session and its history: only a whole, clean run gets in, and what is compared with can be
read.
"""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import pytest
from pytest_benchmark.storage.file import FileStorage

from paceline import history, machine
from paceline.history import NotSaved, reading
from paceline.history.storage import GuardedStorage
from paceline.history.store import RESULTS
from paceline.plugin import comparing, ours
from paceline.plugin.ours import is_cell
from paceline.plugin.session import (
    MEASURES_CELLS,
    cluster,
    header,
    in_project,
    measures,
    native,
    refuse_unwritable_folders,
    stand_back,
    take_over,
)
from paceline.strategies import STRATEGIES, libraries

SCALE = ("items", "latency", "workers", "rounds", "lesson", "server", "client", "strategy", "all", "processes")


class Guard:
    """The hooks that save, refuse and show. It is registered before pytest-benchmark's configure hook runs."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._ours = False  # whether the session measures cells
        self._not_saved: NotSaved | None = None
        self._incomplete: str | None = None
        self._slower: list[str] = []
        # held back until the guarded storage is there to load from
        self._compare, config.option.benchmark_compare = config.option.benchmark_compare, []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take over what a session with cells saves, and load what it is compared with; in a session without one,
        pytest-benchmark does what it would do by itself.
        """
        cells = any(map(is_cell, session.items))
        self._ours = cells and measures(self._config)
        if self._ours:
            take_over(self._config)
            self._guard(session)
        elif not cells:
            stand_back(self._config, self._compare)
        elif not self._config.stash[MEASURES_CELLS]:  # with pytest-xdist, it would warn that cells aren't timed
            native(self._config).xdist_benchmark_found &= any(map(_is_other, session.items))

    def _guard(self, session: pytest.Session) -> None:
        """Put the guarded storage in place, load the runs to compare with, and refuse a comparison in which nothing
        would be compared, before anything is measured.
        """
        benchmarks = native(self._config)
        if isinstance(benchmarks.storage, FileStorage):
            benchmarks.storage = guarded(benchmarks, self._config)
        try:
            refuse_unwritable_folders(self._config)
            comparing.load(benchmarks, self._compare)
            comparing.check(session)
        except pytest.UsageError:
            benchmarks.save = benchmarks.autosave = benchmarks.json = None  # it would warn that nothing is saved
            raise

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """Return what the cells are measured with, and which of them are compared with nothing."""
        if not self._ours:
            return []
        told = [header(self._config)] if self._config.option.verbose >= 0 else []
        return [*told, *comparing.note(self._config, items)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Let pytest-benchmark save, if what ran was whole and clean; fail the session if it could not be saved, or is
        slower than it may be.
        """
        if not self._ours:
            return (yield)
        benchmarks = native(self._config)
        drop_unfinished(benchmarks)
        drop_repeated(benchmarks)
        self._slower, benchmarks.compare_fail = comparing.regressions(benchmarks), []  # it would end in a traceback
        self._incomplete = why_incomplete(session, exitstatus, slower=bool(self._slower))
        if isinstance(benchmarks.storage, GuardedStorage):
            if self._incomplete:
                benchmarks.storage.refuse(self._incomplete)
            benchmarks.storage.save = self._saving(benchmarks.storage.save)  # type: ignore[method-assign]
        yield
        if self._slower:  # told last, where whoever looks for the reason looks first
            told = "\n  ".join(["Slower than --benchmark-compare-fail allows:", *self._slower])
            benchmarks.logger.error(told)
        if (self._not_saved or self._slower) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return None

    def pytest_benchmark_generate_machine_info(self) -> dict[str, Any] | None:
        """Return what decides the figures, and not whose machine it is."""
        if not self._ours:
            return None
        scheme = cluster(self._config)
        return {**machine.stable_facts(libraries()), **({"cluster": scheme} if scheme else {})}

    @pytest.hookimpl(wrapper=True)
    def pytest_benchmark_generate_commit_info(self) -> Generator[None, dict[str, Any], dict[str, Any]]:
        """Yield which commit of the measured project it is, not of what lies where pytest was started."""
        with in_project(self._config) if self._ours else contextlib.nullcontext():
            return (yield)

    def pytest_benchmark_update_json(self, config: pytest.Config, output_json: dict[str, Any]) -> None:
        """Add what a history needs to know of the run."""
        if not self._ours:
            return
        output_json["paceline"] = reading.header(
            seed=config.option.seed,
            scale={name: getattr(config.option, name) for name in SCALE},
            complete=not self._incomplete,
            why_incomplete=self._incomplete,
            cluster=cluster(config),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the headline before pytest-benchmark's own tables."""
        if unwritten := ours.note(self._config):
            terminalreporter.write_line(f"paceline: {unwritten}", red=True)
        if not self._ours:
            return
        if self._not_saved:
            terminalreporter.write_line(f"paceline: {self._not_saved}", red=True)
        try:
            cells = measured(self._config)
        except history.UnreadableRun as unfit:
            terminalreporter.write_line(f"paceline: no table can be made of {unfit}", red=True)
        else:
            show(terminalreporter, cells)

    def _saving(self, save: Callable[..., None]) -> Callable[..., None]:
        def saved(*arguments: Any) -> None:
            try:
                save(*arguments)
            except NotSaved as error:  # told in the summary, which an error here would suppress
                self._not_saved = error

        return saved


def guarded(benchmarks: Any, config: pytest.Config) -> GuardedStorage:
    """Make the storage that takes the place of pytest-benchmark's."""
    partial = config.rootpath / RESULTS / "partial"
    path = config.option.benchmark_storage.removeprefix("file://")
    made = GuardedStorage(path, benchmarks.logger, benchmarks.machine_id, partial)
    made.keep_partial = config.option.keep_partial
    return made


def _is_other(item: pytest.Item) -> bool:
    """Whether a test is a benchmark, and none of Paceline's cells."""
    return "benchmark" in getattr(item, "fixturenames", ()) and not is_cell(item)


def drop_unfinished(benchmarks: Any) -> None:
    """Leave out what was interrupted before its first round ended: pytest-benchmark would fail over it at the end."""
    for benchmark in benchmarks.benchmarks:
        if not benchmark:
            benchmark.fixture.has_error = True


def drop_repeated(benchmarks: Any) -> None:
    """Let a cell that was measured again, as plugins do that run a failed test once more, stand once: by its last clean
    measurement.
    """
    cells = {
        one.fullname: one for one in benchmarks.benchmarks if not one.has_error and history.is_cell(one.extra_info)
    }
    benchmarks.benchmarks[:] = [one for one in benchmarks.benchmarks if cells.get(one.fullname, one) is one]


def why_incomplete(session: pytest.Session, exitstatus: int, *, slower: bool) -> str | None:
    """Return why this session's run must not enter a history; None if it may."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return "it was interrupted"
    if exitstatus != pytest.ExitCode.OK:
        return (
            f"{session.testsfailed} of its cells or tests failed"
            if session.testsfailed
            else f"exit status {exitstatus}"
        )
    if slower:
        return "it is slower than --benchmark-compare-fail allows, and would be the next run's baseline"
    return None


def measured(config: pytest.Config) -> tuple[history.Cell, ...]:
    """The cells that this session measured."""
    benchmarks = native(config).benchmarks
    return history.cells([bench.as_dict(include_data=True) for bench in benchmarks if not bench.has_error])


def show(reporter: pytest.TerminalReporter, cells: tuple[history.Cell, ...]) -> None:
    """Print the one table, strategy by strategy, and one for each further experiment."""
    if not cells:
        return
    from paceline.tables import runs
    from paceline.text import formats

    order = [strategy.name for strategy in STRATEGIES]
    reporter.ensure_newline()
    reporter.section("Paceline", sep="=")
    formats.render([*runs.headline(cells, order), *runs.other_experiments(cells, order)])
