"""A side of a comparison: as it was typed, and made ready, with its files, its interpreter and all that it has."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from paceline.ab.git import SideError, checked_out, repository, state, undisturbed
from paceline.ab.origins import Code, own_code, roots
from paceline.ab.record import Which
from paceline.child import processes

Kind = Literal["rev", "python", "tree"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACES = "rev:REVISION (a git revision), python:PATH (another Python) or . (the working tree)"


@dataclass(frozen=True)
class SideSpec:
    """A side, as it was asked for."""

    typed: str  # word for word: "rev:main SLOW=1 --client raw"
    kind: Kind  # "rev" for a git revision, "python" for another Python, "tree" for the working tree
    name: str  # the revision, the Python's path, or "."
    environment: Mapping[str, str] = field(default_factory=dict)  # the variables to set for it
    options: tuple[str, ...] = ()  # the pytest options for it alone


def parse(text: str) -> SideSpec:
    """Read a side: its place, then NAME=VALUE words, then pytest options from the first word on that starts with "-".

    Raises:
        SideError: if it makes no sense.
    """
    place, *rest = _words(text)
    begin = next((index for index, word in enumerate(rest) if word.startswith("-")), len(rest))
    kind, name = _place(text, place)
    return SideSpec(text, kind, name, _environment(text, rest[:begin]), tuple(rest[begin:]))


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SideError(
            f"side {text!r} can't be split into words: {error}; close every quote, as a shell asks"
        ) from None
    if not words:
        raise SideError(f"a side is empty; write {_PLACES}")
    return words


def _place(text: str, word: str) -> tuple[Kind, str]:
    match word.partition(":"):
        case ".", "", "":
            return "tree", word
        case "rev", ":", name if name and not name.startswith("-"):
            return "rev", name
        case "python", ":", name if name:
            return "python", name
        case "rev", ":", _:
            raise SideError(f"side {text!r} names no revision; write one behind the colon, as in rev:main")
        case "python", ":", _:
            raise SideError(f"side {text!r} names no Python; write its path behind the colon, as in python:python3.13")
    if word.startswith("-") or "=" in word:
        raise SideError(f"side {text!r} begins with {word!r}; it begins with its place, as in {f'. {text}'!r}")
    raise SideError(f"side {text!r}: {word!r} is no place; write {_PLACES}: rev:{word} if it is a revision")


def _environment(text: str, words: list[str]) -> dict[str, str]:
    environment: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and _NAME.fullmatch(name)):
            raise SideError(
                f"side {text!r}: {word!r} is neither NAME=VALUE nor a pytest option; between the place and the first "
                "word that starts with - stand environment variables only"
            )
        if name in environment:
            raise SideError(f"side {text!r} sets {name} twice; leave one of them out")
        environment[name] = value
    return environment


@dataclass(frozen=True)
class Side:
    """A side that can be run."""

    word: Which  # "baseline" or "candidate"
    spec: SideSpec  # what was asked for
    folder: Path  # where pytest is to be started
    python: Path  # the interpreter to run it with
    # every variable to set, beside those of this process: the side's own, and the path of its code
    environment: dict[str, str] = field(default_factory=dict)
    commit: str | None = None  # the commit of its files, in full; None outside of a repository
    dirty: bool = False  # whether tracked files differ from it
    code: Code = field(default_factory=lambda: Code(Path()))  # what it has of its own
    # whether it has an environment of its own, with what its revision asks for, built from its files
    installed: bool = False

    def __str__(self) -> str:
        return f"the {self.word} ({self.spec.typed})"


def place(side: Side) -> str:
    """Return where a side's code and Python come from: "working tree", "revision main", "Python /usr/bin/python3"."""
    match side.spec.kind:
        case "rev":
            return f"revision {side.spec.name}"
        case "python":
            return f"Python {side.python}"
        case "tree":
            return "working tree"


@contextmanager
def prepared(
    spec: SideSpec,
    word: Which,
    start: Path,
    install: bool,  # noqa: FBT001 - handed on from a command's option, never a literal
    report: Callable[[str], None],
) -> Iterator[Side]:
    """Make a side ready for as long as the context lasts; nothing of it is left afterwards.

    Both sides find their code in the same way, by PYTHONPATH, unless `install` gives a revision an environment of its
    own, with what it asks for.

    Raises:
        SideError: if it can't be made ready.
    """
    start = start.absolute()
    if spec.kind != "rev":
        yield _in_place(spec, word, start)
        return
    report(f"{word}: checking out revision {spec.name} ...")
    with checked_out(spec.name, start, report) as checkout:
        own = own_code(checkout.top, working_tree=repository(start).top)
        if install:
            report(f"{word}: installing revision {spec.name} ...")
            # a path that leads to the working tree's code would lead this side there too
            environment = {"PYTHONPATH": "", **spec.environment}
            python = install_revision(spec.name, checkout.folder, checkout.scratch, environment)
            check_python(python, checkout.folder, environment)
        else:
            environment, python = _importing(spec, own, checkout.folder), Path(sys.executable)
        yield Side(word, spec, checkout.folder, python, environment, checkout.commit, code=own, installed=install)


