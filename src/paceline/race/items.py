"""The items of a race."""

import contextlib
import json
from pathlib import Path

from paceline.contracts import Item
from paceline.history.documents import other_form

DEFAULT_COUNT = 32


class ItemsError(ValueError):
    """A file holds no items."""


def read(path: Path) -> list[Item]:
    """Read items from a file: the values of a JSON array if it ends in .json, else its lines, without blank ones.

    Raises:
        ItemsError: if it can't be read, or there are none in it.
    """
    try:
        text = _text(path, path.read_bytes())
    except OSError as error:
        raise ItemsError(f"{path} can't be read: {error.strerror or error}") from None
    found = _array(path, text) if path.suffix == ".json" else _lines(text)
    if not found:
        raise ItemsError(f"{path} holds no items; write one on each line, or a JSON array in a file ending in .json")
    return found


def _text(path: Path, data: bytes) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode("utf-8-sig")
        if "\0" not in text:  # it decodes, but is UTF-16 without a mark, or no text
            return text
    raise ItemsError(f"{path} is {other_form(data) or 'not UTF-8 text; save it as UTF-8, uncompressed'}")


def _lines(text: str) -> list[Item]:
    """Split a text where an editor does: `splitlines` would at form feeds and other signs inside a line as well."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def _array(path: Path, text: str) -> list[Item]:
    try:
        found = json.loads(text)
    except RecursionError:
        raise ItemsError(f"{path} is nested too deeply; give flatter items") from None
    except ValueError as error:
        raise ItemsError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, list):
        raise ItemsError(f"{path} holds {type(found).__name__} where a JSON array of items is due")
    return found
