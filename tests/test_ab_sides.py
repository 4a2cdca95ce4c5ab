"""The sides of a comparison, from what was typed to what can be run, with real git repositories."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import PATIENCE, alive, python, until

from paceline.ab import sides
from paceline.ab.git import SideError
from paceline.ab.sides import SideSpec, parse, place, prepared

ME = ("-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
ALONE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "PYTHONPATH")


def git(folder, *words):
    done = subprocess.run(["git", *ME, "-C", folder, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(folder, value):
    package = folder / "src" / "pkg"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(f"VALUE = {value!r}\n")


def commit(folder, message="more"):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary folder of our own, to see what is left in it; no repository and no path from outside."""
    for name in ALONE:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


@pytest.fixture
def repository(tmp_path):
    """A package whose first revision, tagged `first`, says "committed", and whose working tree says "changed"."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    write(folder, "committed")
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "test_it.py").write_text("")
    commit(folder)
    git(folder, "tag", "first")
    write(folder, "changed")
    return folder


@contextmanager
def side(text, start, *, install=False, told=None):
    lines = [] if told is None else told
    with prepared(parse(text), "baseline", start, install, lines.append) as ready:
        yield ready


def value(ready):
    """What the side's own Python finds in the side's own package."""
    return subprocess.run(
        [ready.python, "-c", "import pkg; print(pkg.VALUE)"],
        cwd=ready.folder,
        env={**os.environ, **ready.environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def worktrees(folder):
    return git(folder, "worktree", "list", "--porcelain").split("\n\n")


def program(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


# What was typed


def test_a_side_is_a_place_then_variables_then_options():
    assert parse(". SLOW=1 --client raw") == SideSpec(
        ". SLOW=1 --client raw", "tree", ".", {"SLOW": "1"}, ("--client", "raw")
    )


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("rev:main", "rev", "main"),
        ("rev:HEAD~2", "rev", "HEAD~2"),
        ("'rev:main@{1 week ago}'", "rev", "main@{1 week ago}"),
        ("python:/usr/bin/python3", "python", "/usr/bin/python3"),
        (".", "tree", "."),
    ],
)
def test_every_place_is_known(text, kind, name):
    wanted = parse(text)
    assert (wanted.kind, wanted.name, wanted.environment, wanted.options) == (kind, name, {}, ())


def test_values_keep_their_quoted_spaces_and_equals_signs():
    assert parse(""". NAME="two words" FLAGS=a=b EMPTY=""").environment == {
        "NAME": "two words",
        "FLAGS": "a=b",
        "EMPTY": "",
    }


def test_an_option_may_be_followed_by_what_looks_like_a_variable():
    assert parse(". --override-ini addopts=-v X=1").options == ("--override-ini", "addopts=-v", "X=1")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a side is empty; write rev:REVISION"),
        ("  ", "a side is empty"),
        ("main", "'main' is no place; .*rev:main"),
        ("rev:", "names no revision"),
        ("rev:--help", "names no revision"),
        ("python:", "names no Python"),
        ("SLOW=1", r"it begins with its place, as in '\. SLOW=1'"),
        ("--client raw", r"as in '\. --client raw'"),
        (". raw", "'raw' is neither NAME=VALUE nor a pytest option"),
        (". 1X=2", "'1X=2' is neither"),
        (". =2", "'=2' is neither"),
        (". SLOW=1 SLOW=2", "sets SLOW twice"),
        ("rev:'main", "close every quote"),
    ],
)
def test_nonsense_is_answered_with_what_to_write(text, complaint):
    with pytest.raises(SideError, match=complaint):
        parse(text)


# The working tree


def test_the_working_tree_is_imported_as_it_is(repository):
    with side(". SLOW=1", repository) as ready:
        assert (ready.folder, ready.python) == (repository, Path(sys.executable))
        assert ready.environment["SLOW"] == "1"
        assert value(ready) == "changed"
        assert place(ready) == "working tree"


def test_a_changed_file_makes_the_working_tree_dirty(repository):
    with side(".", repository) as ready:
        assert (ready.commit, ready.dirty) == (git(repository, "rev-parse", "first"), True)


def test_a_file_that_git_does_not_know_makes_nothing_dirty(repository):
    git(repository, "checkout", "--quiet", ".")
    (repository / "notes.txt").write_text("mine")
    with side(".", repository) as ready:
        assert not ready.dirty


def test_a_folder_needs_no_repository(tmp_path):
    write(tmp_path, "alone")
    with side(".", tmp_path) as ready:
        assert (ready.commit, ready.dirty, value(ready)) == (None, False, "alone")


def test_the_working_tree_needs_no_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with side(".", repository) as ready:
        assert (ready.commit, ready.dirty) == (None, False)


def test_a_repository_without_a_commit_has_none(tmp_path):
    git(tmp_path, "init", "--quiet")
    with side(".", tmp_path) as ready:
        assert ready.commit is None


@pytest.mark.parametrize("text", [".", "rev:first"])
def test_its_own_code_comes_before_the_path_that_was_set(text, repository, tmp_path, monkeypatch):
    write(tmp_path / "other", "other")
    other = str(tmp_path / "other" / "src")
    monkeypatch.setenv("PYTHONPATH", other)
    with side(text, repository) as ready:
        assert value(ready) != "other"
        assert ready.environment["PYTHONPATH"].endswith(os.pathsep + other)
    with side(f"{text} PYTHONPATH=mine", repository) as ready:
        assert ready.environment["PYTHONPATH"].endswith(os.pathsep + "mine")
        assert other not in ready.environment["PYTHONPATH"]


def test_a_folder_that_no_path_can_hold_is_refused(tmp_path):
    folder = tmp_path / "a:b"
    folder.mkdir()
    with pytest.raises(SideError, match="use another folder"), side(".", folder):
        pass


# A revision


def test_a_revision_runs_its_own_code_in_its_own_folder(repository):
    with side("rev:first SLOW=1 -x", repository) as ready:
        assert ready.folder not in (repository, *repository.parents)
        assert ready.folder.name == "project"
        assert ready.python == Path(sys.executable)
        assert value(ready) == "committed"
        assert ready.environment["SLOW"] == "1"
        assert (ready.commit, ready.dirty) == (git(repository, "rev-parse", "first"), False)
        assert place(ready) == "revision first"
    with side(".", repository) as ready:
        assert value(ready) == "changed"


@pytest.mark.parametrize("folder", ["python", "packages/x/src"])
def test_a_revision_runs_its_own_code_where_an_editable_install_leads_to_the_working_tree(
    folder, repository, monkeypatch
):
    (repository / folder).mkdir(parents=True)
    (repository / "src" / "pkg").rename(repository / folder / "pkg")
    commit(repository)
    (repository / folder / "pkg" / "__init__.py").write_text("VALUE = 'changed again'")
    monkeypatch.syspath_prepend(repository / folder)  # as the line of an installed .pth file does
    monkeypatch.setenv("PYTHONPATH", str(repository / folder))
    with side("rev:HEAD", repository) as baseline, side(".", repository / "benchmarks") as candidate:
        assert (value(baseline), value(candidate)) == ("changed", "changed again")


def test_nothing_is_left_of_a_revision(repository, temporary):
    with side("rev:first", repository):
        assert len(worktrees(repository)) == 2
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_error_which_goes_on(error, repository, temporary):
    with pytest.raises(error, match="mine"), side("rev:first", repository):
        raise error("mine")
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_what_a_session_leaves_goes_too(repository, temporary):
    with side("rev:first", repository) as ready:
        (ready.folder / "src" / "pkg" / "__init__.py").write_text("changed by a test")
        locked = ready.folder / "results"
        locked.mkdir()
        (locked / "file").write_text("")
        locked.chmod(0o555)
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_a_damaged_worktree_goes_too(repository, temporary):
    with side("rev:first", repository) as ready:
        (ready.folder / ".git").unlink()
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_two_revisions_stand_side_by_side(repository):
    write(repository, "second")
    commit(repository)
    with side("rev:first", repository) as one, side("rev:HEAD", repository) as other:
        assert (value(one), value(other)) == ("committed", "second")


def test_the_baseline_may_be_the_commit_that_is_checked_out(repository):
    branch = git(repository, "symbolic-ref", "--short", "HEAD")
    with side(f"rev:{branch}", repository) as ready:
        assert value(ready) == "committed"


@pytest.mark.parametrize("text", [".", "rev:first"])
def test_a_folder_inside_keeps_its_place_and_finds_the_code_of_the_whole(text, repository):
    start = repository / "benchmarks"
    with side(text, start) as ready:
        assert ready.folder.name == "benchmarks"
        assert (ready.folder / "test_it.py").exists()
        assert value(ready) == ("changed" if text == "." else "committed")


def test_a_folder_that_the_revision_lacks_is_named(repository, temporary):
    (repository / "newer").mkdir()
    with pytest.raises(SideError, match="rev:first has no folder newer"), side("rev:first", repository / "newer"):
        pass
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_an_unknown_revision_comes_with_what_to_do(repository):
    with pytest.raises(SideError, match="rev:nowhere is no commit here: .*origin/NAME.*fetch-depth: 0"):  # noqa: SIM117
        with side("rev:nowhere", repository):
            pass


def test_a_revision_needs_a_repository(tmp_path):
    with pytest.raises(SideError, match="rev:main needs the git repository of .*not a git repository"):  # noqa: SIM117
        with side("rev:main", tmp_path):
            pass


def test_a_revision_needs_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SideError, match="git can't be run: .*install it"), side("rev:first", repository):
        pass


def test_no_hook_runs(repository, tmp_path):
    program(repository / ".git" / "hooks" / "post-checkout", f"touch {tmp_path}/ran")
    with side("rev:first", repository):
        pass
    assert not (tmp_path / "ran").exists()


def test_the_repository_is_the_folders_own_in_a_hook_of_another(repository, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(other / ".git"))
        hook.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
        with side("rev:first", repository) as ready:
            assert value(ready) == "committed"
    assert git(repository, "status", "--porcelain") == "M src/pkg/__init__.py"


KILLED = """
import os, signal, sys
from pathlib import Path
from paceline.ab.sides import parse
from paceline.ab.sides import prepared
with prepared(parse("rev:first"), "baseline", Path(sys.argv[1]), False, print):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_with_the_next_one(repository, temporary):
    with python("-c", KILLED, repository) as process:
        process.wait(PATIENCE)
    assert process.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    assert len(worktrees(repository)) == 2
    with side("rev:first", repository):
        assert not left.exists()
        assert len(worktrees(repository)) == 2
    assert len(worktrees(repository)) == 1


