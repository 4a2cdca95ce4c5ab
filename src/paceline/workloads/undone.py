"""What a function may hand out in place of a result: work that somebody has yet to do, or to wait for."""

import inspect
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from paceline.contracts import Item, ItemError, Result

LOOKED_AT = 10  # members of a container: enough for what one line of code fills, and nothing beside the work

_NOTHING_DONE = "nothing of it was done"
_UNKNOWN = "its work may not be done yet"
_SIGNS = {
    "__await__": (_NOTHING_DONE, "write: return await ..."),
    "__anext__": (_NOTHING_DONE, "write: return [each async for each in ...]"),
    "__next__": (_NOTHING_DONE, "write: return list(...)"),
    "add_done_callback": (_UNKNOWN, "return its .result()"),
    "successful": (_UNKNOWN, "return its .get()"),  # `multiprocessing`'s AsyncResult, and those made after it
    "__dask_graph__": (_NOTHING_DONE, "return its .compute()"),
}
"""What a type has -> what is known of the work, and what to write instead; the first that fits holds."""


def _of_type(kind: type) -> str | None:
    if issubclass(kind, io.IOBase):
        return None
    sign = next((sign for sign in _SIGNS if hasattr(kind, sign)), None)
    if sign is None or (sign == "__dask_graph__" and kind.__module__.partition(".")[0] != "dask"):  # xarray has it too
        return None
    state, instead = _SIGNS[sign]
    return f"{_article(kind)} came back, and {state}; {instead}"


of_type: Callable[[type], str | None] = lru_cache(maxsize=128)(_of_type)
"""
Say what is wrong with a result of a type and what to write instead; None if it is a result.

An open file is one, although it is an iterator: opening it was the work. This look is all that a timed round pays for.
"""


def check(item: Item, result: Result) -> None:
    """See to it that a result is one; for where nothing is timed, as a container is looked into.

    Raises:
        ItemError: if it, or one of the first members of it, is still to be done.
    """
    if why := found_in(result):
        raise ItemError(item, why)


def found_in(result: Any) -> str | None:
    """Return the same of a result, or of the first members of a container."""
    if why := of_type(type(result)):
        _close(result)
        return why
    for member in islice(_members(result), LOOKED_AT):
        if why := of_type(type(member)):
            _close(member)
            return f"in {_article(type(result))}, {why}"
    return None


def _members(result: Any) -> Iterator[Any]:
    if isinstance(result, dict):
        return iter(result.values())
    return iter(result if isinstance(result, list | tuple | set | frozenset) else ())


def _close(thing: Any) -> None:
    if inspect.iscoroutine(thing):
        thing.close()  # or Python complains that nobody awaited it


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {kind.__name__.replace('_', ' ')}"
