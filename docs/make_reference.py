"""What the reference says of commands, options, fixtures, strategies and JSON, taken from the code itself.

`make reference` writes it into the pages, between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import argparse
import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType, NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from _pytest.fixtures import FixtureFunctionDefinition

from paceline import cli, ini, workloads
from paceline.ab.output import ComparisonDocument
from paceline.ab.record import Comparison
from paceline.claims.output import ClaimsDocument
from paceline.commands import COMMANDS
from paceline.files import Document
from paceline.history import reading
from paceline.history.run import Cell
from paceline.plugin import cells
from paceline.predict.output import PredictionDocument, ValidationDocument
from paceline.race.output import RaceDocument
from paceline.server import service
from paceline.server.ledger import Ledger
from paceline.strategies import STRATEGIES, Strategy
from paceline.trends.check import CheckDocument
from paceline.trends.trend import TrendDocument

Rows = Iterable[Sequence[str]]

PUBLIC = "paceline.plugin"
PLUGINS: Mapping[str, str] = {
    PUBLIC: "For any project.",
    f"{PUBLIC}.laboratory": "For Paceline's own repository, whose conftest takes it in: this beside all of the above.",
}
"""The plugins, each with whom it is for."""


def table(heads: Sequence[str], rows: Rows) -> str:
    """Format a table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_in_a_cell(cell) for cell in line)} |" for line in lines)


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    """Format a word as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def first_sentence(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0]


# Commands


_WIDTH = 90  # characters of a line of code that a page has room for


def commands() -> str:
    """Describe every command, as its help does."""
    return "\n\n".join(part for name in COMMANDS for part in _command(name))


def _command(name: str) -> Iterator[str]:
    parser = parser_of(name)
    about, _, examples = (parser.epilog or "").partition("examples:\n")
    parser.formatter_class = partial(argparse.HelpFormatter, width=_WIDTH)
    usage = parser.format_usage().rstrip().replace("usage: ", "").replace("\n       ", "\n")
    yield f"## paceline {name}"
    yield str(parser.description)
    yield f"```text\n{usage}\n```"
    yield table(("argument", "meaning"), map(_argument, _arguments(parser)))
    yield _code_in(about.strip())
    yield f"```text\n{inspect.cleandoc(examples)}\n```"


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    known = cli._parser([name])._actions
    chosen = next(action.choices for action in known if isinstance(action, argparse._SubParsersAction))
    return cast(argparse.ArgumentParser, chosen[name])


def _arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    known = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    return [action for action in known if "--help" not in action.option_strings]


def _argument(action: argparse.Action) -> tuple[str, str]:
    values = "|".join(map(str, action.choices)) if action.choices else action.metavar or action.dest.upper()
    value = "" if action.nargs == 0 else f" {values}"
    names = [f"{name}{value}" for name in action.option_strings] or [f"{values}"]
    return ", ".join(map(code, names)), _help(action.help, vars(action))


def _help(text: str | None, facts: Mapping[str, Any]) -> str:
    return _code_in((text or "") % {"default": None, **facts})


def _code_in(text: str) -> str:
    """Mark options as code, which a smart quote would otherwise make of two hyphens one dash."""
    return re.sub(r"(?<![\w`-])(--[a-z][\w-]*)", r"`\1`", text)


# pytest


class Recorder:
    """Stands where pytest's parser does, and keeps what a plugin adds to it."""

    def __init__(self) -> None:
        self.options: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
        self.keys: list[tuple[str, str, str]] = []

    def getgroup(self, *_: object, **__: object) -> "Recorder":
        """Take all groups for one."""
        return self

    def addoption(self, *names: str, **facts: Any) -> None:
        """Keep an option."""
        self.options.append((names, facts))

    def addini(self, name: str, meaning: str, type: str | None = None, **_: object) -> None:  # noqa: A002 - pytest's name
        """Keep an ini key."""
        self.keys.append((name, type or "string", meaning))


def plugins() -> str:
    """Describe what each of the two plugins adds to pytest."""
    return "\n\n".join(part for name in PLUGINS for part in _plugin(importlib.import_module(name)))


