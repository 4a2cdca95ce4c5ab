"""
The start of a side's process, and its end.
"""

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from paceline import family
from paceline.gate.player import Player
from paceline.gate.sides import Side

PLUGIN = "paceline_lockstep"
SOCKET = "PACELINE_LOCKSTEP"
OPTIONS = ("--benchmark-only", "-p", PLUGIN)
LAST = ("-p", "benchmark", "-p", "cacheprovider", "-o", "cache_dir={}")
"""
They hold whatever a project says: one that has pytest-benchmark switched off is measured with it all the same, and its
--lf, --ff or cache_dir meet a cache, which is empty.
"""


@dataclass(frozen=True)
class Wish:
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
def started(side: Side, wish: Wish, *more: str) -> Iterator[Player]:
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
            player = Player(side, process, ours, log, wish.timeout)
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


def environment(side: Side, wish: Wish, number: int, folder: Path) -> dict[str, str]:
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
