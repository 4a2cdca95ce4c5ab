"""One pair: two new processes that take the rounds of the same cells in turns, A B B A, with one working at a time."""

import json
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, Literal

from paceline.ab.record import Taken, Which
from paceline.ab.sides import Side
from paceline.child import processes
from paceline.strategies import libraries

POLL_INTERVAL = 0.2  # seconds between two looks at whether the process is still there
LOG_LINES = 15  # of the end of what a side has printed
EXIT_TIMEOUT = 30.0  # seconds from a side's last word to its end
PACKAGE = "paceline_side"
SOCKET = "PACELINE_LOCKSTEP"
OPTIONS = ("-p", f"{PACKAGE}.lockstep", "-p", "no:paceline")
"""The entry point `paceline` of what is installed stays out: a side's own code may be from before there was one."""
REWRITTEN = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
PLUGINS = ("-p", "benchmark", "-p", "cacheprovider", "-o", "cache_dir={}", "-W", REWRITTEN)
"""
They hold whatever a project says: one that has pytest-benchmark switched off is measured with it all the same, and its
--lf, --ff or cache_dir meet a cache, which is empty. What it had switched off, pytest warns of when it is loaded.
"""


class SideFailed(Exception):  # noqa: N818 - it says what has happened
    """A side died, hung, or can't be asked."""


@dataclass(frozen=True, kw_only=True)
class PairSpec:
    """What both sides of a pair are told."""

    # "trial" to say which cells there are and look at each, "pair" to take rounds in turns, "profile" to run each cell
    # under a profiler
    kind: Literal["trial", "pair", "profile"]
    arguments: Sequence[str]  # pytest's
    # those that the cells are in, relative to pytest's root; empty for what the arguments choose
    files: Sequence[str] = ()
    order: Sequence[str] = ()  # full names of the cells, in the order to measure them
    # full name -> how its rounds are made, as `paceline.plugin.side.turns.Turns` reads it
    plan: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    instrument: str | None = None  # URL of the server both use; None without one
    core: int | None = None  # the CPU that both sides share for some cells; None for none
    pinned: Sequence[str] = ()  # the full names of those
    canary: int = 0  # rounds of the canary
    seed: int = 0  # of both sides, so that sets and dicts of strings fall out alike; and of what else is random
    timeout: float  # seconds without a word after which a side hangs
    plugin: Path  # the folder that the plugin's package lies in

    def message(self) -> dict[str, Any]:
        """Return what the plugin receives first."""
        told = {name: value for name, value in asdict(self).items() if name not in {"arguments", "timeout", "plugin"}}
        return {**told, "libraries": libraries()}


@dataclass
class SideProcess:
    """A side's pytest process, which works while it has the turn, and what it has sent so far."""

    side: Side
    process: subprocess.Popen[bytes]
    socket: socket.socket
    log: IO[bytes]
    timeout: float
    at: str | None = None  # the cell it is busy with; None before the first one
    # the cell and the number of the round before which it waits; None once it has ended
    turn: tuple[str, int] | None = None
    collected: dict[str, Any] = field(default_factory=dict)  # what it said it has; empty until then
    taken: dict[str, Taken] = field(default_factory=dict)  # full name -> what it measured
    facts: dict[str, Any] = field(default_factory=dict)  # full name -> what a trial found out, or a profile
    # full name -> outcome ("failed", "skipped", "xfailed") and why it measured nothing
    missed: dict[str, tuple[str, str]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)  # of all that it had loaded at its end: full name -> file
    _received: bytes = b""

    def send(self, what: Mapping[str, Any]) -> None:
        """Send one line; a side that is gone is found out by the next `receive`."""
        try:
            self.socket.sendall(json.dumps(what).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            return

    def run_round(self) -> None:
        """Hand over the turn, and wait until it comes back."""
        self.send({"say": "go"})
        self.receive()

    def leave(self) -> None:
        """Have it leave the cell that it waits in."""
        self.send({"say": "leave"})
        self.receive()

    def collect(self) -> Mapping[str, Any]:
        """Wait until it says which cells it has.

        Raises:
            SideFailed: if it can't, or runs beside a tracer.
        """
        self.receive()
        if not self.collected:
            raise SideFailed(f"{self.side} collected nothing{self.log_end()}")
        if self.collected["traced"]:
            raise SideFailed(self._refused(self.collected["traced"]))
        return self.collected

    def receive(self) -> None:
        """Wait until it gives the turn up, by a round, a trial or its end, and note what it sends until then.

        Raises:
            SideFailed: if it dies or hangs.
        """
        self.turn = None
        while (line := self._line()) is not None:
            if line["say"] == "round":
                self.turn = line["cell"], line["round"]
                return
            self._note(line)
            if line["say"] == "collected":
                return
        self._expect_end()

    def _note(self, line: Mapping[str, Any]) -> None:
        match line["say"]:
            case "begun":
                self.at = line["cell"]
            case "cell" if line.get("traced"):
                raise SideFailed(self._refused(line["traced"]))
            case "cell" if "rounds" in line:
                self.taken[line["cell"]] = Taken(rounds=tuple(line["rounds"]), counts=line["counts"])
            case "cell":
                self.facts[line["cell"]] = line.get("facts") or line
            case "missed":
                self.missed.setdefault(line["cell"], (line["outcome"], line["why"]))  # a tear-down may fail as well
            case "uncollected":
                self.missed[line["what"]] = "failed", f"collection: {line['why']}"
            case "collected":
                self.collected = dict(line)
            case "ending":
                self.modules = line["modules"]

    def _line(self) -> Any:
        """Return the next thing it says; None once it has closed its end or is gone."""
        deadline = time.monotonic() + self.timeout  # each word renews it: a side that talks doesn't hang
        with selectors.DefaultSelector() as said:
            said.register(self.socket, selectors.EVENT_READ)
            while b"\n" not in self._received:
                if said.select(POLL_INTERVAL):
                    if not (more := self._more()):
                        return None
                    self._received += more
                elif self.process.poll() is not None:
                    return None
                elif time.monotonic() > deadline:
                    advice = "leave that out by pytest's --deselect, or allow more by --timeout"
                    why = f"no word for {self.timeout:g} s; {advice}"
                    raise SideFailed(f"{self.side} hung {self.where()}: {why}{self.log_end()}")
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)

    def _more(self) -> bytes:
        try:
            return self.socket.recv(1 << 20)
        except ConnectionResetError:
            return b""

    def _expect_end(self) -> None:
        try:
            status = self.process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise SideFailed(f"{self.side} hung {self.where()}, on its way out{self.log_end()}") from None
        if status < 0:
            raise SideFailed(f"{self.side} was ended by signal {-status} {self.where()}{self.log_end()}")
        if status:
            words = self.log_end()
            raise SideFailed(f"{self.side} ended with status {status} {self.where()}{not_built(words)}{words}")

    def where(self) -> str:
        """Return which round it waits for, or which cell it is busy with, in words."""
        if self.turn:
            return f"before round {self.turn[1]} of {self.turn[0]}"
        return f"in {self.at}" if self.at else "before its first cell"

    def _refused(self, doubt: str) -> str:
        return f"{self.side} can't be compared: {doubt}; run both sides without that"

    def log_end(self) -> str:
        """Return the end of what it has printed, indented, or nothing."""
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()[-LOG_LINES:]
        return "".join(f"\n  | {line}" for line in lines)


