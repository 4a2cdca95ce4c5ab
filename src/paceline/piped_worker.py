"""The other end of `piped`: what a process of ours does first, and what it says when it can't go on. It imports little,
as whatever such a process measures begins with what it has imported.
"""

import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import current_process
from typing import Any


@dataclass(frozen=True)
class Failed:
    """It could not be done.

    Attributes:
        why: in words.
        misuse: whether the name given leads to no function.
    """

    why: str
    misuse: bool = False


def ends() -> "tuple[Connection[Any, Any], Connection[Any, Any]]":
    """Take over standard input and output: give where requests come from, and where answers go. What `multiprocessing`
    puts into files, here and in the processes it starts, goes into the folder that the caller removes.

    Ctrl-C is the caller's, who ends this process: one that is raised here is the function's own.
    """
    hide_main_module()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = sys.argv.pop()  # a program that reads its arguments when it is imported finds none of ours
    os.mkdir(folder, 0o700)  # noqa: PTH102
    current_process()._config["tempdir"] = folder  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    return Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)


def hide_main_module() -> None:
    """Keep spawned workers from importing this process's main module, which their start would be charged for."""
    main_module = sys.modules["__main__"]
    main_module.__spec__ = None
    main_module.__file__ = None


def told(error: BaseException) -> str:
    """Return what went wrong; an error of ours speaks for itself."""
    if type(error).__module__.partition(".")[0] == "paceline":
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
