"""What the sides differ in: lines of code, and what lies beside them, such as builds and dependencies."""

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paceline.ab.git import SideError, git
from paceline.ab.origins import code_of, compiled
from paceline.ab.record import WHICH, Which
from paceline.ab.sides import Side
from paceline.ab.why import ARGUMENTS
from paceline.tables import builds
from paceline.tables.verdicts import some
from paceline.text.formats import plain

_MOST = 4  # named in a sentence
_SOURCES = {".c", ".cc", ".cpp", ".pxd", ".py", ".pyx", ".rs"}


def origin(side: Side, modules: Mapping[str, str]) -> str:
    """Return in a sentence where the code came from that a side ran; `modules` are full name -> file."""
    place = f"revision {side.spec.name}" if side.spec.kind == "rev" else "the working tree"
    code = code_of(modules, side.code)
    return f"The {side.word} ran {code or 'no module of the project, but its tests,'} of {place}."


def same_code(baseline: Side, candidate: Side) -> str:
    """Return in a sentence that both sides run the same code in the same way; "" if they don't."""
    if _run(baseline) != _run(candidate):
        return ""
    return "Both sides run the same code in the same way, no tracked file differs: whatever differs is chance."


def _run(side: Side) -> tuple[object, ...]:
    """Return what is run of a side and how: its commit, or its folder where that says more."""
    code = side.code.top if side.dirty or side.commit is None else side.commit
    python = None if side.installed else side.python
    return code, python, dict(side.spec.environment), side.spec.options


def compiled_apart(sides: Mapping[Which, Side], modules: Mapping[Which, Mapping[str, str]]) -> str:
    """Return in a sentence what only one side ran compiled, by the modules it had loaded; "" if nothing.

    A compiled extension that was built in the working tree is in no checkout of a revision, which falls back on Python.

    Raises:
        SideError: if the other side can't run it compiled, since it was never built there.
    """
    found = {word: compiled(modules[word], side.code) for word, side in sides.items()}
    pairs = (WHICH, WHICH[::-1])
    alone = {has: {name: found[has][name] for name in found[has].keys() - found[lacks]} for has, lacks in pairs}
    return " ".join(filter(None, (_only(sides[has], sides[lacks], alone[has]) for has, lacks in pairs)))


def _only(has: Side, lacks: Side, alone: Mapping[str, Path]) -> str:
    """Return what only one of two sides ran compiled, or raise where the other never could."""
    named = some((f"{name} from {plain(file)}" for name, file in sorted(alone.items())), _MOST)
    if not all(_can_load(file, has, lacks) for file in alone.values()):
        raise SideError(_unbuilt(has, lacks, named))
    return (
        f"Only the {has.word} ran this as compiled code: {named}; a change may come from that alone." if named else ""
    )


def _can_load(file: Path, has: Side, lacks: Side) -> bool:
    """Return whether a side could have loaded a compiled file of the other's, or is built as its revision asks for."""
    return lacks.installed or (lacks.python == has.python and (lacks.code.top / file).is_file())


def _unbuilt(has: Side, lacks: Side, named: str) -> str:
    revision = lacks.spec.kind == "rev"
    build = "--install builds revisions" if revision else f"{lacks.python} -m pip install -e . builds the working tree"
    return (
        f"only the {has.word} ({has.spec.typed}) runs compiled code of this project, {named}, which was never built "
        f"for the {lacks.word} ({lacks.spec.typed}): {build}; or switch it off on both sides, if the project has a "
        "variable for that, as in --candidate '. NO_EXTENSIONS=1'"
    )


def stale(side: Side, modules: Mapping[str, str]) -> str:
    """Return in a sentence which compiled code of a side is older than its source; "" if none is."""
    found = {name: side.code.top / file for name, file in compiled(modules, side.code).items()}
    older = [f"{name} than {plain(source.name)}" for name, file in found.items() for source in _newer_sources(file)]
    if not older:
        return ""
    build = f"build it again ({side.python} -m pip install -e .), or what changed since is not compared"
    return f"Compiled code of the {side.word} is older than its source, {some(older, _MOST)}: {build}."


def _newer_sources(built: Path) -> list[Path]:
    sources = built.parent.glob(f"{built.name.partition('.')[0]}.*")
    return sorted(file for file in sources if file.suffix in _SOURCES and file.stat().st_mtime > built.stat().st_mtime)