def not_built(words: str) -> str:
    """Return what to do where a side says that it can't import something, as a project that is built to be imported."""
    if "ImportError" in words or "ModuleNotFoundError" in words:
        return "; what it can't import needs to be installed, or the project built: --install does both for revisions"
    return ""


@contextmanager
def started(side: Side, spec: PairSpec) -> Iterator[SideProcess]:
    """Start a side's process, which has the turn at once; none of its process tree is left afterwards, and no file."""
    ours, theirs = socket.socketpair()
    arguments = [*OPTIONS, *spec.arguments, *side.spec.options]
    with ours, TemporaryFile() as log, throw_away(side) as folder:
        command = [str(side.python), "-m", "pytest", *arguments, *(word.format(folder / "cache") for word in PLUGINS)]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - pytest, with what was asked for
                command,
                cwd=side.folder,
                env=environment(side, spec, theirs.fileno(), folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            started_process = SideProcess(side, process, ours, log, spec.timeout)
            started_process.send(spec.message())
            yield started_process
        finally:
            if process.poll() is None:
                processes.end_session(process.pid)
            process.wait()


@contextmanager
def throw_away(side: Side) -> Iterator[Path]:
    """Make a folder for all that a side's process leaves: one that is killed removes nothing itself.

    Its name is short, since sockets lie in it, whose paths have room for a hundred characters.
    """
    parent = side.environment.get("TMPDIR")
    within = side.folder / parent if parent else None
    with TemporaryDirectory(prefix="paceline-", dir=within, ignore_cleanup_errors=True) as folder:
        yield Path(folder).absolute()


def environment(side: Side, spec: PairSpec, number: int, folder: Path) -> dict[str, str]:
    """Return all variables of a side's process; `number` is that of its socket, `folder` is for its temporary files."""
    own = side.environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    outer = {name: value for name, value in os.environ.items() if name != "CODSPEED_ENV"}
    return {
        **outer,
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        "PYTHONHASHSEED": str(spec.seed),
        **side.environment,
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join([str(spec.plugin), *filter(None, [own])]),
        SOCKET: str(number),
    }


def run_pair(first: Side, second: Side, spec: PairSpec) -> dict[Which, SideProcess]:
    """Run one pair, the first side's process started and asked first; return both as they have ended.

    Raises:
        SideFailed: if a side dies or hangs.
    """
    with started(first, spec) as one, started(second, spec) as other:  # side by side, as far as before their first turn
        one.receive()
        other.receive()
        take_turns(one, other, spec.order)
    return {first.word: one, second.word: other}


def take_turns(one: SideProcess, other: SideProcess, order: Sequence[str]) -> None:
    """Hand the turn to one side and the other, A B B A, until both have ended; they leave a cell together."""
    places = {name: number for number, name in enumerate(order)}
    round_number = 0
    while one.turn or other.turn:
        if one.turn == other.turn:
            for process in (one, other) if round_number % 2 == 0 else (other, one):
                process.run_round()
            round_number += 1
        else:
            waiting = [(places.get(each.turn[0], -1), each) for each in (one, other) if each.turn]
            min(waiting, key=lambda each: each[0])[1].leave()
