"""What the files of a project say, without running any: its benchmarks, its Python, and what has to be installed."""

import ast
import configparser
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from paceline.ab.git import GitError, git, repository

PYTHONS = ("3.14", "3.13", "3.12", "3.11")  # those that Paceline is tested on
FIXTURES = {"benchmark", "codspeed_benchmark", "measure"}
MARKS = {"benchmark", "codspeed_benchmark"}
COMPILED = {".c", ".cc", ".cpp", ".pyx", ".rs"}
NO_CODE = {"bench", "benchmarks", "doc", "docs", "examples", "test", "tests"}
TAGGED = re.compile(r"setuptools[-_]scm|hatch-vcs|versioningit|versioneer|dynamic-versioning|dunamai", re.IGNORECASE)
MEASURES = re.compile(r"pytest-(benchmark|codspeed)\b")
TESTS = re.compile(r"pytest\b")
NAMES = ("bench", "codspeed", "test", "dev")  # parts of the names of sets of requirements, the likeliest first


class ProjectError(Exception):
    """There is no project, or nothing can be said of it: a sentence for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What the files of a project say."""

    top: Path  # of its repository
    folder: Path  # its own, which is the top or below
    branch: str  # what pull requests are compared with, as far as git knows
    benchmarks: tuple[str, ...]  # files with tests that take `benchmark` or the like
    chosen: bool  # whether its pytest settings say what is to be compared
    python: str | None  # the newest that it allows, and that Paceline is tested on; None if it says nothing
    package: bool  # whether pip can install it
    needs: str | None  # what its benchmarks need, as pip's words; None if nothing says so
    compiled: bool  # whether it has modules to be built
    addopts: bool  # whether its pytest settings have options for every session, which may be those of plugins
    tagged: bool  # whether its version is made of git's tags

    @property
    def lacks_benchmarks(self) -> bool:
        """Whether there is nothing to compare."""
        return not self.benchmarks and not self.chosen


def read(folder: Path) -> Project:
    """Read the project in a folder.

    Raises:
        ProjectError: if there is none, or no repository, or it can't be read or allows no Python that Paceline runs on.
    """
    try:
        top = repository(folder).top
        listed = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    except GitError as error:
        raise ProjectError(f"{error}; pull requests need a git repository: go to one, or make it by git init") from None
    files = [Path(name) for name in listed if name and (folder / name).is_file()]
    document, setup = _toml(folder / "pyproject.toml"), _ini(folder / "setup.cfg")
    settings = _pytest_settings(folder, document, setup)
    names = _words(settings.get("python_files", "test_*.py *_test.py"))
    tests = [file for file in files if any(file.match(name) for name in names)]
    if not (document or setup or tests or (folder / "setup.py").is_file()):
        raise ProjectError(
            f"{folder} has no project: no pyproject.toml, setup.cfg or setup.py, and no tests; go to the folder of one"
        )
    return Project(
        top=top,
        folder=folder,
        branch=_branch(folder),
        benchmarks=tuple(sorted(file.as_posix() for file in tests if _measures(folder / file))),
        chosen=bool(settings.get("paceline_ab")),
        python=_python(document, setup),
        package=_is_package(folder, document, setup),
        needs=_needs(folder, files, document, setup),
        compiled=any(file.suffix in COMPILED and not NO_CODE & set(file.parts) for file in files),
        addopts=bool(settings.get("addopts")),
        tagged=bool(TAGGED.search(" ".join(document.get("build-system", {}).get("requires", ())))),
    )


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ProjectError(f"{path} can't be read: {error}; mend it first") from None


def _ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (ValueError, configparser.Error) as error:
        raise ProjectError(f"{path} can't be read: {' '.join(str(error).split())}; mend it first") from None
    return {section: dict(parser[section]) for section in parser.sections()}


