"""
What runs inside a subinterpreter. It stands apart for the same reason as `pool_worker`, and imports less still.
"""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from paceline.contracts import Item, Result, Workload
from paceline.portable import Failed, portable

_run: Callable[[Item], Result]
_opened = ExitStack()


def look_where(path: list[str]) -> None:
    """
    Look for modules where the main interpreter says, as a spawned process would.
    """
    sys.path[:] = path


def turn(come: int, go: int, action: Callable[..., None], arguments: tuple[Any, ...]) -> Failed | None:
    """
    Do `action`, say so on the pipe `come`, and wait for a byte on the pipe `go`.
    """
    try:
        action(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        answer: Failed | None = Failed(portable(error))
    else:
        answer = None
    os.write(come, b".")
    os.read(go, 1)
    return answer


def open_here(workload: Workload) -> None:
    """
    Open the workload in this interpreter.
    """
    global _run  # noqa: PLW0603 - as in `pool_worker`
    _run = _opened.enter_context(workload.worker())


def close_here() -> None:
    """
    Close it again, if it was opened.
    """
    _opened.close()


def run(item: Item) -> Any:
    """
    Do one item with this interpreter's opened workload.
    """
    try:
        return _run(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to travel
        return Failed(portable(error))


def unpacked(result: Any) -> Any:
    """
    Give a result, or raise the error that it is.
    """
    if isinstance(result, Failed):
        raise result.error
    return result
