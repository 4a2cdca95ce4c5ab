"""A cluster of ray that is there: how its driver gets in, and whether it is still there."""

import logging
import socket
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from paceline.ray_messages import Gone, Unfit, Unreached

LOOK = 2.0  # seconds between two looks at whether a cluster still listens, and the longest one may take
FORSAKEN = 6  # looks in a row at which it does not


def reached(ray: Any, address: str) -> Unreached | Unfit | None:
    """Come in; say what keeps us out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says is raised too
            ray.init(address, log_to_driver=False, configure_logging=False)
    except ConnectionAbortedError as error:
        return Unreached(f"ray is there, and says: {last_line(error)}")
    except ConnectionError as error:
        return Unreached(f"ray did not answer: {last_line(error)}")
    except RuntimeError as error:
        if "Version mismatch" not in str(error):
            raise
        return Unfit(" ".join(str(error).split()))
    # what they would say of a cluster that is lost is told once, as an answer
    logging.disable()
    threading.excepthook = lambda _: None
    return None


def watch(address: str, say: Callable[[Any], None]) -> None:
    """Say so once nobody listens at an address any more: ray's client would wait for minutes if a plug is pulled."""
    alone = 0
    while alone < FORSAKEN:
        time.sleep(LOOK)
        alone = 0 if _listens(address) else alone + 1
    say(Gone(f"nobody answered there {FORSAKEN} times in a row"))


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), LOOK).close()
    except OSError:
        return False
    return True


def last_line(error: Exception) -> str:
    """Return what an error comes to; ray's hold traces of what went wrong elsewhere."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
