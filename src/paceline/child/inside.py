"""The other end of `child.processes`: what runs in the process that was started."""

import fcntl
import importlib
import os
import pickle
import signal
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import current_process
from typing import Any

from paceline.workers.errors import Raised, portable


@dataclass(frozen=True)
class Failed:
    """It could not be done; `misuse` if the name given leads to no function."""

    why: str
    misuse: bool = False


def ends() -> "tuple[Connection[Any, Any], Connection[Any, Any]]":
    """Take over standard input and output: return where requests come from, and where answers go.

    What `multiprocessing` puts into files, here and in the processes it starts, goes into the folder that the caller
    removes. Ctrl-C is left to the caller: one that is raised here is the function's own.
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


def describe(error: BaseException) -> str:
    """Return what went wrong; an error of ours speaks for itself."""
    if type(error).__module__.partition(".")[0] == "paceline":
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@dataclass(frozen=True)
class Request:
    """What to call: `module:function`, with (positional, keyword) arguments.

    Those are pickled by themselves: the interpreter can import their modules only once it knows where they are.
    """

    path: tuple[str, ...]
    function: str
    arguments: bytes


def main() -> None:
    requests, answers = ends()
    os.dup2(2, 1)
    request: Request = requests.recv()
    end_with_caller(requests.fileno())
    sys.path[:] = request.path
    answers.send(answered(request))


def answered(request: Request) -> Any:
    """Return what the function returns, or as a `Raised` what it raises."""
    try:
        module, _, name = request.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        positional, keywords = pickle.loads(request.arguments)  # noqa: S301 - from the process that started this one
        return function(*positional, **keywords)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        return Raised(portable(error), traceback.format_exc())


def end_with_caller(lifeline: int) -> None:
    """Let the system end this process as soon as the caller's end of the pipe closes, by SIGKILL too.

    No thread waits for that, as threads and fork don't go together: the pipe raises SIGIO on its end, nothing more is
    sent through it, and SIGIO's default is to end the process.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
