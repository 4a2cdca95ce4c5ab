"""Claims about what processes have of their own, and what they share."""

from collections.abc import Iterator

from paceline.claims.claim import Claim
from paceline.claims.counts import present, same
from paceline.claims.evidence import Evidence, added, counted, values
from paceline.claims.finding import Finding, Part, combine
from paceline.claims.judging import always, checked, figure
from paceline.claims.locking import locks_needed
from paceline.claims.measures import PROCESSES
from paceline.claims.pooling import default_size, initializer_once
from paceline.claims.talking import no_sharing
from paceline.history import Cell


def own_session(evidence: Evidence) -> Finding:
    """Judge by two witnesses: the workers count the sessions that they open, the server counts connections."""
    return combine([*(part for strategy in PROCESSES for part in _own(evidence, strategy)), _needed(evidence)])


def _needed(evidence: Evidence) -> Part:
    """What becomes of a session that several processes were given."""
    failed = values(evidence.cells("sessions", opened="before the fork"), added("failed_downloads"))
    own = values(evidence.cells("sessions", opened="in each process"), added("failed_downloads"))
    return always(
        "a session that was opened before the fork fails its processes",
        checked(failed, lambda downloads: downloads > 0),
        "a download is lost or comes back wrong: else one session would do",
        "sessions",
        [
            figure("one session for all: failed downloads", failed, "count"),
            *present([figure("a session each: failed downloads", own, "count")]),
        ],
    )


def _own(evidence: Evidence, strategy: str) -> Iterator[Part]:
    cells = evidence.cells("downloads", "test_downloads", strategy=strategy, client="requests")
    processes = (f"{strategy}: processes", _processes)
    yield same(
        f"{strategy}: each process opens a session of its own",
        cells,
        (f"{strategy}: sessions opened", lambda cell: cell.sessions),
        processes,
        "as many sessions are opened as there are processes: with fewer some would share one",
        "downloads",
    )
    yield same(
        f"{strategy}: no two processes share a connection",
        cells,
        (f"{strategy}: connections that the server saw", counted("connections")),
        processes,
        "the server, which knows nothing of sessions, sees as many connections as there are processes",
        "downloads",
    )


def _processes(cell: Cell) -> float:
    return float(cell.workers)


CLAIMS: tuple[Claim, ...] = (
    Claim("own-session", "Each process needs its own session", ("downloads", "sessions"), own_session),
    Claim("default-size", "A pool has one process per CPU unless told otherwise", ("pools",), default_size),
    Claim("initializer-once", "The initializer runs once per process", ("pools",), initializer_once),
    Claim(
        "no-sharing",
        "Processes share no memory, so they talk through Queue, Pipe, Value, Array",
        ("talking",),
        no_sharing,
    ),
    Claim("locks-needed", "Without a lock, shared memory is raced; with one it isn't", ("locks",), locks_needed),
)
