"""What CONTRIBUTING.md and the design name exists, and the tables of the design are those of pyproject.toml."""

import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

from paceline.commands import COMMANDS

ROOT = Path(__file__).parents[1]
FROM = (ROOT, ROOT / "src" / "paceline")  # what a path may be relative to
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGES = ("CONTRIBUTING.md", "docs/explanation/design.md")
DESIGN = (ROOT / "docs" / "explanation" / "design.md").read_text()

PATH = re.compile(r"(?!\.venv)[\w.-]+(/[\w.-]+)*/?")
SUFFIXES = (".py", ".md", ".toml", ".lock", ".json")


def spans(page):
    """Return what stands between backticks, and the links."""
    text = " ".join((ROOT / page).read_text().split())
    return re.findall(r"`([^`]+)`", text) + re.findall(r"\]\(([^)]+)\)", text)


def named(page, pattern):
    """Return what a pattern finds between backticks, each once; a page without any would show nothing."""
    found = {name for span in spans(page) for name in re.findall(pattern, span)}
    assert found
    return sorted(found)


def is_path(word):
    return bool(PATH.fullmatch(word)) and ("/" in word or word.endswith(SUFFIXES))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page):
    paths = {word for span in spans(page) for word in span.split() if is_path(word)}
    assert len(paths) > 10
    assert not [path for path in sorted(paths) if not any((folder / path).exists() for folder in FROM)]


def test_every_dotted_name_exists():
    for name in named("CONTRIBUTING.md", r"\bpaceline(?:\.\w+)+"):
        pkgutil.resolve_name(name)


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_and_every_command_exists(page):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(named(page, r"^make ([\w-]+)")) <= set(targets)
    assert set(named(page, r"\bpaceline (\w+)")) <= set(COMMANDS)


def rows(text, columns):
    """Return the cells of tables with so many columns, without their heads."""
    lines = (line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| (?!package|line|command)", line))
    return [[cell.strip(" `") for cell in line] for line in lines if len(line) == columns]


def test_the_table_of_rooms_is_the_one_that_is_checked():
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = {(len(layers) - place, f"paceline.{room}") for place, layer in enumerate(layers) for room in rooms(layer)}
    told = {(int(line), f"paceline.{room}") for line, room, _ in rows(DESIGN.partition("## Dependencies")[0], 3)}
    assert told == checked


def rooms(layer):
    return [room.strip().removeprefix("paceline.") for room in layer.split("|")]


def test_every_dependency_has_a_line_that_says_why():
    project, dependencies = PROJECT["project"], DESIGN.partition("## Dependencies")[2]
    needed = {(name, "") for name in names(project["dependencies"])}
    needed |= {(name, extra) for extra, each in project["optional-dependencies"].items() for name in names(each)}
    told = {(name, "") for packages, _ in rows(dependencies, 2) for name in packages.split(", ")}
    told |= {(name, extra) for packages, extra, _ in rows(dependencies, 3) for name in packages.split(", ")}
    assert told == needed


def names(requirements):
    """Return the packages' names, without this one, which is how an extra holds another."""
    return {re.match(r"[\w-]+", each)[0] for each in requirements} - {"paceline"}
