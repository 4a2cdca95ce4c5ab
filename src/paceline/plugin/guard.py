"""
The guard between a session and its history: only a whole, clean run gets in, and what is compared with can be read.
"""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from pytest_benchmark.storage.file import FileStorage

from paceline import history, machine
from paceline.history import NotSaved
from paceline.history.schema import header
from paceline.history.storage import GuardedStorage
from paceline.plugin.session import RESULTS, cluster, native
from paceline.strategies import STRATEGIES

SCALE = ("items", "latency", "workers", "rounds", "lesson", "server", "client", "strategy", "all", "processes")


class Guard:
    """
    The hooks that save, refuse and show. It is registered before pytest-benchmark's configure hook runs.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._not_saved: NotSaved | None = None
        self._incomplete: str | None = None
        # held back until the guarded storage is there to load from
        self._compare, config.option.benchmark_compare = config.option.benchmark_compare, []

    def pytest_sessionstart(self) -> None:
        """
        Put the guarded storage in place, and load what is to be compared with.
        """
        benchmarks = native(self._config)
        if isinstance(benchmarks.storage, FileStorage):
            benchmarks.storage = guarded(benchmarks.storage, self._config)
        benchmarks.compare = self._config.option.benchmark_compare = self._compare
        benchmarks.handle_loading()
        refuse_empty_comparison(benchmarks)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """
        Let pytest-benchmark save, if what ran was whole and clean; fail the session if it could not be saved.
        """
        benchmarks = native(self._config)
        drop_unfinished(benchmarks)
        self._incomplete = why_incomplete(session, exitstatus, benchmarks)
        if isinstance(benchmarks.storage, GuardedStorage):
            if self._incomplete:
                benchmarks.storage.refuse(self._incomplete)
            benchmarks.storage.save = self._saving(benchmarks.storage.save)  # type: ignore[method-assign]
        yield
        if self._not_saved:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_benchmark_generate_machine_info(self) -> dict[str, Any]:
        """
        Say what decides the figures, and not whose machine it is.
        """
        scheme = cluster(self._config)
        return {**machine.stable_facts(), **({"cluster": scheme} if scheme else {})}

    def pytest_benchmark_update_json(self, config: pytest.Config, output_json: dict[str, Any]) -> None:
        """
        Add what a history needs to know of the run.
        """
        output_json["paceline"] = header(
            seed=config.option.seed,
            scale={name: getattr(config.option, name) for name in SCALE},
            complete=not self._incomplete,
            why_incomplete=self._incomplete,
            cluster=cluster(config),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Show the headline before pytest-benchmark's own tables.
        """
        if self._not_saved:
            terminalreporter.write_line(f"paceline: {self._not_saved}", red=True)
        show(terminalreporter, measured(self._config))

    def _saving(self, save: Callable[..., None]) -> Callable[..., None]:
        def saved(*arguments: Any) -> None:
            try:
                save(*arguments)
            except NotSaved as error:  # told in the summary, which an error here would suppress
                self._not_saved = error

        return saved


def guarded(storage: Any, config: pytest.Config) -> GuardedStorage:
    """
    Make the storage that takes the place of pytest-benchmark's.
    """
    partial = config.rootpath / RESULTS / "partial"
    made = GuardedStorage(storage.path, storage.logger, storage.default_machine_id, partial)
    made.keep_partial = config.option.keep_partial
    return made


def refuse_empty_comparison(benchmarks: Any) -> None:
    """
    Refuse `--benchmark-compare` and `--benchmark-compare-fail` where there is nothing to compare with.

    Raises:
        pytest.UsageError: saying where a run was looked for and how to make one.
    """
    if benchmarks.compare_fail and not benchmarks.compare:
        raise pytest.UsageError(
            "--benchmark-compare-fail needs --benchmark-compare, which names the run to compare with"
        )
    if benchmarks.compare and not benchmarks.compared_mapping:
        wanted = "a saved run" if benchmarks.compare is True else f"a saved run matching {benchmarks.compare!r}"
        raise pytest.UsageError(
            f"--benchmark-compare found nothing to compare with: no readable {wanted.removeprefix('a ')} in "
            f"{benchmarks.storage}; save one with: pytest --benchmark-only"
        )


def drop_unfinished(benchmarks: Any) -> None:
    """
    Leave out what was interrupted before its first round ended: pytest-benchmark would fail over it at the end.
    """
    for benchmark in benchmarks.benchmarks:
        if not benchmark:
            benchmark.fixture.has_error = True


def why_incomplete(session: pytest.Session, exitstatus: int, benchmarks: Any) -> str | None:
    """
    Say why this session's run must not enter a history; None if it may.
    """
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return "it was interrupted"
    if exitstatus != pytest.ExitCode.OK:
        return (
            f"{session.testsfailed} of its cells or tests failed"
            if session.testsfailed
            else f"exit status {exitstatus}"
        )
    if benchmarks.compare_fail and regressions(benchmarks):
        return "it is slower than --benchmark-compare-fail allows, and would be the next run's baseline"
    return None


def regressions(benchmarks: Any) -> list[Any]:
    """
    The regressions that pytest-benchmark will find, asked before it saves; it collects them anew afterwards.
    """
    list(benchmarks.prepare_benchmarks())
    found, benchmarks.performance_regressions = benchmarks.performance_regressions, []
    return list(found)


def measured(config: pytest.Config) -> tuple[history.Cell, ...]:
    """
    The cells that this session measured.
    """
    benchmarks = native(config).benchmarks
    return history.cells([bench.as_dict(include_data=True) for bench in benchmarks if not bench.has_error])


def show(reporter: pytest.TerminalReporter, cells: tuple[history.Cell, ...]) -> None:
    """
    Print the one table, strategy by strategy, and one for each further experiment.
    """
    if not cells:
        return
    from paceline.report import tables

    order = [strategy.name for strategy in STRATEGIES]
    reporter.ensure_newline()
    reporter.section("Paceline", sep="=")
    tables.render([*tables.headline(cells, order), *tables.other_experiments(cells, order)])
