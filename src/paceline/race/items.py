"""
The items of a race.
"""

import json
from pathlib import Path

from paceline.contracts import Item

DEFAULT_COUNT = 32


class ItemsError(ValueError):
    """
    A file holds no items.
    """


def read(path: Path) -> list[Item]:
    """
    Read items from a file: the values of a JSON array if it ends in .json, else its lines.

    Raises:
        ItemsError: if it can't be read, or there are none in it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ItemsError(f"{path} can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ItemsError(f"{path} is not UTF-8 text; save it as UTF-8, uncompressed") from None
    found = _array(path, text) if path.suffix == ".json" else text.splitlines()
    if not found:
        raise ItemsError(f"{path} holds no items; write one on each line, or a JSON array in a file ending in .json")
    return found


def _array(path: Path, text: str) -> list[Item]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ItemsError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, list):
        raise ItemsError(f"{path} holds {type(found).__name__} where a JSON array of items is due")
    return found
