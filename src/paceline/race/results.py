"""
Whether two lanes' results are the same.
"""

import hashlib
import pickle
import re
from collections.abc import Sequence

from paceline.contracts import Result

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object without a repr of its own; new in each process


def digest(results: Sequence[Result]) -> str:
    """
    Shorten results to a word that is equal where they are.

    The other way round it need not hold: equal sets may be pickled in another order. Results that can't be pickled are
    taken by their repr, without addresses.
    """
    whole = hashlib.sha256()
    for result in results:
        try:
            written = pickle.dumps(result)
        except Exception:  # noqa: BLE001 - a class's own __reduce__ may raise anything
            written = _ADDRESS.sub("", repr(result)).encode("utf-8", "backslashreplace")
        whole.update(len(written).to_bytes(8, "big") + written)
    return whole.hexdigest()


def packed(results: Sequence[Result]) -> bytes | None:
    """
    Pickle results for another lane; None if they can't be.
    """
    try:
        return pickle.dumps(list(results))
    except Exception:  # noqa: BLE001 - as above
        return None


def equal(results: Sequence[Result], others: bytes) -> bool:
    """
    Compare results with packed ones; what can't be compared isn't equal.
    """
    try:
        return bool(list(results) == pickle.loads(others))  # noqa: S301 - another lane's, over our own pipe
    except Exception:  # noqa: BLE001 - a class's own __eq__ may raise anything
        return False


def same(first: Result, second: Result) -> bool:
    """
    Compare two results of one process.
    """
    if digest([first]) == digest([second]):
        return True
    try:
        return bool(first == second)
    except Exception:  # noqa: BLE001 - as above
        return False


def unpicklable(thing: object) -> str | None:
    """
    Say why something can't be pickled and read back; None if it can.
    """
    try:
        pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own bytes of this moment
    except Exception as error:  # noqa: BLE001 - as above
        return f"{type(error).__name__}: {error}"
    return None
