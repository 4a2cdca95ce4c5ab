"""
Errors that travel: between processes, and between interpreters.
"""

import pickle
from dataclasses import dataclass


class UnportableError(Exception):
    """
    Stands in for an error that can't travel between processes (it would end the pool's result thread there).
    """

    def __init__(self, type_name: str, message: str, why: str) -> None:
        super().__init__(type_name, message, why)

    def __str__(self) -> str:
        type_name, message, why = self.args
        return f"{type_name}: {message} (the error itself can't be pickled: {why})"


@dataclass(frozen=True)
class Failed:
    """
    An answer that is an error: where a raised one would come out as another, or not at all.
    """

    error: Exception


def portable(error: Exception) -> Exception:
    """
    Give `error` itself if it survives pickling, else an `UnportableError` that says the same.
    """
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of this moment
    except Exception as why:  # noqa: BLE001 - a class's own __reduce__ or __init__ may raise anything
        return UnportableError(type(error).__qualname__, str(error), str(why))
    return error
