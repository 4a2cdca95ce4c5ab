"""Where a side's modules come from: its own files, or code of the same project that lies elsewhere.

What an editable install adds to the path leads every side to the working tree, what is installed otherwise leads all of
them to one copy; either way both sides would run the same code, and be found the same.
"""

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from paceline.ab.git import GitError, git
from paceline.tables.verdicts import some
from paceline.text.formats import many, plain

_ENVIRONMENTS = {"site-packages", "dist-packages"}
_PREFIXES = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
_OF_PYTEST = re.compile(r"(.*\.)?(conftest|test_[^.]*|[^.]*_test)")  # what pytest finds by its path, not by its name
_MOST_PLACES = 3
_IN_SETUP = re.compile(r"\bname\s*=\s*[\"']?([\w.-]+)")


@dataclass(frozen=True)
class Code:
    """What a side has of its own."""

    top: Path  # where its files begin
    # the packages and modules among them that lie in no package, by every name they may have -> their file
    modules: Mapping[str, str] = field(default_factory=dict)
    projects: frozenset[str] = frozenset()  # the names of the distributions that they make, normalized
    working_tree: Path | None = None  # where the working tree begins, if that is not the side's own


def own_code(top: Path, working_tree: Path | None = None) -> Code:
    """Return what a folder's files are, as git knows them; a project may have another name in the working tree."""
    files = _known_to_git(top)
    names = {*projects(top, files), *(projects(working_tree, _known_to_git(working_tree)) if working_tree else ())}
    return Code(top.resolve(), importable(files), frozenset(names), working_tree and working_tree.resolve())


def _known_to_git(top: Path) -> list[str]:
    try:
        return git(top, "ls-files", "-z").split("\0")
    except GitError:  # no repository, of which nothing is known
        return []


def importable(files: Iterable[str]) -> dict[str, str]:
    """Return what lies in no package, by every name it may have: `src/a/b.py` is b, a.b and src.a.b."""
    sources = [PurePosixPath(file) for file in files if file.endswith(".py")]
    packages = {source.parent for source in sources if source.name == "__init__.py"} - {PurePosixPath()}
    found: dict[str, str] = {}
    for source in sources:
        home = source.parent if source.name == "__init__.py" else source.with_suffix("")
        if home.name == "__main__" or not packages.isdisjoint(home.parents):
            continue
        name = ""
        for part in reversed(home.parts):
            if not part.isidentifier():
                break
            name = f"{part}.{name}" if name else part
            found.setdefault(name, str(source))
    return found


def projects(top: Path, files: Iterable[str]) -> Iterator[str]:
    """Return the normalized names of the projects that are declared below a folder."""
    for file in map(top.joinpath, files):
        if file.name in {"pyproject.toml", "setup.cfg", "setup.py"} and file.is_file():
            text = file.read_text("utf-8", "replace")
            found = _IN_SETUP.search(text)
            name = _in_pyproject(text) if file.suffix == ".toml" else found and found[1]
            if name:
                yield _normalized(name)


def _in_pyproject(text: str) -> Any:
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a template, or what a test reads
        return None
    return said.get("project", {}).get("name") or said.get("tool", {}).get("poetry", {}).get("name")


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def roots(own: Code) -> list[Path]:
    """Return the folders among a side's own that stand where this Python imports the working tree's modules from.

    They are in no revision's path by themselves: `python/`, `packages/x/src`, whatever an editable install leads to.
    """
    top = own.working_tree or own.top
    names = dict.fromkeys(name.partition(".")[0] for name in own.modules)
    places = dict.fromkeys(place for name in names for place in _imported_from(name) if _within(place, top))
    return [folder for place in places if (folder := own.top / place.relative_to(top)).is_dir()]


def _imported_from(name: str) -> list[Path]:
    try:
        spec = find_spec(name)
    except ValueError:  # it is loaded, and has none
        return []
    if spec is None:
        return []
    homes = spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else [])
    return [Path(home).resolve().parent for home in homes]


COMPILED = {".so", ".pyd"}


def own_modules(modules: Mapping[str, str], own: Code) -> dict[str, Path]:
    """Return a side's own modules but those that pytest finds by their path: name -> file, from its top on."""
    places = {name: Path(file).resolve() for name, file in modules.items() if not _OF_PYTEST.fullmatch(name)}
    return {name: place.relative_to(own.top) for name, place in places.items() if _within(place, own.top)}


def compiled(modules: Mapping[str, str], own: Code) -> dict[str, Path]:
    """Return those of a side's own modules that are compiled: name -> file, from its top on."""
    return {name: file for name, file in own_modules(modules, own).items() if file.suffix in COMPILED}


def code_of(modules: Mapping[str, str], own: Code) -> str:
    """Return where a side's own code came from, "12 modules from src/yarl, 1 module from tools.py"; "" if none ran."""
    homes = Counter(_home(name, file).as_posix() for name, file in own_modules(modules, own).items())
    places = [f"{many(count, 'module')} from {plain(home)}" for home, count in homes.most_common()]
    return some(places, _MOST_PLACES)


def _home(name: str, file: Path) -> Path:
    """Return the outermost package of a module, or the module's file if it lies in none."""
    root = _root(name, file)
    return root / file.relative_to(root).parts[0]


def strangers(modules: Mapping[str, str], own: Code) -> Iterator[str]:
    """Return those of the modules a side has loaded that are code of its project, but not its own."""
    for name, file in modules.items():
        place = Path(file).resolve()
        if _within(place, own.top) or "_editable" in name:  # which finds code, and is none
            continue
        project = _distributed(_root(name, Path(file))).get(file)
        if project in own.projects or (project is None and _like_own(name, place, own)):
            yield name


def _like_own(name: str, place: Path, own: Code) -> bool:
    """Return whether a module that no distribution lists is the working tree's, or is called like a side's own."""
    if own.working_tree and _within(place, own.working_tree):
        return True
    if name not in own.modules or name in sys.stdlib_module_names or _OF_PYTEST.fullmatch(name):
        return False
    alike = str(place).endswith(f"/{own.modules[name]}")
    return alike or place.name == "__init__.py" or not _ENVIRONMENTS.isdisjoint(place.parts)


def _within(place: Path, top: Path) -> bool:
    """Return whether a place belongs to the tree below a top, not to an environment or another repository in it."""
    if not place.is_relative_to(top):
        return False
    below = [top / part for part in place.relative_to(top).parents][:-1]
    return not any(
        folder.name in _ENVIRONMENTS or folder in _PREFIXES or (folder / ".git").is_dir() for folder in (place, *below)
    )


def _root(name: str, file: Path) -> Path:
    """Return the folder in the path by which a module was found."""
    depth = name.count(".") + file.name.startswith("__init__.")
    return file.parents[min(depth, len(file.parents) - 1)]


@cache
def _distributed(root: Path) -> dict[str, str]:
    """Return the files that distributions list in a folder of the path: file -> the distribution's normalized name."""
    return {
        str(distribution.locate_file(file)): name
        for distribution in distributions(path=[str(root)])
        for name in [_normalized(str(distribution.name))]
        for file in distribution.files or ()
    }
