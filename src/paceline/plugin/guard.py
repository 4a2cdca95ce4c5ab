"""The guard between a session and its history: it saves only a whole, clean run, and compares with readable ones."""

import contextlib
import shlex
import shutil
import sys
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.storage.file import FileStorage
from rich.console import Group, RenderableType
from rich.text import Text

from paceline import history, machine
from paceline.history import Cell, NotSaved, documents, reading
from paceline.history.storage import GuardedStorage, from_here
from paceline.history.store import PARTIAL, RESULTS
from paceline.plugin import choices, comparing, ours
from paceline.plugin.ours import is_benchmark, is_cell
from paceline.plugin.session import (
    MEASURES_CELLS,
    cluster,
    fingerprint,
    in_project,
    measures,
    native,
    refuse_unwritable_folders,
    stand_back,
    take_over,
)
from paceline.strategies import STRATEGIES, libraries
from paceline.tables import choice, runs
from paceline.text import formats
from paceline.text.formats import plain

SCALE = ("items", "latency", "workers", "rounds", "lesson", "server", "client", "strategy", "all", "processes")

NOTHING = "Nothing is measured, and so nothing saved: {}."


class Guard:
    """The hooks that save, refuse and show, registered before pytest-benchmark's configure hook runs."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._ours = False  # whether the session measures cells
        self._not_saved: str | None = None
        self._outcomes: list[str] = []  # what became of the run, until it is told
        self._began = self._interrupted = False
        self._incomplete: str | None = None
        self._slower: list[str] = []
        # held back until the guarded storage is there to load from
        self._compare, config.option.benchmark_compare = config.option.benchmark_compare, []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Save and compare what a session with cells measures; one without is left to pytest-benchmark."""
        cells = any(map(is_cell, session.items))
        self._ours = cells and measures(self._config)
        if self._ours:
            take_over(self._config)
            self._guard(session)
            self._progress_in_one_row()
        elif not cells:
            stand_back(self._config, self._compare)
        elif not self._config.stash[MEASURES_CELLS]:  # with pytest-xdist, it would warn that cells aren't timed
            others = (is_benchmark(item) and not is_cell(item) for item in session.items)
            native(self._config).xdist_benchmark_found &= any(others)

    def _guard(self, session: pytest.Session) -> None:
        benchmarks, options = native(self._config), self._config.option
        if isinstance(benchmarks.storage, FileStorage):
            path, partial = options.benchmark_storage.removeprefix("file://"), self._config.rootpath / RESULTS / PARTIAL
            benchmarks.storage = GuardedStorage(path, benchmarks.logger, benchmarks.machine_id, partial)
            benchmarks.storage.keep_partial = bool(choices.option(self._config, "keep_partial"))
            benchmarks.storage.report = self._outcomes.append
        try:
            refuse_unwritable_folders(self._config)
            comparing.load(benchmarks, self._compare)
            comparing.check(session)
        except pytest.UsageError:
            benchmarks.save = benchmarks.autosave = benchmarks.json = None  # it would warn that nothing is saved
            raise

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Note that everything is collected: pytest finishes a collection after Ctrl-C too."""
        self._began = True

    def _progress_in_one_row(self) -> None:
        """Leave out the names of files in a pipe: cells are shuffled, and nearly each would begin a line of its own."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(terminal, pytest.TerminalReporter) and not terminal.isatty():
            terminal.showfspath = False

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """Report what the cells are measured with, and which of them are compared with nothing."""
        if not self._ours:
            return []
        options, seed = self._config.option, choices.option(self._config, "seed")
        header = f"paceline: {fingerprint(self._config)}, --paceline-seed {seed}, storage {options.benchmark_storage}"
        return [*([header] if options.verbose >= 0 else []), *comparing.note(self._config, items)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Let pytest-benchmark save a whole and clean run; fail a session that can't be saved, or is too slow."""
        if not self._ours:
            return (yield)
        benchmarks = native(self._config)
        drop_unclean(benchmarks)
        self._slower, benchmarks.compare_fail = comparing.regressions(benchmarks), []  # it would end in a traceback
        self._incomplete = why_incomplete(session, exitstatus, slower=bool(self._slower))
        if isinstance(benchmarks.storage, GuardedStorage):
            if self._incomplete:
                benchmarks.storage.refuse(self._incomplete)
            benchmarks.handle_saving = partial(self._save, benchmarks.handle_saving)
        yield
        for outcome in self._outcomes:  # no summary has told it
            benchmarks.storage.log(outcome)
        if self._interrupted:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        if self._slower:  # last, where one looks for the reason first
            benchmarks.logger.error("\n  ".join(["Slower than --benchmark-compare-fail allows:", *self._slower]))
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
        """Return the measured project's commit, not that of where pytest was started."""
        with in_project(self._config) if self._ours else contextlib.nullcontext():
            return (yield)

    def pytest_benchmark_update_json(self, config: pytest.Config, output_json: dict[str, Any]) -> None:
        """Add what a history needs to know about the run."""
        if not self._ours:
            return
        output_json["paceline"] = reading.header(
            seed=choices.option(config, "seed"),
            scale={name: choices.option(config, name) for name in SCALE},
            complete=not self._incomplete,
            why_incomplete=self._incomplete,
            cluster=cluster(config),
        )

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode
    ) -> Generator[None, None, None]:
        """Show the answer below pytest-benchmark's own tables, and below it what became of the run."""
        try:
            yield
        finally:
            if unwritten := ours.note(self._config):
                terminalreporter.write_line(f"paceline: {unwritten}", red=True)
            if self._ours:
                self._show(terminalreporter)
            elif exitstatus == pytest.ExitCode.INTERRUPTED and not self._began and measures(self._config):
                terminalreporter.write_line(NOTHING.format("it was interrupted"))

    def _show(self, terminal: pytest.TerminalReporter) -> None:
        benchmarks, wrong = native(self._config).benchmarks, [self._not_saved] if self._not_saved else []
        try:
            cells = history.cells([each.as_dict(include_data=True) for each in benchmarks if not each.has_error])
        except history.UnreadableRun as unfit:
            cells, wrong = (), [f"no table can be made of {unfit}", *wrong]
        told = [*self._outcomes, *self._more()]
        if cells or wrong or told:
            terminal.ensure_newline()
            terminal.section("Paceline", sep="=")
            formats.render(self._answer(cells))
            terminal.write_line("")
        for line in wrong:
            terminal.write_line(f"paceline: {line}", red=True)
        for line in told:
            terminal.write_line(plain(line))
        self._outcomes.clear()

    def _answer(self, cells: tuple[Cell, ...]) -> list[RenderableType]:
        """Lay out the headline and a line for each kind of work, below the experiments that no command will show."""
        order = [strategy.name for strategy in STRATEGIES]
        headline = runs.headline(cells, order)
        shown_elsewhere = headline and self._saved and self._config.option.verbose <= 0
        others = [] if shown_elsewhere else runs.other_experiments(cells, order)
        lines = choice.in_lines(cells, order, gil=machine.has_gil())
        answer = [Group(*(Text(line, style="bold") for line in lines))] if lines else []
        return [*others, *headline, *answer]

    @property
    def _saved(self) -> Path | None:
        """The run in the history; None if none of this session is there."""
        storage = native(self._config).storage
        return storage.saved if isinstance(storage, GuardedStorage) and not storage.refused else None

    def _more(self) -> list[str]:
        """Say what shows all of a saved run."""
        if not self._saved:
            return []
        if why := documents.unread():
            return [f"It is shown by another Python: {why}"]
        where = native(self._config).storage.where
        compare, report, every = map(_typed, ("paceline", "paceline", "pytest-benchmark"))
        return [
            f"All experiments: {compare} compare{where}; the page: {report} report{where}",
            f"All columns of the tables above: {every} compare {shlex.quote(from_here(self._saved))}",
        ]

    def _save(self, save: Callable[[], None]) -> None:
        benchmarks = native(self._config)
        try:
            save()
        except NotSaved as error:  # told in the summary, which an error here would suppress
            self._not_saved = str(error)
        except KeyboardInterrupt:
            self._interrupted, saved = True, benchmarks.storage.saved
            self._outcomes[:] = [f"Interrupted, but saved: {from_here(saved)}" if saved else "Interrupted: not saved"]
        if self._incomplete and not benchmarks.benchmarks and (benchmarks.save or benchmarks.autosave):
            self._outcomes.append(NOTHING.format(self._incomplete))


def _typed(command: str) -> str:
    """Return what to type for a command that is installed beside this Python."""
    own = Path(sys.executable).with_name(command)
    return command if shutil.which(command) == str(own) or not own.exists() else from_here(own)


def drop_unclean(benchmarks: Any) -> None:
    """Keep the last clean measurement of a cell that was measured again, as plugins do that rerun a failed test."""
    for each in benchmarks.benchmarks:
        if not each:  # interrupted before its first round ended: pytest-benchmark would fail at it
            each.fixture.has_error = True
    clean = [each for each in benchmarks.benchmarks if not each.has_error and history.is_cell(each.extra_info)]
    last = {each.fullname: each for each in clean}
    benchmarks.benchmarks[:] = [each for each in benchmarks.benchmarks if last.get(each.fullname, each) is each]


def why_incomplete(session: pytest.Session, exitstatus: int, *, slower: bool) -> str | None:
    """Return why this session's run must not enter a history; None if it may."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return "it was interrupted"
    if exitstatus != pytest.ExitCode.OK:
        failed = session.testsfailed
        return f"{failed} of its cells or tests failed" if failed else f"exit status {exitstatus}"
    if slower:
        return "it is slower than --benchmark-compare-fail allows, and would be the next run's baseline"
    return None
