"""A function in a fresh interpreter: what comes back, and that nothing stays."""

import os
import signal
import subprocess
import sys

import far
import psutil
import pytest
from processes import alive, python, until

from paceline.child import processes

pytestmark = pytest.mark.core

CALLER = "import sys; sys.path.append({tests!r}); import pathlib; from paceline.child import processes; "


def test_a_result_comes_back():
    assert processes.call("far:add", 2, right=3) == 5


def test_the_interpreter_is_fresh_and_has_one_thread():
    pid, threads, with_pytest, with_psutil = processes.call("far:where")
    assert pid != os.getpid()
    assert threads == 1
    assert not with_pytest
    assert not with_psutil, "it has imported what only its caller needs"


def test_an_error_comes_back_as_it_was_raised_with_a_note_on_where():
    with pytest.raises(ZeroDivisionError, match=r"^no such luck") as caught:
        processes.call("far:curse", "no such luck")
    assert "far:curse" in caught.value.__notes__[0]
    assert "in curse" in caught.value.__notes__[0]


def test_what_the_function_prints_is_no_answer():
    assert processes.call("far:chatter") == "an answer"


def test_a_function_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="nowhere"):
        processes.call("far:nowhere")


def test_an_interpreter_that_dies_is_told_with_its_last_word():
    with pytest.raises(processes.LostError, match="far:die gave no answer: .* signal 9: the last word"):
        processes.call("far:die")


def test_a_function_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    with pytest.raises(processes.LostError, match="hung: no answer within 2 s"):
        processes.call("far:hang_with_a_child", tmp_path / "pids", timeout=2.0)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not alive(pids), "all that it started to end")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_outlives_the_caller(tmp_path, how):
    log = tmp_path / "pids"
    code = CALLER.format(tests=os.path.dirname(far.__file__))  # noqa: PTH120
    call = f"processes.call('far:hang_with_a_child', pathlib.Path({str(log)!r}))"
    with python("-c", code + call, stderr=subprocess.DEVNULL) as caller:
        until(lambda: log.exists() and len(log.read_text().split()) == 2, "the function to start")
        caller.send_signal(how)
        caller.wait()
    interpreter, child = map(int, log.read_text().split())
    until(lambda: not alive([interpreter]), "the interpreter to end")
    if how == signal.SIGINT:
        until(lambda: not alive([child]), "what it started to end")
    elif alive([child]):
        psutil.Process(child).kill()  # a plain sleep: only what watches its parent ends with it


def test_the_interpreter_imports_from_where_the_caller_does(tmp_path, monkeypatch):
    (tmp_path / "lonely.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert processes.call("lonely:answer") == 42
    assert "lonely" not in sys.modules


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A function that makes a folder the one for temporary files, of this process and those that it starts."""

    def change(*names):
        folder = tmp_path.joinpath(*names)
        folder.mkdir(parents=True)
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr("tempfile.tempdir", None)
        return folder

    return change


def test_an_interpreter_that_dies_leaves_no_temporary_files(temporary):
    folder = temporary("short")
    with pytest.raises(processes.LostError):
        processes.call("far:die_with_a_folder")
    assert list(folder.iterdir()) == []


def test_a_fork_server_starts_however_long_the_path_of_temporary_files_is(temporary):
    temporary("long" * 20, "longer" * 10)
    assert processes.call("far:fork_from_a_server") == 0
