"""A function, called in a fresh interpreter: nothing that this process has imported, opened or warmed is there."""

import pickle
import sys
from typing import Any

from paceline import piped
from paceline.fresh_messages import Arguments, Given, Raised, Request
from paceline.importing import standard_library_first
from paceline.piped import Piped

TIMEOUT = 120.0  # seconds


class LostError(RuntimeError):
    """A fresh interpreter gave no answer: it hung or ended."""


class HungError(LostError):
    """It gave none in time, and was ended."""


def call(function: str, *arguments: Any, timeout: float = TIMEOUT, **keywords: Any) -> Any:
    """Call a function in a fresh interpreter, which imports from where this process does, the standard library first.

    Args:
        function: `module:function`.
        arguments: what it is called with; they and the result must be picklable.
        timeout: seconds from its start until its answer.
        keywords: further arguments, by name.

    Raises:
        HungError: if no answer comes in time. Nothing that it started is left.
        LostError: if the interpreter ends without one. Nor is it then.
        Exception: whatever the function raised, with a note on where.
    """
    request = Request(tuple(standard_library_first(sys.path)), function, pickle.dumps(Arguments(arguments, keywords)))
    with piped.running("paceline.fresh_worker") as interpreter:
        answer = _answer(interpreter, request, timeout)
    if isinstance(answer, Raised):
        answer.error.add_note(f"raised by {function} in a fresh interpreter:\n{answer.trace}")
        raise answer.error
    return answer.value


def _answer(interpreter: Piped, request: Request, timeout: float) -> Given | Raised:
    """Send a request and wait for its answer."""
    try:
        interpreter.requests.send(request)
        if not interpreter.answers.poll(timeout):
            raise HungError(f"{request.function} hung: no answer within {timeout:g} s; its interpreter is ended")
        answer: Given | Raised = interpreter.answers.recv()
    except (EOFError, OSError):
        raise LostError(f"{request.function} gave no answer: {interpreter.death()}") from None
    return answer
