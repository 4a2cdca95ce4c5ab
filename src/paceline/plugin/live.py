"""The line at a terminal that says how far a measuring session is: which cell, which round, how long it will take.

Nothing redraws it between two calls, so no thread wakes up in the middle of a round.
"""

import os
import sys
import time
from collections.abc import Generator
from functools import partial

import pytest

from paceline.measuring.rounds import Tell, untold
from paceline.plugin.audience import wanted
from paceline.plugin.expectation import Expectation, remembered
from paceline.plugin.ours import is_cell
from paceline.plugin.row import Row
from paceline.plugin.session import native
from paceline.plugin.wording import sentence

NAME = "paceline-live"
CALM = 0.5  # seconds


def begin(config: pytest.Config) -> None:
    """Show the line in this session, if there is anybody to see it; called while pytest captures nothing."""
    if not wanted(config):
        return
    try:
        descriptor = os.dup(sys.stdout.fileno())  # of the terminal: during a cell, pytest puts a file in its place
    except OSError:  # something that only says it is a terminal
        return
    row = Row(descriptor, config.get_terminal_writer())
    config.add_cleanup(row.close)
    config.pluginmanager.register(Live(config, row), NAME)


def teller(config: pytest.Config, count: int) -> Tell:
    """Return what a cell tells of its `count` rounds to."""
    line = config.pluginmanager.get_plugin(NAME)
    return partial(line.round, count) if isinstance(line, Live) else untold


def is_skipped(item: pytest.Item, *, only: bool) -> bool:
    """Whether it is known before that an item will not run, as a strategy that this Python doesn't have.

    Args:
        item: the item.
        only: whether benchmarks are all that the session runs.
    """
    benchmark = "benchmark" in getattr(item, "fixturenames", ())
    return item.get_closest_marker("skip") is not None or (only and not benchmark)


class Live:
    """The hooks between which the line stands: it is written when a cell begins, and erased before pytest writes."""

    def __init__(self, config: pytest.Config, row: Row) -> None:
        self._config, self._row = config, row
        self._places: dict[str, int] = {}
        self._expectation = Expectation({})
        self._cell = ""
        self._begun = self._written = 0.0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take down which cells come, in order, and what they took before; a session without a cell has no line."""
        if not any(map(is_cell, session.items)):
            self._row.close()
        benchmarks = native(self._config)
        self._places = {item.nodeid: place for place, item in enumerate(session.items)}
        idle = {item.nodeid: 0.0 for item in session.items if is_skipped(item, only=benchmarks.only)}
        self._expectation = Expectation({**remembered(benchmarks.storage), **idle})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Show which cell it is, right after pytest has written something: the terminal is awake anyway."""
        self._cell, self._begun = item.nodeid, time.monotonic()
        self._show("")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Count a cell's time from here, as `pytest_runtest_logreport` is told it: the server's start is no cell's."""
        self._begun = time.monotonic()

    def round(self, count: int, number: int) -> None:
        """Show which round it is. It comes in the untimed setup, right before the round."""
        # a line written now wakes up the terminal's program, perhaps on a core that the round wants: of many short
        # rounds it may meet one, and of long ones what it takes is no part to speak of
        if time.monotonic() - self._written >= CALM:
            self._show(f"round {number} of {count}" if number else "warm-up")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Make way for a result, and take down how long it took. A setup that passed is no result, nothing is
        written.
        """
        if report.when == "call" and report.passed:
            self._expectation.now[report.nodeid] = report.duration
        if report.when != "setup" or not report.passed:
            self._row.erase()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Leave nothing behind."""
        self._row.erase()
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Make way at once: stopping what a session started takes a while."""
        self._row.erase()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self) -> None:
        """Make way for its description."""
        self._row.erase()

    def pytest_enter_pdb(self) -> None:
        """Leave the terminal to whoever debugs, for good."""
        self._row.erase()
        self._row.close()

    def _show(self, rounds: str) -> None:
        place = self._places.get(self._cell)
        if place is None:  # added by a plugin when all were counted
            return
        self._written = time.monotonic()
        left = self._expectation.left(list(self._places)[place:], self._written - self._begun)
        cell, name = f"cell {place + 1} of {len(self._places)}", self._cell.partition("::")[2]
        self._row.show(sentence(cell, name, rounds, left, self._row.room))
