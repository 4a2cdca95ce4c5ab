"""A side of a comparison, made out of what was typed."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["rev", "python", "tree"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACES = "rev:REVISION (a git revision), python:PATH (another Python) or . (the working tree)"


class SideError(Exception):
    """A side makes no sense or can't be made ready: a sentence for the person who asked, without a traceback."""


@dataclass(frozen=True)
class SideSpec:
    """A side, as it was asked for.

    Args:
        typed: word for word: "rev:main SLOW=1 --client raw".
        kind: "rev" for a git revision, "python" for another Python, "tree" for the working tree.
        name: the revision, the Python's path, or ".".
        environment: the variables to set for it.
        options: the pytest options for it alone.
    """

    typed: str
    kind: Kind
    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


def parse(text: str) -> SideSpec:
    """Read a side: its place, then NAME=VALUE words, then pytest options from the first word that starts with "-".

    Raises:
        SideError: if it makes no sense.
    """
    place, *rest = _words(text)
    begin = next((index for index, word in enumerate(rest) if word.startswith("-")), len(rest))
    kind, name = _place(text, place)
    return SideSpec(text, kind, name, _environment(text, rest[:begin]), tuple(rest[begin:]))


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SideError(
            f"side {text!r} can't be split into words: {error}; close every quote, as a shell asks"
        ) from None
    if not words:
        raise SideError(f"a side is empty; write {_PLACES}")
    return words


def _place(text: str, word: str) -> tuple[Kind, str]:
    match word.partition(":"):
        case ".", "", "":
            return "tree", word
        case "rev", ":", name if name and not name.startswith("-"):
            return "rev", name
        case "python", ":", name if name:
            return "python", name
        case "rev", ":", _:
            raise SideError(f"side {text!r} names no revision; write one behind the colon, as in rev:main")
        case "python", ":", _:
            raise SideError(f"side {text!r} names no Python; write its path behind the colon, as in python:python3.13")
    if word.startswith("-") or "=" in word:
        raise SideError(f"side {text!r} begins with {word!r}; it begins with its place, as in {f'. {text}'!r}")
    raise SideError(f"side {text!r}: {word!r} is no place; write {_PLACES}: rev:{word} if it is a revision")


def _environment(text: str, words: list[str]) -> dict[str, str]:
    environment: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and _NAME.fullmatch(name)):
            raise SideError(
                f"side {text!r}: {word!r} is neither NAME=VALUE nor a pytest option; between the place and the first "
                "word that starts with - stand environment variables only"
            )
        if name in environment:
            raise SideError(f"side {text!r} sets {name} twice; leave one of them out")
        environment[name] = value
    return environment