def _plugin(module: ModuleType) -> Iterator[str]:
    name, added = module.__name__, recorded(module)
    yield f"## {name}"
    yield PLUGINS[name]
    yield f"### Options of {name}"
    yield table(("option", "meaning"), [_option(names, facts) for names, facts in added.options])
    if added.keys:
        yield f"### Ini keys of {name}"
        yield _keys(added)
    yield f"### Fixtures of {name}"
    yield table(("fixture", "what it is"), [(code(name), first_sentence(one)) for name, one in _fixtures(module)])
    yield f"### Marks of {name}"
    yield table(("mark", "meaning"), [_mark(*mark) for mark in getattr(module, "MARKS", cells.MARKS).items()])


def recorded(module: ModuleType) -> Recorder:
    """Return what a plugin adds to pytest's parser; the laboratory's comes when the public one has added its own."""
    recorder = Recorder()
    given = {"parser": recorder, "pluginmanager": SimpleNamespace(has_plugin=PUBLIC.__eq__)}
    module.pytest_addoption(**{name: given[name] for name in inspect.signature(module.pytest_addoption).parameters})
    return recorder


def _option(names: Sequence[str], facts: Mapping[str, Any]) -> tuple[str, str]:
    choices = facts.get("choices") or ()
    value = "" if facts.get("action") == "store_true" else facts.get("metavar") or "|".join(choices)
    return ", ".join(code(f"{name} {value}".strip()) for name in names), _help(facts.get("help"), facts)


def ab_key() -> str:
    """Describe the ini key that every session of pytest knows where Paceline is installed."""
    return _keys(recorded(ini))


def _keys(added: Recorder) -> str:
    return table(("key", "type", "meaning"), [(code(name), kind, _code_in(words)) for name, kind, words in added.keys])


def _fixtures(module: ModuleType) -> list[tuple[str, Any]]:
    found = [(name, each) for name, each in vars(module).items() if isinstance(each, FixtureFunctionDefinition)]
    named = [(each._fixture_function_marker.name or name, each._get_wrapped_function()) for name, each in found]
    return [(name, each) for name, each in named if not name.startswith("_")]


def _mark(name: str, meaning: str) -> tuple[str, str]:
    arguments, _, words = meaning.partition(": ")
    return code(f"{name}{arguments}"), _code_in(words)


# Strategies and workloads


def strategies() -> str:
    """List the strategies, with the options that they take and the libraries that they need."""
    rows = [(code(each.name), first_sentence(each), _options(each), code(each.extra or "")) for each in STRATEGIES]
    return table(("strategy", "what it is", "options", "extra"), rows)


def _options(kind: type[Strategy]) -> str:
    chosen, fixed = (
        [code(f"{name}={value}") for name, value in known.items()] for known in (kind.defaults, kind.fixed)
    )
    return "; ".join(filter(None, [", ".join(chosen), " ".join(["always", ", ".join(fixed)]) if fixed else ""]))


def all_workloads() -> str:
    """Describe every workload: what an item is, and its arguments."""
    return "\n\n".join(part for name in workloads.__all__ for part in _workload(getattr(workloads, name)))


def _workload(kind: type) -> Iterator[str]:
    meanings = _listed(kind, "Args")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    rows = [(code(name), _default(field), meanings.get(name, "")) for name, field in fields.items()]
    yield f"## {kind.__name__}"
    yield first_sentence(kind)
    yield table(("argument", "default", "meaning"), rows)


def _default(field: "dataclasses.Field[Any]") -> str:
    return "" if field.default is dataclasses.MISSING else code(repr(field.default))


# The server


def parameters() -> str:
    """List what may be asked of an item."""
    meanings = _meanings(service.Service)
    known = {name: meanings.get(name, "") for name in service.READERS}
    known["straggler"] = f"`EVERY:SECONDS`, as {known['straggler']}"
    known["jitter"] += ": `uniform:F`, F from 0 to 1, or `lognormal:S`, S from 0 to 2"
    known["fault"] = "the answer breaks: " + ", ".join(map(code, service.FAULTS))
    return table(("parameter", "meaning"), [(code(name), meaning) for name, meaning in known.items()])


# JSON

DOCUMENTS: Mapping[str, type[Document]] = {
    "results/ab/NNNN_*.json": Comparison,
    "paceline ab --json": ComparisonDocument,
    "paceline check --json": CheckDocument,
    "paceline trend --json": TrendDocument,
    "paceline claims --json": ClaimsDocument,
    "paceline race --json": RaceDocument,
    "paceline predict --json": PredictionDocument,
    "paceline predict --validate --json": ValidationDocument,
}
"""What writes a document -> its type."""

