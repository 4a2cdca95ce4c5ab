"""
The sides of a comparison, ready to be run: where, by which Python, with which variables.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paceline.gate import environments
from paceline.gate.origins import Code, own_code, roots
from paceline.gate.record import Which
from paceline.gate.repository import repository, state
from paceline.gate.wanted import SideError, Wanted, parse
from paceline.gate.worktrees import checked_out

__all__ = ["Side", "SideError", "Wanted", "parse", "place", "prepared"]


@dataclass(frozen=True)
class Side:
    """
    A side that can be run.

    Args:
        word: "baseline" or "candidate".
        wanted: what was asked for.
        folder: where pytest is to be started.
        python: the interpreter to run it with.
        environment: every variable to set, beside those of this process: the side's own, and the path of its code.
        commit: the commit of its files, in full; None outside of a repository.
        dirty: whether tracked files differ from it.
        code: what it has of its own.
    """

    word: Which
    wanted: Wanted
    folder: Path
    python: Path
    environment: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    dirty: bool = False
    code: Code = field(default_factory=lambda: Code(Path()))


def place(side: Side) -> str:
    """
    Say where a side's code and Python come from: "working tree", "revision main", "Python /usr/bin/python3.13".
    """
    match side.wanted.kind:
        case "rev":
            return f"revision {side.wanted.name}"
        case "python":
            return f"Python {side.python}"
        case "tree":
            return "working tree"


@contextmanager
def prepared(
    wanted: Wanted,
    word: Which,
    start: Path,
    install: bool,  # noqa: FBT001 - handed on from a command's option, never a literal
    tell: Callable[[str], None],
) -> Iterator[Side]:
    """
    Make a side ready for as long as the context lasts; nothing of it is left afterwards.

    Both sides find their code in the same way, by PYTHONPATH, unless a revision gets an environment of its own.

    Args:
        wanted: the side.
        word: "baseline" or "candidate".
        start: the folder that the comparison is started from.
        install: whether a revision gets an environment of its own, with what it asks for.
        tell: takes a line of progress.

    Raises:
        SideError: if it can't be made ready.
    """
    start = start.absolute()
    if wanted.kind != "rev":
        yield _in_place(wanted, word, start)
        return
    tell(f"{word}: checking out revision {wanted.name} ...")
    with checked_out(wanted.name, start, tell) as checkout:
        own = own_code(checkout.top, beside=repository(start).top)
        if install:
            tell(f"{word}: installing revision {wanted.name} ...")
            # a path that leads to the working tree's code would lead this side there too
            environment = {"PYTHONPATH": "", **wanted.environment}
            python = environments.install(wanted.name, checkout.folder, checkout.scratch, environment)
            environments.check(python, checkout.folder, environment)
        else:
            environment, python = _importing(wanted, own, checkout.folder), Path(sys.executable)
        yield Side(word, wanted, checkout.folder, python, environment, checkout.commit, code=own)


def _in_place(wanted: Wanted, word: Which, start: Path) -> Side:
    now = state(start)
    own = own_code(now.top)
    environment, python = _importing(wanted, own, start), Path(sys.executable)
    if wanted.kind == "python":
        python = environments.interpreter(wanted.name, start)
        environments.check(python, start, environment)
    return Side(word, wanted, start, python, environment, now.commit, now.dirty, own)


def _importing(wanted: Wanted, own: Code, folder: Path) -> dict[str, str]:
    """
    Give the variables by which a folder's code is imported, before whatever is installed.

    Raises:
        SideError: if a folder's name can't stand in a path of several.
    """
    homes = [path for home in (folder.resolve(), own.top) for path in (home / "src", home) if path.is_dir()]
    listed = [str(path) for path in dict.fromkeys((*homes, *roots(own)))]
    if any(os.pathsep in path for path in listed):
        raise SideError(f"{folder} has a {os.pathsep!r} in its name, which PYTHONPATH can't hold; use another folder")
    before = wanted.environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    return {**wanted.environment, "PYTHONPATH": os.pathsep.join([*listed, *filter(None, [before])])}
