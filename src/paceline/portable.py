"""Errors that travel: between processes, and between interpreters."""

import pickle
from dataclasses import dataclass
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class UnportableError(Exception):
    """Stands in for an error that can't travel between processes (it would end the pool's result thread there)."""

    def __init__(self, type_name: str, message: str, why: str) -> None:
        super().__init__(type_name, message, why)

    def __str__(self) -> str:
        type_name, message, why = self.args
        return f"{type_name}: {message} (the error itself can't be pickled: {why})"


@dataclass(frozen=True)
class Failed:
    """An answer that is an error: where a raised one would come out as another, or not at all."""

    error: Exception


def portable(error: E) -> E | UnportableError:
    """Return `error` itself if it survives pickling, without its causes if need be, else an `UnportableError` that says
    the same.
    """
    why = _obstacle(error)
    if why and (error.__cause__ or error.__context__):  # some libraries have causes pickled too
        error.__cause__ = error.__context__ = None
        why = _obstacle(error)
    return UnportableError(type(error).__qualname__, words(error), words(why)) if why else error


def _obstacle(error: BaseException) -> Exception | None:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this moment
    except Exception as why:  # noqa: BLE001 - a class's own __reduce__ or __init__ may raise anything
        return why
    return None


def words(error: BaseException) -> str:
    """Return an error's own words."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a class's own __str__ may raise anything
        return "its words can't be written"
