"""The results of a race's lanes: as digests, as bytes that travel, and whether they are the same."""

import pickle
from collections.abc import Sequence

from paceline.contracts import Result
from paceline.measuring import values


def result_digests(results: Sequence[Result]) -> bytes:
    """Write down the digest of each result, one after the other."""
    return b"".join(map(values.digest, results))


def differing(some: bytes, others: bytes) -> list[int]:
    """Find the places of items whose digests differ."""
    size = values.SIZE
    starts = range(0, max(len(some), len(others)), size)
    return [start // size for start in starts if some[start : start + size] != others[start : start + size]]


def pack(result: Result) -> bytes | None:
    """Pickle a result for another lane; None if it can't be."""
    try:
        return pickle.dumps(result)
    except Exception:  # noqa: BLE001 - a class's own __reduce__ may raise anything
        return None


def same(result: Result, other: bytes | None) -> bool | None:
    """Compare a result with a packed one, both after a trip; None if it can't be told."""
    mine = pack(result)
    if mine is None or other is None:
        return None
    try:
        return values.same(pickle.loads(mine), pickle.loads(other))  # noqa: S301 - our own, and another lane's
    except Exception:  # noqa: BLE001 - as above
        return None


def all_same(verdicts: Sequence[bool | None]) -> bool | None:
    """Sum up: False if any is different, else None if any can't be told."""
    return False if False in verdicts else None if None in verdicts else True


def unpicklable(thing: object) -> str | None:
    """Return why something can't be pickled and read back; None if it can."""
    try:
        pickle.loads(pickle.dumps(thing))  # noqa: S301 - as above
    except Exception as error:  # noqa: BLE001 - as above
        return f"{type(error).__name__}: {error}"
    return None
