"""The line at a terminal that says which cell is measured and how long is left, until pytest writes its result."""

import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence

import pytest

from paceline import history
from paceline.history.storage import GuardedStorage
from paceline.plugin.ours import is_cell, is_skipped
from paceline.plugin.session import measures, native
from paceline.text.formats import duration, plain

SHORTEST = 12  # characters of a cell's name that still say something
BELOW = "\x1bD\x1b[A"  # IND and CUU: from now on there is a row below, in the last line too; the column stays
THERE, BACK = "\x1b7\r\n", "\x1b8"  # DECSC, then to the start of that row; DECRC
ERASE = "\x1b[J"  # ED: from the cursor to the end of the screen


def begin(config: pytest.Config) -> None:
    """Show the line in a session that measures, on a terminal that only pytest's reporter writes to during a cell."""
    if measures(config) and not config.option.collectonly and _can_go_back() and not _is_shared(config):
        config.pluginmanager.register(Progress(config), "paceline-progress")


def _can_go_back() -> bool:
    dumb = os.environ.get("TERM", "") in {"", "dumb", "unknown"}
    ci = any(map(os.environ.get, ("CI", "BUILD_NUMBER")))  # as pytest decides
    return sys.stdout.isatty() and not dumb and not ci


def _is_shared(config: pytest.Config) -> bool:
    options, plugins = config.option, config.pluginmanager
    if type(plugins.get_plugin("terminalreporter")) is not pytest.TerminalReporter:
        return True
    logs = plugins.has_plugin("logging") and (options.log_cli_level or config.getini("log_cli"))
    captured = config.getoption("capture", "no") == "fd"  # "sys" doesn't hold back what a cell's processes print
    return bool(not captured or config.getoption("setupshow", default=False) or logs or options.benchmark_verbose)


class Progress:
    """The hooks between which the line stands, below the row that pytest writes in: from a cell's start to its result.

    Nothing is written while the cell is measured, as that would wake up the terminal's program in a round.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._names: list[str] = []
        self._before: dict[str, float] = {}
        self._now: dict[str, float] = {}
        self._shown = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which cells come, in order, and what they took before; a session without a cell has no line."""
        if any(map(is_cell, session.items)):
            benchmarks = native(self._config)
            self._names = [item.nodeid for item in session.items]
            self._before = remembered(benchmarks.storage)
            self._before |= {item.nodeid: 0.0 for item in session.items if is_skipped(item, only=benchmarks.only)}

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which cell it is, right after pytest has written: the terminal is awake anyway."""
        columns = shutil.get_terminal_size().columns
        written = self._config.get_terminal_writer().width_of_current_line
        if nodeid not in self._names or (written and written % columns == 0):
            return  # a plugin has added it; or there is no way back to the place right of a full row
        place = self._names.index(nodeid)
        left = time_left(self._names[place:], self._before, self._now)
        cell, name = f"cell {place + 1} of {len(self._names)}", nodeid.partition("::")[2]
        self._write(f"{BELOW}{THERE}{ERASE}{sentence(cell, name, left, columns - 1)}{BACK}")
        self._shown = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how long a cell took, and make way for its result; pytest writes none for a setup that passed."""
        if report.when == "call" and report.passed:
            self._now[report.nodeid] = report.duration
        if report.when != "setup" or not report.passed:
            self._erase()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Make way at once: stopping what a session started takes a while."""
        self._erase()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self) -> None:
        """Make way for a traceback."""
        self._erase()

    def _erase(self) -> None:
        if self._shown:
            self._shown = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        sys.stdout.write(text)  # the terminal: pytest captures only within the phases of a test
        sys.stdout.flush()


def sentence(cell: str, name: str, left: float | None, room: int) -> str:
    """Format "cell 12 of 92, test_waiting[threads], about 1 min 10 s left", in ASCII and up to `room` columns.

    The name is the first to be shortened; `left` is None if unknown.
    """
    time_left = "" if left is None else f"about {duration(left)} left"
    name = plain(name).encode("ascii", "backslashreplace").decode()
    fits = room - len(", ".join(filter(None, [cell, time_left]))) - len(", ")
    if len(name) > fits:
        name = f"{name[: fits - 3]}..." if fits >= SHORTEST else ""
    return ", ".join(filter(None, [cell, name, time_left]))[: max(room, 0)]


def time_left(waiting: Sequence[str], before: Mapping[str, float], now: Mapping[str, float]) -> float | None:
    """Estimate the seconds until all waiting cells are measured; None if unknown, as nothing has been measured.

    `before` and `now` are the seconds that cells took in a saved run and in this session. Cells in both tell how much
    longer this session's take than the saved run says, which knows neither warm-up rounds nor setups.
    """
    both = before.keys() & now.keys()
    saved = math.fsum(before[name] for name in both)
    pace = math.fsum(now[name] for name in both) / saved if saved else 1.0
    known = [before[name] for name in waiting if name in before]
    unknown = len(waiting) - len(known)
    if unknown and not now:
        return None
    return math.fsum(known) * pace + (unknown * math.fsum(now.values()) / len(now) if unknown else 0.0)


def remembered(storage: object) -> dict[str, float]:
    """Return the seconds that each cell took, with start and stop, in the newest complete run of a session's history.

    Nothing if no run can be read: an estimate is no reason to stop a session, and a comparison says what is wrong.
    """
    if not isinstance(storage, GuardedStorage):
        return {}
    try:
        run = history.newest_in(storage.home, lambda run: bool(run.cells), lambda _: None)
    except (history.HistoryError, OSError):
        return {}
    return {
        cell.fullname: math.fsum([*cell.rounds, cell.start_seconds or 0.0, cell.stop_seconds or 0.0])
        for cell in (run.cells if run else ())
    }
