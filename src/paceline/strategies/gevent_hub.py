"""The hub of a thread, which gevent makes when it is first needed and keeps: here, until nobody needs it any more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import gevent.core  # the loop itself: the first hub would import it, and its start be charged for that
from gevent._hub_local import get_hub_if_exists  # there is no public way to ask without making one

_borrowers: dict[Any, int] = {}
"""How many strategies use a hub that was made for them."""


def borrowed() -> Any:
    """Take the hub of this thread, and make it if there is none."""
    made = get_hub_if_exists() is None
    hub = gevent.get_hub()
    if made or hub in _borrowers:
        _borrowers[hub] = _borrowers.get(hub, 0) + 1
    return hub


def give_back(hub: Any) -> None:
    """Leave a hub; whoever is the last to leave one that was made here ends it, with its loop and its descriptors."""
    if hub in _borrowers:
        _borrowers[hub] -= 1
        if not _borrowers[hub]:
            del _borrowers[hub]
            hub.destroy(destroy_loop=True)


@contextmanager
def quiet(hub: Any) -> Iterator[None]:
    """Keep the hub from printing Ctrl-C, which surfaces in the one who waits."""
    unprinted = hub.NOT_ERROR
    hub.NOT_ERROR = (*unprinted, KeyboardInterrupt)
    try:
        yield
    finally:
        hub.NOT_ERROR = unprinted
