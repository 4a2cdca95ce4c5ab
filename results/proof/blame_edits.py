"""Edits of Python source: slow-downs of several kinds, and edits that change nothing that a benchmark can see."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

KINDS = {
    "a copy": "{0}_spare = list(('',) * {1})\n",
    "a copy by a method": "{0}_spare = ([None] * {1}).copy()\n",
    "a new call": "{0}for _turn in range({1}):\n{0}    _looked_at(_turn)\n",
    "work in a loop": "{0}_sum = 0\n{0}for _turn in range({1}):\n{0}    _sum = _sum * 3 % 7 + _turn\n",
    "a sort": "{0}_order = sorted(range({1}, 0, -1))\n",
    "isinstance": "{0}for _turn in range({1}):\n{0}    _known = isinstance(_turn, str) or isinstance(_turn, bytes)\n",
}
"""Lines that slow a function down, by {1} as much."""
TWICE = "work done twice"
_HELPERS = {"a new call": "\n\ndef _looked_at(value):\n    return value\n"}


@dataclass(frozen=True)
class Edit:
    """Text to be put in the place of some: byte offsets in a file."""

    start: int
    end: int
    text: bytes


class Source:
    """A file's text and its functions, by the line at which Python says that they begin."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        self.functions = {min([node, *node.decorator_list], key=_line).lineno: node for node in nodes}

    def offset(self, line: int, column: int) -> int:
        """Return where a place of the syntax tree lies in the text."""
        return self._lines[line - 1] + column

    def span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        """Return the first offset of a node, and the one behind it."""
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def code(self, node: ast.stmt | ast.expr) -> bytes:
        """Return a node's text."""
        start, end = self.span(node)
        return self.text[start:end]

    def edited(self, edits: list[Edit]) -> bytes:
        """Return the text with edits, none of which overlap."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: -edit.start):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text


def _line(node: ast.stmt | ast.expr) -> int:
    return node.lineno


def body(node: ast.FunctionDef) -> list[ast.stmt]:
    """Return a function's statements after its docstring; none if it stands on the line of its `def`."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    statements = node.body[documented:]
    return statements if statements and statements[0].lineno > node.lineno else []


def slowed(source: Source, node: ast.FunctionDef, kind: str, amount: int, chance: Random) -> list[Edit]:
    """Return the edits that slow a function down; none where that kind can't be had."""
    statements = body(node)
    if not statements:
        return []
    if kind == TWICE:
        return _twice(source, node, amount, chance)
    start = source.offset(statements[0].lineno, 0)
    text = KINDS[kind].format(" " * statements[0].col_offset, amount).encode()
    end = len(source.text)
    helper = [Edit(end, end, _HELPERS[kind].encode())] if kind in _HELPERS else []
    return [Edit(start, start, text), *helper]


def _twice(source: Source, node: ast.FunctionDef, amount: int, chance: Random) -> list[Edit]:
    """Do a loop, or what a statement works out, `amount` times more."""
    found = [each for each in _own_statements(node) if isinstance(each, ast.For | ast.Assign | ast.Return)]
    found = [each for each in found if isinstance(each, ast.For) or isinstance(each.value, ast.Call)]
    if not found:
        return []
    statement = chance.choice(found)
    start = source.offset(statement.lineno, 0)
    if source.text[start : source.span(statement)[0]].strip():
        return []
    indent = b" " * statement.col_offset
    again = source.code(statement.value if isinstance(statement, ast.Return) else statement)
    return [Edit(start, start, (indent + again + b"\n") * amount)]


def _own_statements(node: ast.FunctionDef) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and not isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child
            yield from _own_statements(child)


def harmless(source: Source, node: ast.FunctionDef, chance: Random) -> list[Edit]:
    """Return an edit that leaves a function as quick as it is, of a kind that it allows; none where there is none."""
    allowed = [edits for make in (renamed, _reordered, _rewritten, commented) if (edits := make(source, node))]
    return chance.choice(allowed) if allowed else []


def commented(source: Source, node: ast.FunctionDef) -> list[Edit]:
    """Put a comment into a function."""
    statements = body(node)
    if not statements:
        return []
    start = source.offset(statements[0].lineno, 0)
    return [Edit(start, start, b" " * statements[0].col_offset + b"# As it was before.\n")]


def renamed(source: Source, node: ast.FunctionDef) -> list[Edit]:
    """Return a local variable another name; not where a function within could know it too."""
    inner = [each for each in ast.walk(node) if each is not node and isinstance(each, ast.FunctionDef | ast.Lambda)]
    shared = [name for each in ast.walk(node) if isinstance(each, ast.Global | ast.Nonlocal) for name in each.names]
    given = [each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)]
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    kept = {*shared, *given, *(each.name for each in ast.walk(node) if isinstance(each, ast.ExceptHandler))}
    local = sorted({each.id for each in names if isinstance(each.ctx, ast.Store)} - kept)
    if inner or not local:
        return []
    return [Edit(*source.span(each), f"{local[0]}_then".encode()) for each in names if each.id == local[0]]


def _reordered(source: Source, node: ast.FunctionDef) -> list[Edit]:
    """Swap two assignments that have nothing to do with each other."""
    statements = body(node)
    for one, other in pairwise(statements):
        shared = _names(one, ast.Store) & _names(other) | _names(other, ast.Store) & _names(one)
        if _plain(one) and _plain(other) and not shared:
            return [Edit(*source.span(one), source.code(other)), Edit(*source.span(other), source.code(one))]
    return []


def _plain(statement: ast.stmt) -> bool:
    simple = isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets)
    return simple and not any(isinstance(each, ast.Call | ast.NamedExpr) for each in ast.walk(statement))


def _names(statement: ast.stmt, context: type[ast.expr_context] = ast.expr_context) -> set[str]:
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, context)}


def _rewritten(source: Source, node: ast.FunctionDef) -> list[Edit]:
    """Return what is returned a name first."""
    for statement in body(node):
        if isinstance(statement, ast.Return) and statement.value is not None:
            value = source.code(statement.value)
            text = b"outcome = (" + value + b")\n" + b" " * statement.col_offset + b"return outcome"
            return [Edit(*source.span(statement), text)]
    return []
