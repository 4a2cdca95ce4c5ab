"""
A revision's files in a temporary folder, gone at the end whatever happens.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from paceline.gate.ending import ended_by
from paceline.gate.repository import GitError, Repository, commit, git, repository
from paceline.gate.wanted import SideError

PREFIX = "paceline-ab-"
_LOCK = "paceline-in-use"


@dataclass(frozen=True)
class Checkout:
    """
    A revision's files.

    Args:
        top: where they begin.
        folder: the same place in them as that which the comparison was started from.
        scratch: a folder beside them, which goes with them.
        commit: theirs, in full.
    """

    top: Path
    folder: Path
    scratch: Path
    commit: str


@contextmanager
def checked_out(revision: str, start: Path, tell: Callable[[str], None]) -> Iterator[Checkout]:
    """
    Check a revision out for as long as the context lasts; remove first what killed processes have left of theirs.

    Args:
        revision: anything that git calls a commit.
        start: a folder of the repository.
        tell: is told what can't be removed.

    Raises:
        SideError: if there is no git, no repository, no such revision, or if the revision lacks that folder.
    """
    found = _repository(revision, start)
    wanted = _commit(revision, start)
    _sweep(found.top)
    with _place_for_tree(found.top, tell) as tree:
        git(found.top, "worktree", "add", "--detach", tree, wanted)
        folder = tree / found.inside
        if not folder.is_dir():
            raise SideError(f"rev:{revision} has no folder {found.inside}; start from one that both sides have")
        yield Checkout(tree, folder, tree.parent, wanted)


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
def _place_for_tree(top: Path, tell: Callable[[str], None]) -> Iterator[Path]:
    """
    Name a folder in a temporary one, which is locked for as long as this process lives and goes with all that is in it.
    """
    temporary = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
    scratch = Path(temporary.name).resolve()  # as git writes it
    tree = scratch / (top.name or "tree")  # pytest and some builds take a folder's name for a package's

    def clear() -> None:
        temporary.cleanup()
        try:
            if tree in _worktrees(top):
                _forget(top, tree)
        except (GitError, OSError) as error:  # nothing that was measured may be lost by it
            tell(f"{scratch} could not be removed, remove it by hand: {error}")

    with (scratch / _LOCK).open("wb") as lock, ended_by(clear):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield tree


def _worktrees(top: Path) -> list[Path]:
    lines = git(top, "worktree", "list", "--porcelain").splitlines()
    return [Path(line.removeprefix("worktree ")) for line in lines if line.startswith("worktree ")]


def _sweep(top: Path) -> None:
    """
    Remove the worktrees of processes that were killed.
    """
    for tree in _worktrees(top):
        if tree.parent.name.startswith(PREFIX) and _abandoned(tree.parent):
            shutil.rmtree(tree.parent, ignore_errors=True)
            with suppress(GitError, OSError):  # what can't be removed is in nobody's way
                _forget(top, tree)


def _abandoned(scratch: Path) -> bool:
    """
    Whether no living process has locked a folder.
    """
    if not scratch.exists():
        return True
    try:
        with (scratch / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is locked, or not one of ours
        return False
    return True


def _forget(top: Path, tree: Path) -> None:
    """
    Let git forget a worktree whose folder is gone; twice forced, since one whose making was interrupted is locked.

    Not by `git worktree prune`: it also forgets those of other people that are only out of sight, on a disk that isn't
    mounted or outside of a container.
    """
    tree.parent.mkdir()  # git finds no path whose parent is gone
    try:
        git(top, "worktree", "remove", "--force", "--force", tree, own_group=True)
    finally:
        tree.parent.rmdir()
