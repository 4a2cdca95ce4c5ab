"""Names and sentences in GitHub's Markdown, so that nothing in them is taken for more than text: no markup, no HTML, no
link, no mention of a person, no break of a table.
"""

import re

from paceline.report import figures

_MARKUP = re.compile(
    r"[\\`*{}\[\]<|~#&@$]|^[>=]|^[+-](?![\d.])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=:)/(?=/)|(?<=www)\.",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")  # which begins a list
_BY_A_SLASH = "\\`*{}[]~_$=+-"
_APART = "&#8203;"  # a space without width, as GitHub looks for people, issues and addresses in what is read
_SIMPLE = re.compile(r"[\w\[\]().,:/=+ -]+", re.ASCII)
_LETTERS = re.compile(r"[^A-Za-z0-9 .,;()/=+%-]|(?<=[wW])\.")


def code(name: str) -> str:
    """Write a name in the letters of code, whatever is in it, inside of a table too."""
    harmless = figures.plain(name)
    if _SIMPLE.fullmatch(harmless):
        return f"`{harmless}`"
    return f"<code>{_LETTERS.sub(lambda found: _entity(found[0]), harmless)}</code>"


def text(sentence: str) -> str:
    """Write a sentence so that nothing in it is taken for markup, at the beginning of a paragraph too."""
    escaped = _MARKUP.sub(lambda found: _escaped(found[0]), figures.plain(sentence).strip())
    return _NUMBERED.sub(r"\1\\\2", escaped)


def _escaped(letter: str) -> str:
    if letter in _BY_A_SLASH:
        return f"\\{letter}"
    if letter in "/.":
        return f"{_APART}{letter}"
    return f"{_entity(letter)}{_APART}" if letter in "@#" else _entity(letter)


def _entity(letter: str) -> str:
    return f"&#{ord(letter)};"
