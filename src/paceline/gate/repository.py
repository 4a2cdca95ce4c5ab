"""
What git says of a folder.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from paceline.gate.wanted import SideError

_SAFE = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
"""No hook runs and no daemon starts in a checkout that lives for minutes."""
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git sets for hooks, and what would lead us from the folder's own repository to theirs."""


class GitError(SideError):
    """
    Git can't be run, or fails; ends with its own words.
    """


@dataclass(frozen=True)
class Repository:
    """
    The repository that a folder lies in.

    Args:
        top: the folder it begins with.
        inside: where in it the folder is; "." at the top.
    """

    top: Path
    inside: Path


@dataclass(frozen=True)
class State:
    """
    What a folder holds.

    Args:
        top: where its project begins: the repository's top, or the folder itself outside of one.
        commit: the commit that is checked out, in full; None outside of a repository and before the first one.
        dirty: whether tracked files differ from it.
    """

    top: Path
    commit: str | None = None
    dirty: bool = False


def git(folder: Path, *words: str | Path, own_group: bool = False) -> str:
    """
    Run git in a folder, and give what it writes.

    Args:
        folder: any folder of a repository.
        words: the command and its arguments.
        own_group: keep the Ctrl-C of a terminal from it.

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
    """
    Find the repository of a folder.

    Raises:
        GitError: if there is none.
    """
    top = git(folder, "rev-parse", "--show-toplevel").removesuffix("\n")
    inside = git(folder, "rev-parse", "--show-prefix").removesuffix("\n")
    return Repository(Path(top), Path(inside))


def commit(folder: Path, revision: str) -> str:
    """
    Give the commit of a revision, in full.

    Raises:
        GitError: if there is none.
    """
    return git(folder, "rev-parse", "--verify", f"{revision}^{{commit}}").strip()


def state(folder: Path) -> State:
    """
    Say what a folder holds; one without a repository, or without git, is as good as any.
    """
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
