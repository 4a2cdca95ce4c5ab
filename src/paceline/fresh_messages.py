"""What goes to a fresh interpreter and comes back from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """What to call: `module:function`, and with what.

    The arguments are pickled by themselves: the interpreter can import their modules only once it knows where they are.
    """

    path: tuple[str, ...]
    function: str
    arguments: bytes


@dataclass(frozen=True)
class Given:
    """What the function gave back."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """What it raised instead, and where."""

    error: Exception
    trace: str


@dataclass(frozen=True)
class Arguments:
    """Positional and by keyword."""

    positional: tuple[Any, ...]
    keywords: Mapping[str, Any]
