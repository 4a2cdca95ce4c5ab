"""What a terminal shows after all that was written to it."""

import re

COLUMNS, ROWS = 80, 24  # what pytest and we take for a terminal that doesn't know its size

_TOKENS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78DM]|[^\x1b]")


class Screen:
    """The few escape sequences that a session of pytest writes; what scrolls out at the top is kept."""

    def __init__(self, columns=COLUMNS, rows=ROWS):
        self._columns, self._rows = columns, rows
        self._above, self._lines = [], [[] for _ in range(rows)]
        self._row = self._column = 0
        self._saved = (0, 0)

    def rows(self):
        """All rows from the first on, without blanks at their ends, without empty ones at the end."""
        text = "\n".join("".join(line).rstrip() for line in [*self._above, *self._lines])
        return text.rstrip("\n").split("\n")

    def write(self, text):
        """Show a text."""
        assert "".join(_TOKENS.findall(text)) == text, "an escape sequence that nobody has thought of"
        for token in _TOKENS.findall(text):
            self._take(token)
        return self

    def _take(self, token):
        match token:
            case "\r":
                self._column = 0
            case "\n":
                self._down()
            case "\x1bD" | "\x1b[A":
                self._column = min(self._column, self._columns - 1)  # as xterm: a row written full is not, from here on
                self._down() if token == "\x1bD" else self._up()
            case "\x1b7":
                self._saved = (self._row, self._column)
            case "\x1b8":
                self._row, self._column = self._saved
            case "\x1b[J":
                del self._lines[self._row][self._column :]
                self._lines[self._row + 1 :] = [[] for _ in self._lines[self._row + 1 :]]
            case _ if token.startswith("\x1b["):
                assert token.endswith("m"), f"{token!r} is no colour"
            case _:
                self._put(token)

    def _put(self, sign):
        if self._column == self._columns:
            self._column = 0
            self._down()
        line = self._lines[self._row]
        line += " " * (self._column + 1 - len(line))
        line[self._column] = sign
        self._column += 1

    def _up(self):
        self._row = max(0, self._row - 1)

    def _down(self):
        if self._row == self._rows - 1:
            self._above.append(self._lines.pop(0))
            self._lines.append([])
        else:
            self._row += 1
