"""The JSON that programs read: each document has a version, and its fields change only with that.

After a change made on purpose: raise `schema` of that document's type; PACELINE_GOLDEN=write pytest then writes the
list of fields anew.
"""

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import make_reference as reference
import pytest
from comparisons import ONE, comparison, pairs
from histories import ended, quiet, write
from predicted import history

from paceline.ab.record import written
from paceline.commands import COMMANDS
from paceline.history import reading
from paceline.history.run import Cell
from paceline.race.judging import LaneResult, Race
from paceline.race.messages import Findings
from paceline.race.output import race_json

GOLDEN = Path(__file__).parent / "golden" / "json_fields.json"
RUN = "results/FINGERPRINT/*/NNNN_*.json"
PREDICTED = ("--strategy", "threads", "--items", "1000", "--workers", "16", "--latency", "0.02")


def fields(hint, path=""):
    """Yield the path of each value within a type, and what it may be."""
    origin, arguments = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) or hint is reading.Header:
        for name, inner in reference.hints(hint).items():
            yield from fields(inner, f"{path}.{name}".lstrip("."))
    elif origin in (None, Literal):
        yield path, reference.written(hint)
    elif origin in (Union, UnionType):
        for inner in arguments:
            yield from fields(inner, path)
    elif origin is Annotated:
        yield from fields(arguments[0], path)
    elif issubclass(origin, Mapping):
        yield from fields(arguments[1], f"{path}.*")
    else:
        yield from fields(arguments[0], f"{path}[]")


def listed(known):
    found = {}
    for path, kind in known:
        found.setdefault(path, []).append(kind)
    return {path: " or ".join(kinds) for path, kinds in found.items()}


def now():
    """Every document's version and fields."""
    known = {
        title: {"schema": reference.version_of(kind), "fields": listed(fields(kind))}
        for title, kind in reference.DOCUMENTS.items()
    }
    cell = [(path, kind) for path, kind in fields(Cell) if path.partition(".")[0].strip("[]") in reading.EXTRAS]
    of_run = [*fields(reading.Header, "paceline"), *((f"benchmarks[].extra_info.{path}", kind) for path, kind in cell)]
    return {RUN: {"schema": reading.SCHEMA, "fields": listed(of_run)}, **known}


@pytest.mark.parametrize("title", [RUN, *reference.DOCUMENTS])
def test_the_fields_of_a_document_change_only_with_its_version(title):
    known, found = json.loads(GOLDEN.read_text()), now()[title]
    if os.environ.get("PACELINE_GOLDEN") == "write" and found["schema"] != known.get(title, {}).get("schema"):
        known[title] = found
        GOLDEN.write_text(json.dumps(known, indent=1) + "\n")
    assert found == known[title]


def test_every_command_that_writes_json_has_a_document():
    having = {name for name in COMMANDS if "--json" in reference.parser_of(name).format_help()}
    assert {title.split()[1] for title in reference.DOCUMENTS if title.endswith("--json")} == having


def fits(value, hint):
    """Whether a value of JSON has a type, with all its fields and no others; a number that is not finite is null."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, inner) for inner in arguments)
    if origin is Literal:
        return value in arguments
    if dataclasses.is_dataclass(hint):
        known = reference.hints(hint)
        return isinstance(value, dict) and [*value] == [*known] and all(map(fits, value.values(), known.values()))
    if origin is None:
        return isinstance(value, (int, float, NoneType) if hint is float else hint)
    if issubclass(origin, Mapping):
        return isinstance(value, dict) and all(fits(inner, arguments[1]) for inner in value.values())
    return isinstance(value, list) and all(fits(inner, arguments[0]) for inner in value)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of results that check, trend, claims, ab and predict can read."""
    root = tmp_path_factory.mktemp("results")
    history(root)
    write(root, quiet(11), start=2)
    (root / "ab").mkdir()
    (root / "ab" / "0001_main_here.json").write_bytes(written(comparison(*pairs({ONE: ([0.1] * 3, [0.1] * 3)}, 6))))
    return root


@pytest.mark.parametrize(
    "words",
    [
        ["ab", "--read", "1"],
        ["check", "12"],
        ["trend"],
        ["claims", "2"],
        ["predict", "1", *PREDICTED],
        ["predict", "1", "--validate"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_what_a_command_writes_is_its_document(words, root, capsys):
    assert ended("baseline", "2", "--why", "the start", "--results", root) == 0
    capsys.readouterr()
    assert ended(*words, "--json", "--results", root) == 0
    said = json.loads(capsys.readouterr().out)
    validating = [word for word in words if word == "--validate"]
    kind = reference.DOCUMENTS[" ".join(["paceline", words[0], *validating, "--json"])]
    assert next(iter(said)) == "schema"
    assert said["schema"] == reference.version_of(kind)
    assert fits(said, kind)


def test_what_a_race_writes_is_its_document():
    lanes = [LaneResult("sequential", 1, rounds=[0.2, 0.2]), LaneResult("threads", 2, "hung", "no end of a round")]
    found = Findings("blocking", seconds=0.02, cpu_share=0.1, stable=True)
    said = json.loads(race_json(Race("shop:price", found, 32, 2, 7, lanes, ["2 instead of 5 rounds"])))
    assert next(iter(said)) == "schema"
    assert fits(said, reference.DOCUMENTS["paceline race --json"])


def test_a_saved_comparison_is_its_document(root):
    (path,) = (root / "ab").iterdir()
    assert fits(json.loads(path.read_text()), reference.DOCUMENTS["results/ab/NNNN_*.json"])
