"""
One side's pytest process: it works while it has the baton, and waits for it before each round.
"""

import json
import select
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from paceline.gate.record import Taken
from paceline.gate.sides import Side

LOOK = 0.2  # seconds between two looks at whether the process is still there
LAST_WORDS = 15  # lines
EXIT_PATIENCE = 30.0  # seconds from a side's last word to its end


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
class Player:
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
            if select.select([self.socket], [], [], LOOK)[0]:
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
            status = self.process.wait(EXIT_PATIENCE)
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
