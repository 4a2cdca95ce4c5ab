"""The line that says how far a session is: cell by cell, and the time that is left."""

import math
import os
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import pytest

from paceline import history
from paceline.history.storage import GuardedStorage
from paceline.measuring.rounds import Progress, no_progress
from paceline.plugin.ours import is_cell
from paceline.plugin.session import native, wanted
from paceline.text.formats import duration, plain

_SHORTEST = 12  # signs of a cell's name that still say something
_DOTS = "..."


def sentence(cell: str, name: str, rounds: str, left: float | None, room: int) -> str:
    """Put the line together, in ASCII: "cell 12 of 92, test_waiting[threads], round 2 of 5, about 1 min 10 s left".

    Args:
        cell: which one of how many.
        name: its name, the first to be shortened.
        rounds: which one of how many; "" if nobody knows.
        left: seconds; None if nobody knows.
        room: signs that it may have.
    """
    time_left = "" if left is None else f"about {duration(left)} left"
    name = plain(name).encode("ascii", "backslashreplace").decode()
    fits = room - len(", ".join(filter(None, [cell, rounds, time_left]))) - len(", ")
    if len(name) > fits:
        name = name[: fits - len(_DOTS)] + _DOTS if fits >= _SHORTEST else ""
    return ", ".join(filter(None, [cell, name, rounds, time_left]))[: max(room, 0)]


@dataclass(frozen=True)
class Expectation:
    """What is known of the time that cells take, in seconds by the cells' full names.

    Args:
        before: of a saved run.
        now: of the cells that this session has measured so far; it grows.
    """

    before: Mapping[str, float]
    now: dict[str, float] = field(default_factory=dict)

    @property
    def pace(self) -> float:
        """How much longer this session's cells take than the saved run says; 1 as long as nothing can be compared. The
        saved run doesn't know the warm-up round and the setups either: this is where they come in.
        """
        both = [name for name in self.now if name in self.before]
        told = math.fsum(self.before[name] for name in both)
        return math.fsum(self.now[name] for name in both) / told if told else 1.0

    def left(self, waiting: Sequence[str], spent: float) -> float | None:
        """Estimate the seconds until the last cell is measured.

        Args:
            waiting: the cells that are not measured yet; the first is being measured.
            spent: seconds on that one so far.

        Returns:
            Seconds; None if a cell waits of which nothing is known, and no other has been measured.
        """
        known = [self.before[name] for name in waiting if name in self.before]
        unknown = len(waiting) - len(known)
        if unknown and not self.now:
            return None
        pace, mean = self.pace, math.fsum(self.now.values()) / len(self.now) if unknown else 0.0
        first = self.before[waiting[0]] * pace if waiting[0] in self.before else mean
        return math.fsum(known) * pace + unknown * mean - min(first, spent)


def remembered(storage: Any) -> dict[str, float]:
    """Read what each cell took in the newest complete run of a session's own history: start, rounds and stop, seconds.

    Nothing if there is none or it can't be read: an estimate is no reason to stop a session, and whoever asks for a
    saved run is told what is wrong with it.
    """
    if not isinstance(storage, GuardedStorage):
        return {}
    try:
        run = history.newest_in(storage.home, lambda run: bool(run.cells), lambda _: None)
    except (history.HistoryError, OSError):
        return {}
    return {cell.fullname: _seconds(cell) for cell in run.cells} if run else {}


def _seconds(cell: history.Cell) -> float:
    return math.fsum([*cell.rounds, cell.start_seconds or 0.0, cell.stop_seconds or 0.0])


WIDTH = 80  # columns, if the terminal doesn't know

_BELOW = "\x1bD\x1b[A"  # IND and CUU: from now on there is a row below, in the last line too; the column stays
_THERE, _BACK = "\x1b7\r\n", "\x1b8"  # DECSC, then to the start of that row; DECRC
_ERASE = "\x1b[J"  # ED: from the cursor to the end of the screen


class Writer(Protocol):
    """What pytest writes with."""

    @property
    def width_of_current_line(self) -> int:
        """Columns written since the last line break."""


class Row:
    """The row.

    Args:
        descriptor: the terminal's, which becomes the row's own.
        writer: what everything else is written with.
    """

    def __init__(self, descriptor: int, writer: Writer) -> None:
        self._descriptor: int | None = descriptor
        self._writer = writer
        self._shown = False

    @property
    def room(self) -> int:
        """Columns that may be written: all but the last, after which a terminal would go on to the next row."""
        return self._columns() - 1

    def show(self, text: str) -> None:
        """Write a text in place of the last one; it has no more signs than there is room, each one column wide.

        Where pytest has filled its own row to the last column, there is no way back to the place right of it: then
        nothing is shown.
        """
        written = self._writer.width_of_current_line
        if written and written % self._columns() == 0:
            self.erase()
            return
        self._shown = True
        self._write(f"{_BELOW}{_THERE}{_ERASE}{text}{_BACK}")

    def erase(self) -> None:
        """Take the text away, before anybody else writes."""
        if self._shown:
            self._shown = False
            self._write(_ERASE)

    def close(self) -> None:
        """Let the terminal go; nothing is written from then on."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or WIDTH if self._descriptor is not None else WIDTH
        except OSError:
            return WIDTH

    def _write(self, text: str) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, text.encode("ascii"))
        except OSError:  # the terminal is gone, and with it whoever would have read this; no cell fails for that
            self.close()


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


def teller(config: pytest.Config, count: int) -> Progress:
    """Return what a cell tells of its `count` rounds to."""
    line = config.pluginmanager.get_plugin(NAME)
    return partial(line.round, count) if isinstance(line, Live) else no_progress


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
