"""Which lines of which files a `git diff` touches, on both sides."""

import re

ARGUMENTS = (
    *("-c", "core.quotePath=false", "diff", "--unified=0", "--find-renames"),
    *("--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Git's, for a diff as it is read here; the two sides' revisions follow."""

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Diff:
    """A diff, read.

    Attributes:
        renamed: the files that have another name in the candidate: old -> new.
    """

    def __init__(self, diff: str) -> None:
        self.renamed: dict[str, str] = {}
        self._old: dict[str, list[tuple[int, int]]] = {}
        self._new: dict[str, list[tuple[int, int]]] = {}
        old = new = ""
        lines = iter(diff.splitlines())
        for line in lines:
            if line.startswith(("--- ", "rename from ")):
                old = _named(line, "--- a/", "rename from ")
            elif line.startswith(("+++ ", "rename to ")):
                new = _named(line, "+++ b/", "rename to ") or old
                self.renamed.update({old: new} if old and old != new else {})
            elif found := _HUNK.match(line):
                first, count, other, more = (1 if number is None else int(number) for number in found.groups())
                self._old.setdefault(new, []).append((first, first + count - 1))
                self._new.setdefault(new, []).append((other, other + more - 1))
                for _ in range(count + more):  # which may begin like a header
                    next(lines, None)

    def touches(self, file: str, old: tuple[int, int], new: tuple[int, int]) -> bool:
        """Whether a line of the diff lies in a function, by the lines that it has on each side."""
        return any(
            first <= span[1] and span[0] <= last
            for hunks, span in ((self._old, old), (self._new, new))
            for first, last in hunks.get(file, ())
            if first <= last
        )


def _named(line: str, *prefixes: str) -> str:
    """Return the file that a line of a diff's head names; "" for none, which git calls /dev/null."""
    found = [line.removeprefix(prefix) for prefix in prefixes if line.startswith(prefix)]
    return found[0].rstrip("\t") if found else ""
