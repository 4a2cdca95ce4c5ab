"""What a strategy and the process that speaks with ray say to each other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """What to start.

    Attributes:
        workload: pickled.
        workers: how many; on a cluster that is there, as many of them as it has CPUs for.
        chunksize: items that a worker takes at a time.
        cluster: address of one that is there; None to start one.
        folder: where one that is started may leave files.
        versions: Python and Paceline that workers must have.
        ask: to be evaluated by a worker, which gives its own.
    """

    workload: bytes
    workers: int
    chunksize: int
    cluster: str | None
    folder: str
    versions: tuple[str, str]
    ask: str


@dataclass(frozen=True)
class Lost:
    """Workers ended, by their process ids, and nobody is there for their items."""

    pids: tuple[int, ...]


@dataclass(frozen=True)
class Gone:
    """The cluster that was there is there no more, or can't be reached."""

    why: str


@dataclass(frozen=True)
class Unreached:
    """There is no cluster, or no place on it."""

    why: str


@dataclass(frozen=True)
class Unfit:
    """The cluster has another Python or another ray; `why` is how ray says it."""

    why: str


@dataclass(frozen=True)
class Differs:
    """A host of the cluster has other versions: its Python and its Paceline, if any."""

    host: str
    versions: tuple[str, str | None]
