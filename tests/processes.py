"""Looking at processes from outside, for tests."""

import multiprocessing
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from paceline import cli

QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:pytest_httpserver")
"""For sessions of pytest within tests: importing hypothesis takes longer than most of them, and werkzeug a third."""

PATIENCE = 60.0  # seconds; far more than needed, so that a slow machine is not a failure
LONG_PATIENCE = 600.0  # the same for what starts dozens of processes, beside other tests that do so too


def until(condition, what):
    """Wait until `condition()` holds; fail saying `what` was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.01)


def alive(pids):
    """Those of `pids` that still run (a zombie has ended)."""
    return [pid for pid in pids if psutil.pid_exists(pid) and _status(pid) != psutil.STATUS_ZOMBIE]


def _status(pid):
    try:
        return psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE


def family(pid):
    """All descendants of `pid`."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def grown(process, least):
    """All descendants of a process, as soon as there are so many."""
    until(lambda: len(family(process.pid)) >= least, f"{least} processes")
    return family(process.pid)


def assert_all_end(process, how, least):
    """Send a process a signal once it has so many descendants: it ends by it, without a traceback, and they with it."""
    pids = grown(process, least)
    process.send_signal(how)
    said = process.stderr.read()
    assert process.wait() == (130 if how == signal.SIGINT else -how)
    assert "Traceback" not in said
    until(lambda: not alive(pids), "all processes to end")


def open_files():
    return len([*Path("/proc/self/fd").iterdir()])


def limited(size):
    """The beginning of a program that can write no files beyond so many bytes.

    It compiles no modules: CPython would keep what fits of one, and every other process would fail to read that.
    """
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
    return f"import resource, sys; sys.dont_write_bytecode = True; {limit}"


@contextmanager
def leaving_nobody():
    """Check that no worker outlives the block: neither process nor thread."""
    before = family(os.getpid())
    yield
    until(lambda: threading.active_count() == 1, f"{threading.enumerate()} to end")
    assert multiprocessing.active_children() == []
    left = [pid for pid in family(os.getpid()) if pid not in before and not _is_resource_tracker(pid)]
    assert alive(left) == []


def _is_resource_tracker(pid):
    return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()


@contextmanager
def python(*arguments, started_by=(), **options):
    """A Python process of our own; whatever happens, it is gone at the end."""
    with subprocess.Popen([*started_by, sys.executable, *map(str, arguments)], text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


OF_ANOTHER_VERSION = """-c "
import sys, paceline
paceline.__version__ = '0.0.9'
from paceline.cli import main
sys.exit(main(sys.argv[4:]))
"
"""


def python_with(folder, words):
    """Write a Python that takes these words before all others, and return its path."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words.strip()} "$@"\n')
    path.chmod(0o755)
    return path


def command(capsys, *words):
    """Run a command in this process: one that only says what is wrong with its words needs no other."""
    try:
        status = cli.main([*map(str, words)])
    except SystemExit as ended:
        status = ended.code
    out, err = capsys.readouterr()
    return subprocess.CompletedProcess(words, status, out, err)


def let_go_together(processes):
    """Close the standard input of processes once each has written a line, and wait until all have ended well."""
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.close()
    for process in processes:
        assert process.wait(timeout=LONG_PATIENCE) == 0, process.stderr.read()
        process.stdout.close()
        process.stderr.close()


@contextmanager
def small_disk(folder):
    """A disk of 64 KiB in a new folder, where one may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def terminal(*arguments, **options):
    """A Python process in the foreground of a terminal; gives it and the terminal's other end."""
    ours, its = pty.openpty()
    try:
        with python(
            *arguments,
            started_by=("setsid", "--ctty"),  # a function of ours in the child would take a fork, beside threads or not
            stdin=its,
            stdout=its,
            stderr=its,
            env={**os.environ, "NO_COLOR": "1"},
            **options,
        ) as process:
            os.close(its)
            its = None
            yield process, ours
    finally:
        os.close(ours)
        if its is not None:
            os.close(its)


def assert_ctrl_c_ends(*arguments, least, **options):
    """Ctrl-C at a terminal ends a command with 130, and all of the `least` processes or more that it has started."""
    with terminal(*arguments, **options) as (process, ours):
        pids = grown(process, least=least)
        os.write(ours, b"\x03")
        shown = everything_from(ours)
        assert process.wait() == 130
    assert "Traceback" not in shown
    until(lambda: not alive(pids), "all processes to end")


def everything_from(descriptor):
    """What a terminal showed until its last process left it."""
    seen = b""
    while True:
        try:
            piece = os.read(descriptor, 1 << 16)
        except OSError:  # Linux ends a pty this way
            piece = b""
        if not piece:
            return seen.decode()
        seen += piece
