"""What strategies on somebody's cluster have in common."""

import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import urlsplit

from paceline import __version__
from paceline.contracts import Option, Workload
from paceline.strategies.base import NotReady, Strategy

REACH_TIMEOUT = 5.0  # seconds until a cluster that has not answered counts as out of reach
VERSIONS = (
    "('.'.join(__import__('platform').python_version_tuple()[:2]), "
    "__import__('importlib.util').util.find_spec('paceline') and __import__('paceline').__version__)"
)
"""To be evaluated by each worker: its Python and its Paceline. Code that is pickled is not for another Python."""

LOOPBACK = "127.0.0.1"
PORTS = {"tcp": 8786, "ray": 10001}  # where each usually listens
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class OutOfReach(NotReady):
    """No cluster answers at an address."""


class WorkersDiffer(NotReady):
    """What runs on a cluster is not what runs here."""


def checked_address(strategy: str, scheme: str, address: Option) -> str | None:
    """Return the address of a cluster, None if none is wanted; what looks like none is a `ValueError`."""
    if address is None:
        return None
    try:
        parts = urlsplit(str(address))
        fits = parts.scheme == scheme and parts.hostname and parts.port and not parts.path
    except ValueError:  # the port is none
        fits = False
    if not fits:
        raise ValueError(
            f"{strategy}: cluster must be an address such as {scheme}://host:{PORTS[scheme]}, not {address!r}"
        )
    return str(address)


def reach(address: str) -> None:
    """Connect once; an `OutOfReach` if nothing listens there, or there is no way."""
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), REACH_TIMEOUT).close()
    except OSError as error:
        raise out_of_reach(address, str(error)) from None


def facing(address: str) -> str | None:
    """Return this machine's address as a cluster sees it; None if the cluster is here, or there is no way to it."""
    parts = urlsplit(address)
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((parts.hostname, parts.port))  # of a datagram socket: nothing is sent
        ours = str(way.getsockname()[0])
        return None if ours == LOOPBACK else ours
    return None


def out_of_reach(address: str, why: str) -> OutOfReach:
    return OutOfReach(f"no cluster at {address}: {why}; start one there, or name the address of another")


def check_versions(address: str, workers: Mapping[str, tuple[str, str | None]]) -> None:
    """Raise a `WorkersDiffer` if a worker's Python ("3.11") or Paceline, None where there is none, is not ours."""
    for worker, (python, paceline) in workers.items():
        if (python, paceline) != (PYTHON, __version__):
            theirs = f"Python {python} and {f'Paceline {paceline}' if paceline else 'no Paceline'}"
            raise WorkersDiffer(
                f"{address}: its worker {worker} has {theirs}; here is Python {PYTHON} and Paceline {__version__}: "
                "both sides need the same"
            )


class Engine(Strategy):
    """A strategy that starts a cluster on this machine, or uses an existing one; its options are checked here.

    Without `cluster`, the cluster's processes end with the strategy, and a worker that dies is a `WorkerDied`. With it,
    what a worker was doing when it was lost is given to another: each result arrives once and right, but an item may
    have been done twice, and the server's ledger then refuses the round.

    Raises:
        ValueError: if `chunksize`, the items that are sent at a time, is not a whole number of 1 or more, or `cluster`
            is no address of this engine's.
    """

    computes_in = "processes"
    pickles = True
    extra = "cluster"
    slow_start = True
    scheme: ClassVar[str]
    defaults = MappingProxyType({"chunksize": 1, "cluster": None})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        self._chunksize = self._check_whole("chunksize", self.options["chunksize"])
        self._cluster = checked_address(self.name, self.scheme, self.options["cluster"])
        if self._cluster:
            self.options["cluster"] = self.scheme  # options are saved, and its address may be private

    @property
    def chosen(self) -> dict[str, Option]:
        return {**super().chosen, "cluster": self._cluster}
