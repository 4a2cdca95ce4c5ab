"""The minimal client for gevent, over gevent's own sockets: those of everything else here stay as they are."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakKeyDictionary

from gevent import get_hub, getcurrent, socket
from gevent.lock import BoundedSemaphore

from paceline.workloads.raw import CONNECTING, addresses, client

_connecting: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # hub -> what limits all its greenlets together


class Connection:
    """A socket with one timer for all its waits of `timeout` seconds: its own would make a new one for each."""

    def __init__(self, connected: Any, timeout: float) -> None:
        self._socket = connected
        self._timer = get_hub().loop.timer(timeout, timeout)  # only one that repeats can begin anew
        self._late = TimeoutError(f"nothing came within {timeout:g} s")
        self.sendall = connected.sendall  # a request fits the buffer of a connection that waits for nothing

    def recv(self, size: int) -> bytes:
        """Return what comes; a `TimeoutError` if nothing does."""
        self._timer.again(getcurrent().throw, self._late, update=True)  # the loop's clock stands still between rounds
        try:
            came: bytes = self._socket.recv(size)
        finally:
            self._timer.stop()
        return came

    def close(self) -> None:
        self._timer.close()
        self._socket.close()


def open_client(timeout: float, concurrency: int) -> AbstractContextManager[Callable[[str], bytes]]:
    """One connection per server, kept open; `timeout` seconds for each wait on it."""
    del concurrency
    return client(timeout, _connect)


def _connect(origin: str, timeout: float) -> Connection:
    refused = OSError(f"{origin} has no address")
    for family, place in addresses(origin):
        try:
            return Connection(_connected(family, place, timeout), timeout)
        except OSError as error:
            refused = error
    raise refused


def _connected(family: int, place: Any, timeout: float) -> Any:
    connecting = _connecting.setdefault(get_hub(), BoundedSemaphore(CONNECTING))
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with connecting:
            connection.connect(place)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection
