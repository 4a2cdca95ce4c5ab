"""
Interpreters for a side: one that is there, or one of its own with everything installed.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from paceline import family
from paceline.gate.ending import undisturbed
from paceline.gate.wanted import SideError

_PIP = ("-P", "-m", "pip", "--no-input", "install")
_LAST_WORDS = 2000  # characters
PATIENCE = 60.0  # seconds for two imports, on a disk that is cold


def interpreter(path: str, start: Path) -> Path:
    """
    Find a Python by its path, or by its name as a shell does.

    Raises:
        SideError: if there is none.
    """
    place = start / Path(path).expanduser()
    if place.is_file() and os.access(place, os.X_OK):
        return place  # not resolved: a link's own place is what makes it an environment's
    found = None if place.is_dir() else shutil.which(path)
    if found:
        return Path(found).absolute()
    inside = place / "bin" / "python"
    advice = f"write python:{Path(path, 'bin', 'python')}" if inside.is_file() else "write the path of an interpreter"
    raise SideError(f"python:{path} is no program, neither from {start} nor in PATH; {advice}")


def check(python: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """
    Make sure that an interpreter can run a session that measures.

    Raises:
        SideError: if it doesn't run, or lacks pytest or pytest-benchmark.
    """
    command = [str(python), "-c", "import pytest, pytest_benchmark"]
    status, said = _ran(command, folder, environment, timeout=PATIENCE)
    if status is None:
        raise SideError(f"{python} did not import pytest within {PATIENCE:g} s; try it by hand")
    if status:
        why = said.rpartition("\n")[2] or f"it ended with exit status {status}"
        raise SideError(
            f"{python} can't import pytest and pytest-benchmark: {why}; "
            f"install them there: {python} -m pip install pytest pytest-benchmark"
        )


def has_instrument(python: Path, folder: Path, environment: Mapping[str, str]) -> bool:
    """
    Whether an interpreter has a Paceline, whose instrument it can run; an older Python has none.
    """
    command = [str(python), "-P", "-c", "import paceline.server"]
    return _ran(command, folder, environment, timeout=PATIENCE)[0] == 0


def install(revision: str, folder: Path, scratch: Path, environment: Mapping[str, str]) -> Path:
    """
    Make an environment with a revision's project in it.

    Args:
        revision: its name, for people.
        folder: the project's.
        scratch: where the environment goes.
        environment: the variables to set for what is run.

    Returns:
        Its interpreter.

    Raises:
        SideError: if a step fails, with the end of what it wrote.
    """
    home = scratch / "paceline-environment"
    python = home / "bin" / "python"
    for command in ([sys.executable, "-P", "-m", "venv", str(home)], *steps(python, folder)):
        status, said = _ran(command, folder, environment)
        if status:
            raise SideError(
                f"rev:{revision} can't be installed; make this work in a checkout of it, or compare without --install: "
                f"{shlex.join(command)}\nended in {folder} with exit status {status}:\n{said[-_LAST_WORDS:]}"
            )
    return python


def steps(python: Path, folder: Path) -> list[list[str]]:
    """
    Give the commands that install a folder's project: what its lock names, if it has one, else what it asks for.
    """
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
    """
    Run a program to its end, or to that of our patience; nothing that it started is left.

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
            interrupted = undisturbed(start)  # or a Ctrl-C could leave a process of which nobody knows
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
            family.end(process.pid)