def test_a_worktree_of_ours_whose_folder_is_gone_is_forgotten(repository, tmp_path):
    gone = tmp_path / "paceline-ab-gone" / "project"
    git(repository, "worktree", "add", "--detach", str(gone))
    shutil.rmtree(gone.parent)
    with side("rev:first", repository):
        assert len(worktrees(repository)) == 2
    assert not gone.parent.exists()


def test_worktrees_of_other_people_stay_in_sight_or_out_of_it(repository, tmp_path):
    mine, away = tmp_path / "paceline-ab-mine" / "project", tmp_path / "away"
    git(repository, "worktree", "add", "--detach", str(mine))
    git(repository, "worktree", "add", "--detach", str(away))
    away.rename(tmp_path / "moved")
    with side("rev:first", repository):
        pass
    assert (mine / "src").exists()
    assert len(worktrees(repository)) == 3


def slow_git(folder, command):
    """An environment whose git, before it runs a command, makes a file `begun` and waits for another, `go`."""
    folder.mkdir()
    real = shutil.which("git")
    wait = f"touch {folder}/begun; until [ -e {folder}/go ]; do sleep 0.01; done"
    program(folder / "git", f'case "$*" in *"{command}"*) {wait};; esac\nexec {real} "$@"')
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


INTERRUPTED = """
import sys
from pathlib import Path
from paceline.ab.sides import parse
from paceline.ab.sides import prepared
try:
    with prepared(parse(sys.argv[2]), "baseline", Path(sys.argv[1]), False, print):
        if sys.argv[3:]:
            raise ValueError("the first error")
except BaseException as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("words", "said"), [([], "KeyboardInterrupt"), (["error"], "ValueError the first error")])
def test_ctrl_c_waits_for_the_removal_and_hides_no_error(words, said, repository, tmp_path, temporary):
    slow = tmp_path / "slow"
    environment = slow_git(slow, "worktree remove")
    with python(
        "-c",
        INTERRUPTED,
        repository,
        "rev:first",
        *words,
        env=environment,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        until((slow / "begun").exists, "the removal to begin")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all of its group
        (slow / "go").touch()
        told, _ = process.communicate(timeout=PATIENCE)
    assert told.splitlines()[-1].strip() == said
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_ctrl_c_while_a_revision_is_checked_out_leaves_nothing(repository, tmp_path, temporary):
    slow = tmp_path / "slow"
    environment = slow_git(slow, "worktree add")
    command = ("-c", INTERRUPTED, repository, "rev:first")
    with python(*command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
        until((slow / "begun").exists, "the checkout to begin")
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE)
    assert told.splitlines()[-1].strip() == "KeyboardInterrupt"
    assert len(worktrees(repository)) == 1
    assert not list(temporary.iterdir())


def test_a_removal_works_outside_of_the_main_thread_too(repository, temporary):
    seen = []

    def work():
        with side("rev:first", repository) as ready:
            seen.append(value(ready))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["committed"]
    assert not list(temporary.iterdir())


# Another Python


def test_another_python_runs_the_working_tree(repository):
    with side(f"python:{sys.executable} SLOW=1", repository) as ready:
        assert ready.python == Path(sys.executable)
        assert value(ready) == "changed"
        assert ready.dirty
        assert place(ready) == f"Python {sys.executable}"


def test_another_python_is_found_from_the_folder_and_by_name(repository, monkeypatch):
    wrapper = program(repository / "mine", f'exec {sys.executable} "$@"')
    with side("python:./mine", repository) as ready:
        assert ready.python == wrapper
    monkeypatch.setenv("PATH", str(repository), prepend=os.pathsep)
    wrapper.rename(repository / "python-mine")
    with side("python:python-mine", repository / "benchmarks") as ready:
        assert ready.python == repository / "python-mine"


def test_a_python_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(SideError, match="python:nowhere is no program"), side("python:nowhere", tmp_path):
        pass


def test_for_an_environments_folder_its_python_is_proposed(tmp_path):
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").write_text("")
    with pytest.raises(SideError, match="write python:env/bin/python"), side("python:env", tmp_path):
        pass


def test_a_python_without_pytest_is_told_with_what_to_do(tmp_path):
    other = program(tmp_path / "python", "echo \"ModuleNotFoundError: No module named 'pytest_benchmark'\"; exit 1")
    with (
        pytest.raises(SideError, match=f"named 'pytest_benchmark'; .*{other} -m pip install pytest pytest-benchmark"),
        side(f"python:{other}", tmp_path),
    ):
        pass


def test_a_file_that_does_not_run_is_no_python(tmp_path):
    other = tmp_path / "python"
    other.write_bytes(b"\x7fELF")
    other.chmod(0o755)
    with pytest.raises(SideError, match="can't be run: Exec format error"), side(f"python:{other}", tmp_path):
        pass


def test_a_python_that_hangs_is_given_up_with_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sides, "IMPORT_TIMEOUT", 0.5)
    other = program(tmp_path / "python", f"sleep 1000 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(SideError, match="did not import pytest within 0.5 s"), side(f"python:{other}", tmp_path):
        pass
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not alive([pid]), "its child to end")


def test_ctrl_c_while_a_python_is_tried_ends_it_with_all_that_it_started(tmp_path):
    other = program(tmp_path / "python", f"sleep 1000 & echo $! > {tmp_path}/pid; touch {tmp_path}/begun; wait")
    with python("-c", INTERRUPTED, tmp_path, f"python:{other}", stdout=subprocess.PIPE) as process:
        until((tmp_path / "begun").exists, "the other Python to begin")
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE)
    assert told.strip() == "KeyboardInterrupt"
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not alive([pid]), "its child to end")


# An environment of its own


def test_a_lock_is_installed_as_it_stands(tmp_path):
    (tmp_path / "requirements.lock").write_text("")
    first, second = sides.install_steps(Path("python"), tmp_path)
    assert first[-3:] == ["--require-hashes", "-r", "requirements.lock"]
    assert second[-4:] == ["--no-deps", "--no-build-isolation", "-e", "."]


def test_without_a_lock_pytest_is_installed_beside_the_project(tmp_path):
    (step,) = sides.install_steps(Path("python"), tmp_path)
    assert step[-4:] == ["-e", ".", "pytest", "pytest-benchmark"]


def test_a_revision_that_can_t_be_installed_says_why_and_leaves_nothing(repository, temporary):
    (repository / "requirements.lock").write_text("")  # of the working tree, not of the revision
    told = []
    with (
        pytest.raises(SideError, match=r"(?s)rev:first can't be installed.*pip .*install -e .*pyproject.toml"),
        side("rev:first", repository, install=True, told=told),
    ):
        pass
    assert told == ["baseline: checking out revision first ...", "baseline: installing revision first ..."]
    assert not list(temporary.iterdir())


def test_only_a_revision_with_an_environment_of_its_own_is_installed(repository, monkeypatch):
    monkeypatch.setattr(sides, "install_revision", lambda *_: Path(sys.executable))  # the real one takes a network
    with side("rev:first", repository, install=True) as own, side("rev:first", repository) as shared:
        assert (own.installed, shared.installed) == (True, False)
    with side(".", repository, install=True) as tree:
        assert not tree.installed


AT_THE_START = """
import os, signal, sys, time
from pathlib import Path
starting = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and args[0] in sys.argv[2] and starting.append(1))
read = os.read
def reading(*args):  # as Popen does, to hear whether the program could be run
    if starting:
        while not Path(sys.argv[1], "begun").exists():
            time.sleep(0.01)
        os.read = read
        os.kill(os.getpid(), signal.SIGINT)
    return read(*args)
os.read = reading
"""


def test_ctrl_c_while_a_python_is_started_ends_it_too(tmp_path):
    other = program(tmp_path / "python", f"echo $$ > {tmp_path}/pid; touch {tmp_path}/begun; exec sleep 1000")
    with python("-c", AT_THE_START + INTERRUPTED, tmp_path, f"python:{other}", stdout=subprocess.PIPE) as process:
        told, _ = process.communicate(timeout=PATIENCE)
    assert told.strip() == "KeyboardInterrupt"
    assert alive([int((tmp_path / "pid").read_text())]) == []