def _pytest_settings(folder: Path, document: Mapping[str, Any], setup: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return pytest's settings, from the first file in which pytest would find some."""
    tool = document.get("tool", {}).get("pytest", {})
    found = (
        _toml(folder / "pytest.toml").get("pytest"),
        _ini(folder / "pytest.ini").get("pytest"),
        _ini(folder / ".pytest.ini").get("pytest"),
        tool.get("ini_options", tool),
        _ini(folder / "tox.ini").get("pytest"),
        setup.get("tool:pytest"),
    )
    return next((settings for settings in found if settings), {})


def _words(setting: str | list[str]) -> list[str]:
    return setting.split() if isinstance(setting, str) else setting


def _measures(path: Path) -> bool:
    """Return whether a function in a file takes a benchmark's fixture, or a benchmark's mark is used there."""
    try:
        tree = ast.parse(path.read_bytes())
    except (ValueError, SyntaxError):  # for a Python of another time; pytest will say so
        return False
    return any(_is_benchmark(node) for node in ast.walk(tree))


def _is_benchmark(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(argument.arg in FIXTURES for argument in (*node.args.args, *node.args.kwonlyargs))
    return isinstance(node, ast.Attribute) and node.attr in MARKS and ast.unparse(node.value) == "pytest.mark"


def _branch(folder: Path) -> str:
    """Return the branch that pull requests go to: the remote's own, else the one that is checked out."""
    for words in (("symbolic-ref", "--short", "refs/remotes/origin/HEAD"), ("symbolic-ref", "--short", "HEAD")):
        try:
            return git(folder, *words).strip().removeprefix("origin/")
        except GitError:
            continue
    return "the main branch"


def _python(document: Mapping[str, Any], setup: Mapping[str, Any]) -> str | None:
    asked = document.get("project", {}).get("requires-python") or setup.get("options", {}).get("python_requires")
    if not asked:
        return None
    try:
        allowed = SpecifierSet(asked)
    except InvalidSpecifier:
        return None
    found = next((version for version in PYTHONS if f"{version}.99" in allowed), None)  # the newest patch release
    if found is None:
        raise ProjectError(f"the project asks for Python {asked}, and Paceline is tested on {', '.join(PYTHONS)} only")
    return found


def _is_package(folder: Path, document: Mapping[str, Any], setup: Mapping[str, Any]) -> bool:
    tool = document.get("tool", {})
    if tool.get("uv", {}).get("package") is False or tool.get("poetry", {}).get("package-mode") is False:
        return False
    described = {"project", "build-system"} & set(document) or "metadata" in setup
    return bool(described) or (folder / "setup.py").is_file()


def _needs(folder: Path, files: Iterable[Path], document: Mapping[str, Any], setup: Mapping[str, Any]) -> str | None:
    """Return how pip gets what the benchmarks need: of sets that name pytest the likeliest; None without one."""
    found = [
        (not MEASURES.search(text), _likeliness(name), words)
        for name, words, text in _requirements(folder, files, document, setup)
        if TESTS.search(text)
    ]
    return min(found, default=(None, None, None))[2]


def _likeliness(name: str) -> int:
    return next((place for place, part in enumerate(NAMES) if part in name.lower()), len(NAMES))


def _requirements(
    folder: Path, files: Iterable[Path], document: Mapping[str, Any], setup: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Yield all sets of requirements that a project has: name, how pip gets them, and what they name."""
    groups = document.get("dependency-groups", {})
    for name in groups:
        yield name, f"--group {shlex.quote(name)}", " ".join(_group(groups, name))
    extras = {**document.get("project", {}).get("optional-dependencies", {}), **setup.get("options.extras_require", {})}
    for name, listed in extras.items():
        yield name, f'--editable ".[{name}]"', listed if isinstance(listed, str) else " ".join(listed)
    for file in files:
        name = file.as_posix()
        if "requirements" in name and file.suffix == ".txt":
            yield name, f"--requirement {shlex.quote(name)}", _file(folder / file)


def _group(groups: Mapping[str, Any], name: str, above: tuple[str, ...] = ()) -> Iterator[str]:
    for each in groups.get(name, ()) if name not in above else ():
        if isinstance(each, str):
            yield each
        else:
            yield from _group(groups, each.get("include-group", ""), (*above, name))


def _file(path: Path, above: tuple[Path, ...] = ()) -> str:
    if path in above or not path.is_file():
        return ""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    taken = [line.split()[1] for line in lines if re.match(r"(-r|--requirement) \S", line)]
    return " ".join([*lines, *(_file(path.parent / name, (*above, path)) for name in taken)])