def different_builds(facts: Mapping[Which, Mapping[str, Any]]) -> str:
    """Return in a sentence how the sides' Pythons differ but in their versions; "" if they don't."""
    found = {word: builds.build(each, each.get("gil")) for word, each in facts.items()}
    if not builds.differ(*found.values()):
        return ""
    each = "; ".join(f"{word} {builds.in_words(one)}" for word, one in found.items())
    return f"The sides' Pythons were built or started in different ways: {each}."


def different_dependencies(baseline: Side, candidate: Side) -> str:
    """Return in a sentence which dependencies differ between the sides' files; "" if none, or if each has its own."""
    revisions = [side for side in (baseline, candidate) if side.spec.kind == "rev"]
    if all(side.installed for side in revisions):
        return ""
    one, other = _requests(baseline), _requests(candidate)
    requests = {file: (one.get(file, set()), other.get(file, set())) for file in sorted(one.keys() | other.keys())}
    named = some((_change(file, *both) for file, both in requests.items() if both[0] != both[1]), _MOST)
    if not named:
        return ""
    return (
        f"The sides ask for different dependencies, {named}, and both ran with what is installed: --install gives each "
        "revision an environment of its own."
    )


def _change(file: str, before: set[str], after: set[str]) -> str:
    """Return a file's name, with the requests that only one side has if they are lines of their own."""
    if any("\n" in request for request in before ^ after):
        return plain(file)
    gone, new = (some(map(plain, sorted(requests)), _MOST) for requests in (before - after, after - before))
    return f"{plain(file)} ({'; '.join(filter(None, [gone and f'baseline {gone}', new and f'candidate {new}']))})"


def _requests(side: Side) -> dict[str, set[str]]:
    """Return what the files between a side's folder and its top ask for: file, from its top on -> its requests."""
    top, folder = side.code.top, side.folder.resolve()
    homes = [folder, *(home for home in folder.parents if home.is_relative_to(top))]
    files = [file for home in homes for file in _declaring(home) if file.is_file()]
    return {file.relative_to(top).as_posix(): _read(file) for file in files}


def _declaring(folder: Path) -> Iterator[Path]:
    yield from (folder / "pyproject.toml", folder / "setup.cfg", folder / "Pipfile", folder / "Pipfile.lock")
    for pattern in ("requirements*.txt", "requirements*.in", "*.lock", "pylock*.toml"):
        yield from folder.glob(pattern)


def _read(file: Path) -> set[str]:
    """Return what a file asks for: request by request where that can be told, else all of its text."""
    text = file.read_text("utf-8", "replace")
    try:
        if file.name == "pyproject.toml":
            return set(_in_pyproject(tomllib.loads(text)))
        if file.name == "setup.cfg":
            return set(_in_setup_cfg(text))
    except (tomllib.TOMLDecodeError, configparser.Error):  # a template, perhaps: it is the same on both sides or not
        return {text}
    if file.suffix not in {".txt", ".in"}:
        return {text}
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("#")}


def _in_pyproject(whole: Mapping[str, Any]) -> Iterator[str]:
    project, poetry = whole.get("project", {}), whole.get("tool", {}).get("poetry", {})
    if "requires-python" in project:
        yield f"python{project['requires-python']}"
    groups = [*project.get("optional-dependencies", {}).values(), *whole.get("dependency-groups", {}).values()]
    for group in (project.get("dependencies", []), *groups):
        yield from map(str, group)
    for group in (poetry, *poetry.get("group", {}).values()):
        yield from (f"{name} {version}" for name, version in group.get("dependencies", {}).items())


def _in_setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    if parser.has_section("options"):
        yield from (f"python{line}" for line in _lines(parser["options"].get("python_requires", "")))
        yield from _lines(parser["options"].get("install_requires", ""))
    if parser.has_section("options.extras_require"):
        for value in parser["options.extras_require"].values():
            yield from _lines(value)


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.splitlines()))


def changed_lines(baseline: Side, candidate: Side) -> str:
    """Return what git says changed from one side's files to the other's; "" if nothing, or where it can't tell."""
    if baseline.commit is None or candidate.commit is None or baseline.code.top == candidate.code.top:
        return ""
    if candidate.spec.kind != "rev":
        return git(candidate.code.top, *ARGUMENTS, baseline.commit)
    if baseline.spec.kind != "rev":
        return git(baseline.code.top, *ARGUMENTS, "-R", candidate.commit)
    return git(candidate.code.top, *ARGUMENTS, baseline.commit, candidate.commit)