_PLAIN: Mapping[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "true or false",
    NoneType: "null",
    Any: "anything",
}


def documents() -> str:
    """Describe every document of JSON that is not pytest-benchmark's own."""
    return "\n\n".join(part for title, kind in DOCUMENTS.items() for part in _document(title, kind))


def _document(title: str, kind: type[Document]) -> Iterator[str]:
    yield f"## {code(title)}"
    yield f"Version {version_of(kind)}. {first_sentence(kind)}"
    yield _fields(kind)
    for inner in parts_of(kind):
        yield f"**{inner.__name__}**: {first_sentence(inner)}"
        yield _fields(inner)


def version_of(kind: type[Document]) -> int:
    """Return the version of a document's fields."""
    return kind.schema


def parts_of(kind: type, known: list[type] | None = None) -> list[type]:
    """Return the types of the objects within a document, each once, in the order met."""
    found = [] if known is None else known
    for hint in hints(kind).values():
        for inner in _types(hint):
            if dataclasses.is_dataclass(inner) and inner not in found:
                found.append(inner)
                parts_of(inner, found)
    return found


def hints(kind: type) -> dict[str, Any]:
    """Return a type's fields, in the order that they are written in, and the types of their values."""
    known = get_type_hints(kind)
    names = [each.name for each in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else list(known)
    return {name: known[name] for name in names}


def _types(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for inner in get_args(hint):
        yield from _types(inner)


def _fields(kind: type, only: Iterable[str] | None = None) -> str:
    known, meanings = hints(kind), _meanings(kind)
    said = {name: re.sub(r"\bNone\b", "null", meaning) for name, meaning in meanings.items()}
    rows = [(code(name), written(known[name]), said.get(name, "")) for name in only or known]
    return table(("key", "type", "meaning"), rows)


def written(hint: Any) -> str:
    """Write a type as JSON has it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return written(arguments[0])
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(map(written, arguments))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "object" if Any in arguments else f"object, each {written(arguments[1])}"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"array of {written(arguments[0])}"
    return _PLAIN.get(hint) or str(hint.__name__)


def _meanings(kind: type) -> dict[str, str]:
    """Return what the comments beside a type's fields, or its docstring, say of each."""
    found = {}
    for each in reversed(kind.__mro__[:-1]):
        if each.__module__.startswith("paceline"):
            found.update({**_commented(each), **_listed(each, "Attributes")})
    return found


def _commented(kind: type) -> dict[str, str]:
    found, above = {}, ""
    for line in inspect.getsource(kind).splitlines():
        if comment := re.fullmatch(r"    # (.*)", line):
            above = f"{above} {comment[1]}".strip()
            continue
        if field := re.fullmatch(r"    (\w+): [^#]*(?:# (.*))?", line):
            found[field[1]] = " ".join(filter(None, [above, field[2]]))
        above = ""
    return found


def _listed(kind: type, section: str) -> dict[str, str]:
    """Return what a section of a docstring of Google's form says of each name."""
    lines = (inspect.getdoc(kind) or "").partition(f"{section}:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", lines, re.MULTILINE)
    return {name: " ".join(meaning.split()).removesuffix(".") for name, meaning in entries}


CELL = [name for name in hints(Cell) if name in reading.EXTRAS]
"""The keys of a cell's `extra_info`, in order."""

GENERATED: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "plugins": plugins,
    "ab key": ab_key,
    "strategies": strategies,
    "workloads": all_workloads,
    "parameters": parameters,
    "ledger": lambda: _fields(Ledger),
    "run": lambda: f"Version {reading.SCHEMA}:\n\n{_fields(reading.Header)}",
    "cell": lambda: _fields(Cell, CELL),
    "documents": documents,
}
"""What may be asked for -> what makes it."""


def filled(page: str) -> str:
    """Write the generated parts of a page anew, each between its two comments."""
    return re.sub(r"<!-- generated: ([\w ]+) -->.*?<!-- end -->", _part, page, flags=re.DOTALL)


def _part(found: re.Match[str]) -> str:
    return f"<!-- generated: {found[1]} -->\n\n{GENERATED[found[1]]().strip()}\n\n<!-- end -->"


def main() -> None:
    for page in sorted((Path(__file__).parent / "reference").glob("*.md")):
        page.write_text(filled(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