def _in_place(spec: SideSpec, word: Which, start: Path) -> Side:
    now = state(start)
    own = own_code(now.top)
    environment, python = _importing(spec, own, start), Path(sys.executable)
    if spec.kind == "python":
        python = interpreter(spec.name, start)
        check_python(python, start, environment)
    return Side(word, spec, start, python, environment, now.commit, now.dirty, own)


def _importing(spec: SideSpec, own: Code, folder: Path) -> dict[str, str]:
    """Return the variables by which a folder's code is imported, before whatever is installed."""
    homes = [path for home in (folder.resolve(), own.top) for path in (home / "src", home) if path.is_dir()]
    listed = [str(path) for path in dict.fromkeys((*homes, *roots(own)))]
    if any(os.pathsep in path for path in listed):
        raise SideError(f"{folder} has a {os.pathsep!r} in its name, which PYTHONPATH can't hold; use another folder")
    before = spec.environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    return {**spec.environment, "PYTHONPATH": os.pathsep.join([*listed, *filter(None, [before])])}


_PIP = ("-P", "-m", "pip", "--no-input", "install")
_LOG_END = 2000  # characters
IMPORT_TIMEOUT = 60.0  # seconds for two imports, on a disk that is cold


def interpreter(path: str, start: Path) -> Path:
    """Find a Python by its path, or by its name as a shell does, or raise SideError."""
    place = start / Path(path).expanduser()
    if place.is_file() and os.access(place, os.X_OK):
        return place  # not resolved: a link's own place is what makes it an environment's
    found = None if place.is_dir() else shutil.which(path)
    if found:
        return Path(found).absolute()
    inside = place / "bin" / "python"
    advice = f"write python:{Path(path, 'bin', 'python')}" if inside.is_file() else "write the path of an interpreter"
    raise SideError(f"python:{path} is no program, neither from {start} nor in PATH; {advice}")


def check_python(python: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Make sure that an interpreter runs and has pytest and pytest-benchmark, or raise SideError."""
    command = [str(python), "-c", "import pytest, pytest_benchmark"]
    status, said = _ran(command, folder, environment, timeout=IMPORT_TIMEOUT)
    if status is None:
        raise SideError(f"{python} did not import pytest within {IMPORT_TIMEOUT:g} s; try it by hand")
    if status:
        why = said.rpartition("\n")[2] or f"it ended with exit status {status}"
        raise SideError(
            f"{python} can't import pytest and pytest-benchmark: {why}; "
            f"install them there: {python} -m pip install pytest pytest-benchmark"
        )


def has_instrument(python: Path, folder: Path, environment: Mapping[str, str]) -> bool:
    """Return whether an interpreter has a Paceline, whose instrument it can run; an older Python has none."""
    command = [str(python), "-P", "-c", "import paceline.server"]
    return _ran(command, folder, environment, timeout=IMPORT_TIMEOUT)[0] == 0


def install_revision(revision: str, folder: Path, scratch: Path, environment: Mapping[str, str]) -> Path:
    """Make an environment in the folder `scratch` with a revision's project in it; returns its interpreter.

    Raises:
        SideError: if a step fails, with the end of what it wrote.
    """
    home = scratch / "paceline-environment"
    python = home / "bin" / "python"
    for command in ([sys.executable, "-P", "-m", "venv", str(home)], *install_steps(python, folder)):
        status, said = _ran(command, folder, environment)
        if status:
            raise SideError(
                f"rev:{revision} can't be installed; make this work in a checkout of it, or compare without --install: "
                f"{shlex.join(command)}\nended in {folder} with exit status {status}:\n{said[-_LOG_END:]}"
            )
    return python


def install_steps(python: Path, folder: Path) -> list[list[str]]:
    """Return the commands that install a folder's project: what its lock names if it has one, else what it asks for."""
    pip = [str(python), *_PIP]
    if (folder / "requirements.lock").is_file():
        return [
            [*pip, "--require-hashes", "-r", "requirements.lock"],
            [*pip, "--no-deps", "--no-build-isolation", "-e", "."],
        ]
    return [[*pip, "-e", ".", "pytest", "pytest-benchmark"]]


def _ran(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float | None = None
) -> tuple[int | None, str]:
    """Run a program to its end or time-out, with nothing left that it started.

    Returns:
        Its exit status (None if time ran out), and what it wrote.
    """
    processes: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as output:

        def start() -> None:
            process = subprocess.Popen(  # noqa: S603 - what was asked for, with arguments that no shell reads
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            processes.append(process)

        try:
            interrupted = undisturbed(start)  # or a Ctrl-C could leave a process of which no one knows
        except OSError as error:
            raise SideError(f"{command[0]} can't be run: {error.strerror}; name a Python that can") from None
        with processes[0] as process:
            status = _waited(process, timeout, interrupted=interrupted)
        output.seek(0)
        return status, output.read().decode("utf-8", "replace").strip()


def _waited(process: subprocess.Popen[bytes], timeout: float | None, *, interrupted: bool) -> int | None:
    try:
        if interrupted:
            signal.raise_signal(signal.SIGINT)
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            processes.end_session(process.pid)
