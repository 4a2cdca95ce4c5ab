"""
A fresh interpreter: `python -m paceline.fresh` takes one request from its standard input and answers it.

Its standard output is for the answer alone; whatever is printed meanwhile goes where errors go.
"""

import fcntl
import importlib
import os
import pickle
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

from paceline.fresh.messages import Arguments, Given, Raised, Request
from paceline.portable import portable


def main() -> None:
    """
    Answer, and end.
    """
    hide_main_module()
    requests: Connection[Any, Request] = Connection(os.dup(0), writable=False)
    answers: Connection[Given | Raised, Any] = Connection(os.dup(1), readable=False)
    os.dup2(2, 1)
    request = requests.recv()
    end_with_caller(requests.fileno())
    sys.path[:] = request.path
    answers.send(answered(request))


def answered(request: Request) -> Given | Raised:
    """
    Call what is asked for.
    """
    try:
        module, _, name = request.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        arguments: Arguments = pickle.loads(request.arguments)  # noqa: S301 - from the process that started this one
        return Given(function(*arguments.positional, **arguments.keywords))
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        return Raised(portable(error), traceback.format_exc())


def end_with_caller(lifeline: int) -> None:
    """
    Let the system end this process as soon as the caller's end of the pipe closes, by SIGKILL too.

    No thread waits for that, as threads and fork don't go together: the pipe raises SIGIO on its end, nothing more is
    sent through it, and SIGIO's default is to end the process.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def hide_main_module() -> None:
    """
    Keep spawned workers from importing this module, which their start would be charged for.
    """
    main_module = sys.modules["__main__"]
    main_module.__spec__ = None
    main_module.__file__ = None


if __name__ == "__main__":
    main()
