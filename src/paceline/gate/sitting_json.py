"""
A sitting as JSON, a pair a line, and back: every type and every round is looked at before anybody counts with it.
"""

import json
from pathlib import Path

import msgspec

from paceline.gate.record import SCHEMA, Sitting
from paceline.history.errors import DAMAGED, UnreadableFile
from paceline.history.files import decoding

_LONGEST_ROUND = 1e9  # seconds, 30 years: above it a number is damage, and sums would overflow


class UnreadableSitting(UnreadableFile):
    """
    A file is no saved sitting, or a damaged one.
    """

    what = "sitting"
    key = b'"pairs"'


class NoSitting(UnreadableSitting):
    """
    A file holds JSON of somebody else's.
    """


class _Head(msgspec.Struct):
    """As much of a file as says whether the rest can be understood."""

    schema: int
    pairs: msgspec.Raw


def written(sitting: Sitting) -> bytes:
    """
    Write a sitting as JSON; a sign that UTF-8 does not have, as file names may hold, becomes a question mark.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = msgspec.to_builtins(sitting)
    pairs = ",\n".join(json.dumps(pair, ensure_ascii=False, allow_nan=False) for pair in whole.pop("pairs"))
    head = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).removesuffix("\n}")
    return f'{head},\n "pairs": [\n{pairs}\n ]\n}}\n'.encode("utf-8", "replace")


def read(content: bytes, path: Path) -> Sitting:
    """
    Make a sitting out of a file's content.

    Args:
        content: whatever the bytes are, the outcome is a sitting or the reason why not.
        path: where it comes from, for messages.

    Raises:
        UnreadableSitting: it is not JSON, no sitting, of another schema, or holds a wrong type or an impossible round.
    """
    with decoding(content, path, UnreadableSitting):
        _check_head(content, path)
        sitting = msgspec.json.decode(content, type=Sitting)
    _check_rounds(sitting, path)
    return sitting


def _check_head(content: bytes, path: Path) -> None:
    try:
        head = msgspec.json.decode(content, type=_Head)
    except msgspec.ValidationError:
        raise NoSitting(path, "it is no sitting of paceline ab; name a file from results/ab") from None
    if head.schema != SCHEMA:
        whose = "a newer" if head.schema > SCHEMA else "an older"
        raise UnreadableSitting(
            path, f"{whose} Paceline wrote it (schema {head.schema}, this one reads {SCHEMA}); read it with that one"
        )


def _check_rounds(sitting: Sitting, path: Path) -> None:
    for pair in sitting.pairs:
        for side in (pair.baseline, pair.candidate):
            for name, taken in side.items():
                if not taken.rounds or not all(0 < seconds < _LONGEST_ROUND for seconds in taken.rounds):
                    told = f"pair {pair.number} has a round of {name!r} that no round can take, or none"
                    raise UnreadableSitting(path, f"{told}; {DAMAGED}")
