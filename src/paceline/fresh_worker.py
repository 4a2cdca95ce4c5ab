"""A fresh interpreter: `python -m paceline.fresh_worker` takes one request from its standard input and answers it.

Its standard output is for the answer alone; whatever is printed meanwhile goes where errors go. It stands apart from
`fresh` for the same reason as `pool_worker` does from the strategies: it imports none of what its caller needs.
"""

import fcntl
import importlib
import os
import pickle
import signal
import sys
import traceback

from paceline.fresh_messages import Arguments, Given, Raised, Request
from paceline.piped_worker import ends
from paceline.portable import portable


def main() -> None:
    """Answer, and end."""
    requests, answers = ends()
    os.dup2(2, 1)
    request: Request = requests.recv()
    end_with_caller(requests.fileno())
    sys.path[:] = request.path
    answers.send(answered(request))


def answered(request: Request) -> Given | Raised:
    """Call what is asked for."""
    try:
        module, _, name = request.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        arguments: Arguments = pickle.loads(request.arguments)  # noqa: S301 - from the process that started this one
        return Given(function(*arguments.positional, **arguments.keywords))
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


if __name__ == "__main__":
    main()
