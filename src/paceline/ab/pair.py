"""
One pair: two new processes that take the rounds of the same cells in turns, A B B A, with one working at a time.
"""

import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

from paceline import family
from paceline.ab.record import Taken
from paceline.ab.sides import Side

POLL_INTERVAL = 0.2  # seconds between two looks at whether the process is still there
LAST_WORDS = 15  # lines
EXIT_TIMEOUT = 30.0  # seconds from a side's last word to its end


class SideFailed(Exception):  # noqa: N818 - it says what has happened
    """
    A side died, hung, failed, or measured something else than the other one.
    """


def traced(side: Side, doubt: str) -> str:
    """
    Say that a side runs beside a tracer, and what to do.
    """
    who = f"the {side.word} ({side.wanted.typed})"
    return f"{who} can't be compared: {doubt}; run both sides without that (pytest-cov's is off with --no-cov)"


@dataclass
class SideProcess:
    """
    A side's process and what it has told so far.

    Attributes:
        at: the cell it is busy with; None before the first one.
        turn: the cell and the number of the round that it waits for the baton for; None once it has ended.
        taken: full name -> what it measured.
        missed: full name -> why it measured nothing.
        collected: what it said it has, where it was only asked for that.
        modules: of all that it had loaded at its end: full name -> file.
    """

    side: Side
    process: subprocess.Popen[bytes]
    socket: socket.socket
    log: IO[bytes]
    timeout: float
    at: str | None = None
    turn: tuple[str, int] | None = None
    taken: dict[str, Taken] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    collected: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    _heard: bytes = b""

    def tell(self, what: Mapping[str, Any]) -> None:
        """
        Send one line; a side that is gone is found out by the next `listen`.
        """
        try:
            self.socket.sendall(json.dumps(what).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            return

    def take_round(self) -> None:
        """
        Hand the baton over, and wait until it comes back.
        """
        self.tell({"say": "go"})
        self.listen()

    def listen(self) -> None:
        """
        Wait until this side gives the baton up, before a round or by ending; note what it tells until then.

        Raises:
            SideFailed: if it dies or hangs.
        """
        self.turn = None
        while (line := self._line()) is not None:
            if line["say"] == "round":
                self.turn = line["cell"], line["round"]
                return
            self._note(line)
        self._expect_end()

    def _note(self, line: Mapping[str, Any]) -> None:
        match line["say"]:
            case "begun":
                self.at = line["cell"]
            case "cell" if line.get("traced"):
                raise SideFailed(traced(self.side, line["traced"]))
            case "cell":
                self.taken[line["cell"]] = Taken(rounds=tuple(line["rounds"]), counts=line["counts"])
            case "missed" if line["outcome"] == "skipped":
                self.missed[line["cell"]] = line["why"]
            case "missed":
                raise SideFailed(f"{self._who()} failed in {line['cell']}, {line['why']}{self.last_words()}")
            case "collected":
                self.collected = dict(line)
            case "ending":
                self.modules = line["modules"]

    def _line(self) -> Any:
        """
        Give the next thing it says; None once it has closed its end or is gone.
        """
        deadline = time.monotonic() + self.timeout  # each word renews it: a side that talks doesn't hang
        while b"\n" not in self._heard:
            if select.select([self.socket], [], [], POLL_INTERVAL)[0]:
                if not (more := self._receive()):
                    return None
                self._heard += more
            elif self.process.poll() is not None:
                return None
            elif time.monotonic() > deadline:
                raise SideFailed(
                    f"{self._who()} hung {self.where()}: no word for {self.timeout:g} s{self.last_words()}"
                )
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(1 << 20)
        except ConnectionResetError:
            return b""

    def _expect_end(self) -> None:
        try:
            status = self.process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise SideFailed(f"{self._who()} hung {self.where()}, on its way out{self.last_words()}") from None
        if status < 0:
            raise SideFailed(f"{self._who()} was ended by signal {-status} {self.where()}{self.last_words()}")
        if status:
            raise SideFailed(f"{self._who()} ended with status {status} {self.where()}{self.last_words()}")

    def where(self) -> str:
        """
        Say which round it waits for, or which cell it is busy with.
        """
        if self.turn:
            return f"before round {self.turn[1]} of {self.turn[0]}"
        return f"in {self.at}" if self.at else "before its first cell"

    def _who(self) -> str:
        return f"the {self.side.word} ({self.side.wanted.typed})"

    def last_words(self) -> str:
        """
        Give the end of what it has printed, indented, or nothing.
        """
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()[-LAST_WORDS:]
        return "".join(f"\n  | {line}" for line in lines)


PLUGIN = "paceline_lockstep"
SOCKET = "PACELINE_LOCKSTEP"
OPTIONS = ("--benchmark-only", "-p", PLUGIN)
LAST = ("-p", "benchmark", "-p", "cacheprovider", "-o", "cache_dir={}")
"""
They hold whatever a project says: one that has pytest-benchmark switched off is measured with it all the same, and its
--lf, --ff or cache_dir meet a cache, which is empty.
"""


@dataclass(frozen=True)
class PairSpec:
    """
    What both sides of a pair are told.

    Args:
        arguments: pytest's.
        order: full names of the cells, in the order to measure them.
        instrument: URL of the server both use; None if they start their own.
        core: the CPU that both sides share for some cells; None for none.
        one_core: the full names of those.
        canary: rounds of the canary.
        hash_seed: of both sides, so that sets and dicts of strings fall out alike.
        timeout: seconds without a word after which a side hangs.
        plugin: the folder of the lockstep plugin.
    """

    arguments: Sequence[str]
    order: Sequence[str] | None
    instrument: str | None
    core: int | None
    one_core: Sequence[str]
    canary: int
    hash_seed: int
    timeout: float
    plugin: Path

    def told(self) -> dict[str, Any]:
        """
        What the lockstep plugin is told first.
        """
        return {
            "order": self.order,
            "instrument": self.instrument,
            "core": self.core,
            "one_core": self.one_core,
            "canary": self.canary,
        }


@contextmanager
def started(side: Side, wish: PairSpec, *more: str) -> Iterator[SideProcess]:
    """
    Start a side's process, which has the baton at once; nobody of its family is left afterwards, and no file of theirs.

    Args:
        side: what to run.
        wish: what it is told.
        more: further arguments for pytest.
    """
    ours, theirs = socket.socketpair()
    arguments = [*OPTIONS, *wish.arguments, *more, *side.wanted.options]
    with ours, TemporaryFile() as log, throw_away(side) as folder:
        command = [str(side.python), "-m", "pytest", *arguments, *(word.format(folder / "cache") for word in LAST)]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - pytest, with what was asked for
                command,
                cwd=side.folder,
                env=environment(side, wish, theirs.fileno(), folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            player = SideProcess(side, process, ours, log, wish.timeout)
            player.tell(wish.told())
            yield player
        finally:
            if process.poll() is None:
                family.end(process.pid)
            process.wait()


@contextmanager
def throw_away(side: Side) -> Iterator[Path]:
    """
    Make a folder for all that a side's process leaves: one that is killed removes nothing itself.

    Its name is short, since sockets lie in it, whose paths have room for a hundred characters.
    """
    parent = side.environment.get("TMPDIR")
    within = side.folder / parent if parent else None
    with TemporaryDirectory(prefix="paceline-", dir=within, ignore_cleanup_errors=True) as folder:
        yield Path(folder).absolute()


def environment(side: Side, wish: PairSpec, number: int, folder: Path) -> dict[str, str]:
    """
    Give all variables of a side's process.

    Args:
        side: what to run.
        wish: what it is told.
        number: of the socket to whoever leads.
        folder: for its temporary files.
    """
    own = side.environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    return {
        **os.environ,
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        **side.environment,
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join([str(wish.plugin), *filter(None, [own])]),
        "PYTHONHASHSEED": str(wish.hash_seed),
        SOCKET: str(number),
    }


@dataclass(frozen=True)
class PairResult:
    """
    What a pair gave.

    Args:
        taken: of the side that was started first, and of the other: full name -> what it measured.
        modules: the same for what they had loaded at their ends: full name -> file.
        skipped: full name -> why both sides skipped it.
        seconds: from the first start to the last exit.
    """

    taken: tuple[Mapping[str, Taken], Mapping[str, Taken]]
    modules: tuple[Mapping[str, str], Mapping[str, str]]
    skipped: Mapping[str, str]
    seconds: float


def look(side: Side, wish: PairSpec) -> dict[str, Any]:
    """
    ComparisonSpec a side which cells it has and what it runs on.

    Raises:
        SideFailed: if it can't say, or runs beside a tracer.
    """
    with started(side, wish, "--collect-only", "-q") as player:
        player.listen()
        if not player.collected:
            raise SideFailed(f"the {side.word} ({side.wanted.typed}) collected nothing{player.last_words()}")
        if player.collected["traced"]:
            raise SideFailed(traced(side, player.collected["traced"]))
        return player.collected


def play(first: Side, second: Side, wish: PairSpec) -> PairResult:
    """
    Run one pair.

    Raises:
        SideFailed: if a side dies, hangs, fails, or does not do the same as the other.
    """
    begun = time.monotonic()
    with started(first, wish) as one:
        one.listen()
        with started(second, wish) as other:
            other.listen()
            turn = 0
            while agreed(one, other):
                order = (one, other) if turn % 2 == 0 else (other, one)
                for player in order:
                    player.take_round()
                turn += 1
    modules = (one.modules, other.modules)
    return PairResult((one.taken, other.taken), modules, same_skips(one, other), time.monotonic() - begun)


def agreed(one: SideProcess, other: SideProcess) -> bool:
    """
    Whether both wait for the same round of the same cell; False once both have ended.

    Raises:
        SideFailed: if they don't, saying which cell one of them left out, and why.
    """
    if one.turn == other.turn:
        return one.turn is not None
    same_skips(one, other)
    cells = [player.where() if player.turn else "at its end" for player in (one, other)]
    raise SideFailed(
        f"the sides don't do the same: the {one.side.word} is {cells[0]}, the {other.side.word} {cells[1]}; "
        "give both the same cells and the same --rounds"
    )


def same_skips(one: SideProcess, other: SideProcess) -> Mapping[str, str]:
    """
    Give what both have skipped.

    Raises:
        SideFailed: if only one has, naming the cell and the reason.
    """
    for player, beside in ((one, other), (other, one)):
        for cell in player.missed.keys() - beside.missed.keys():
            raise SideFailed(
                f"the {player.side.word} skipped {cell}, which the {beside.side.word} measures: {player.missed[cell]}"
            )
    return one.missed
