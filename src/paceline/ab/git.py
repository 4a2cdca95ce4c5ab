"""What git says of a folder, and a revision's files in a temporary one, gone at the end whatever happens."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


class SideError(Exception):
    """A side makes no sense or can't be made ready: a sentence for the person who asked, without a traceback."""


@contextmanager
def ended_by(clear: Callable[[], None]) -> Iterator[None]:
    """Clear up at the end, with Ctrl-C held back; after an error it is dropped, since that ends everything too."""
    try:
        yield
    except BaseException:
        undisturbed(clear)
        raise
    if undisturbed(clear):
        signal.raise_signal(signal.SIGINT)


def undisturbed(action: Callable[[], None]) -> bool:
    """Do something to its end, and return whether Ctrl-C was pressed meanwhile, which only the main thread hears."""
    if threading.current_thread() is not threading.main_thread():
        action()
        return False
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        action()
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(pressed)


_SAFE = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
"""No hook runs and no daemon starts in a checkout that lives for minutes."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git sets for hooks, and what would lead us from the folder's own repository to theirs."""


class GitError(SideError):
    """Git can't be run, or fails; ends with its own words."""


@dataclass(frozen=True)
class Repository:
    """The repository that a folder lies in."""

    top: Path  # the folder it begins with
    inside: Path  # where in it the folder is; "." at the top


@dataclass(frozen=True)
class State:
    """What a folder holds."""

    top: Path  # where its project begins: the repository's top, or the folder itself outside of one
    # the commit that is checked out, in full; None outside of a repository and before the first one
    commit: str | None = None
    dirty: bool = False  # whether tracked files differ from it


def git(folder: Path, *words: str | Path, own_group: bool = False) -> str:
    """Run git in a folder, and return what it writes; with a group of its own, a terminal's Ctrl-C does not reach it.

    Raises:
        GitError: if it can't be run or fails.
    """
    command = ["git", *_SAFE, "-C", str(folder), *map(str, words)]
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    group = 0 if own_group else None
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that no shell reads
            command, stdin=subprocess.DEVNULL, capture_output=True, check=True, env=environment, process_group=group
        )
    except OSError as error:
        raise GitError(f"git can't be run: {error.strerror}; install it, or compare sides that need none") from None
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip() or f"nothing, and ended with {error.returncode}"
        raise GitError(f"git {words[0]} failed in {folder}; it said: {said}") from None
    return os.fsdecode(done.stdout)


def repository(folder: Path) -> Repository:
    """Find the repository of a folder, or raise GitError."""
    top = git(folder, "rev-parse", "--show-toplevel").removesuffix("\n")
    inside = git(folder, "rev-parse", "--show-prefix").removesuffix("\n")
    return Repository(Path(top), Path(inside))


def commit(folder: Path, revision: str) -> str:
    """Return the commit of a revision, in full, or raise GitError."""
    return git(folder, "rev-parse", "--verify", f"{revision}^{{commit}}").strip()


def state(folder: Path) -> State:
    """Return what a folder holds; one without a repository, or without git, is as good as any."""
    try:
        top = repository(folder).top
    except GitError:
        return State(folder)
    try:
        head = commit(folder, "HEAD")
    except GitError:
        return State(top)
    # the lock that git takes by default would be in the way of a person who commits at the same moment
    changes = git(folder, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return State(top, head, bool(changes))


PREFIX = "paceline-ab-"
_LOCK = "paceline-in-use"


@dataclass(frozen=True)
class Checkout:
    """A revision's files."""

    top: Path  # where they begin
    folder: Path  # the same place in them as that which the comparison was started from
    scratch: Path  # a folder beside them, which goes with them
    commit: str  # theirs, in full


@contextmanager
def checked_out(revision: str, start: Path, report: Callable[[str], None]) -> Iterator[Checkout]:
    """Check a revision out for as long as the context lasts; remove first what killed processes have left of theirs.

    Args:
        revision: anything that git calls a commit.
        start: a folder of the repository; `report` takes what can't be removed.

    Raises:
        SideError: if there is no git, no repository, no such revision, or if the revision lacks that folder.
    """
    found = _repository(revision, start)
    checked = _commit(revision, start)
    _sweep(found.top)
    with _place_for_tree(found.top, report) as tree:
        git(found.top, "worktree", "add", "--detach", tree, checked)
        folder = tree / found.inside
        if not folder.is_dir():
            raise SideError(f"rev:{revision} has no folder {found.inside}; start from one that both sides have")
        yield Checkout(tree, folder, tree.parent, checked)


def _repository(revision: str, start: Path) -> Repository:
    try:
        return repository(start)
    except GitError as error:
        raise SideError(f"rev:{revision} needs the git repository of {start}: {error}") from None


def _commit(revision: str, start: Path) -> str:
    try:
        return commit(start, revision)
    except GitError as error:
        raise SideError(
            f"rev:{revision} is no commit here: {error}; `git branch --all` lists the branches (one that only the "
            "remote has is rev:origin/NAME), and a shallow clone lacks most commits: `git fetch --unshallow`, "
            "in CI `fetch-depth: 0` for the checkout"
        ) from None


@contextmanager
def _place_for_tree(top: Path, report: Callable[[str], None]) -> Iterator[Path]:
    """Name a folder in a temporary one, which is locked while this process lives and goes with all that is in it."""
    temporary = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
    scratch = Path(temporary.name).resolve()  # as git writes it
    tree = scratch / (top.name or "tree")  # pytest and some builds take a folder's name for a package's

    def clear() -> None:
        temporary.cleanup()
        try:
            if tree in _worktrees(top):
                _forget(top, tree)
        except (GitError, OSError) as error:  # nothing that was measured may be lost by it
            report(f"{scratch} could not be removed, remove it by hand: {error}")

    with (scratch / _LOCK).open("wb") as lock, ended_by(clear):
        _lock(lock)
        yield tree


def _lock(file: BinaryIO) -> None:
    import fcntl  # which Windows lacks, where this module is imported all the same

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _worktrees(top: Path) -> list[Path]:
    lines = git(top, "worktree", "list", "--porcelain").splitlines()
    return [Path(line.removeprefix("worktree ")) for line in lines if line.startswith("worktree ")]


def _sweep(top: Path) -> None:
    """Remove the worktrees of processes that were killed."""
    for tree in _worktrees(top):
        if tree.parent.name.startswith(PREFIX) and _abandoned(tree.parent):
            shutil.rmtree(tree.parent, ignore_errors=True)
            with suppress(GitError, OSError):  # what can't be removed is in nobody's way
                _forget(top, tree)


def _abandoned(scratch: Path) -> bool:
    if not scratch.exists():
        return True
    try:
        with (scratch / _LOCK).open("rb") as lock:
            _lock(lock)
    except OSError:  # it is locked, or not one of ours
        return False
    return True


def _forget(top: Path, tree: Path) -> None:
    """Let git forget a worktree whose folder is gone; twice forced, since one whose making was interrupted is locked.

    Not by `git worktree prune`: it also forgets those of other people that are only out of sight, on a disk that isn't
    mounted or outside of a container.
    """
    tree.parent.mkdir()  # git finds no path whose parent is gone
    try:
        git(top, "worktree", "remove", "--force", "--force", tree, own_group=True)
    finally:
        tree.parent.rmdir()
