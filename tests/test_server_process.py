"""The server's process: it starts, says so, and never outlives who wanted it."""

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest
import requests
from processes import PATIENCE
from server_raw import Raw, until

from paceline.server import process as process_module
from paceline.server import process as server_child
from paceline.server.process import ServerError, running

COMMAND = [sys.executable, "-m", "paceline", "serve"]


@contextmanager
def shell(*arguments, stdin=subprocess.DEVNULL):
    """A server as a shell would start it."""
    started = subprocess.Popen([*COMMAND, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with started:
        try:
            yield started, json.loads(started.stdout.readline())
        finally:
            started.kill()


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_server_started_from_a_shell_runs_until_a_signal_whatever_its_stdin_is(end):
    with shell() as (started, said):
        assert said["pid"] == started.pid
        assert requests.get(f"{said['url']}/item/1?size=1", timeout=20).content == b"1"
        started.send_signal(end)
        assert started.wait(20) == 0
        assert started.stderr.read() == b""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_server_that_is_serving(end):
    with (
        shell() as (started, said),
        Raw(said["url"]) as waiting,
        Raw(said["url"]) as reading,
    ):
        waiting.get("/item/1?latency=600")
        reading.get("/item/1?size=64000000")
        until(lambda: requests.get(f"{said['url']}/-/ledger", timeout=20).json()["in_flight"] == 2)
        started.send_signal(end)
        assert started.wait(20) == 0
        assert started.stderr.read() == b""


def test_a_server_that_watches_stdin_leaves_ctrl_c_alone_and_ends_with_stdin():
    with shell("--until-stdin-closes", stdin=subprocess.PIPE) as (started, said):
        started.send_signal(signal.SIGINT)
        assert requests.get(f"{said['url']}/item/1?size=1", timeout=20).content == b"1"
        started.stdin.close()
        assert started.wait(20) == 0
        assert started.stderr.read() == b""


def test_a_server_that_watches_a_stdin_at_its_end_ends_at_once():
    with shell("--until-stdin-closes") as (started, _):
        assert started.wait(20) == 0


def test_a_server_that_cannot_listen_says_why_in_one_sentence():
    command = [*COMMAND, "--host", "192.0.2.1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("paceline serve: can't listen at 192.0.2.1 port 0: ")
    assert ended.stderr.count("\n") == 1


def test_a_port_in_use_is_named():
    with running() as server:
        port = server.url.rpartition(":")[2]
        ended = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 1
    assert f"can't listen at 127.0.0.1 port {port}: " in ended.stderr
    assert "in use; choose another, or port 0 for a free one" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", process_module.KINDS)
def test_nobody_is_left_when_the_context_ends(kind):
    with running(kind) as server:
        assert not gone(server.pid)
    assert gone(server.pid)


def test_nobody_is_left_after_an_error():
    with pytest.raises(KeyError), running() as server:
        raise KeyError
    assert gone(server.pid)


def test_a_server_that_does_not_stop_is_killed(monkeypatch):
    monkeypatch.setattr(server_child, "STOP_TIMEOUT", 0.1)
    with running() as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert gone(server.pid)


@pytest.mark.parametrize("kind", process_module.KINDS)
def test_the_server_is_gone_after_its_parent_was_killed(kind):
    script = f"from paceline.server.process import *\nwith running({kind!r}) as s: print(s.pid, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
    until(lambda: gone(pid))


def test_ctrl_c_at_a_terminal_does_not_reach_the_server():
    with running() as server:
        assert os.getpgid(server.pid) != os.getpgid(0)
        os.kill(server.pid, signal.SIGINT)
        assert server.ledger().requests == 0


def test_running_a_server_starts_no_thread_here():
    before = psutil.Process().num_threads()
    with running() as server:
        server.ledger()
        assert psutil.Process().num_threads() <= before  # fewer, when one of an earlier test's ends just now


def test_proxies_from_the_environment_are_not_asked(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with running() as server:
        assert server.ledger().requests == 0


def test_a_server_that_died_says_so():
    with running() as server:
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: gone(server.pid))
        with pytest.raises(ServerError, match=rf"the server \(pid {server.pid}\) has died with status -9"):
            server.ledger()


def test_a_server_that_hangs_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(process_module, "ANSWER_TIMEOUT", 0.2)
    with running() as server:
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(ServerError, match="still runs, but gave no answer"):
            server.ledger()
        os.kill(server.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("no_such_module", "No module named no_such_module"),
        ("this", "it said b'The Zen of Python"),
        ("tokenize", "said nothing within 0.5 s of its start"),
    ],
)
def test_a_server_that_does_not_start_is_quoted(monkeypatch, module, words):
    monkeypatch.setitem(process_module.KINDS, "instrument", (module,))
    timeout = 0.5 if module == "tokenize" else 30.0
    with pytest.raises(ServerError, match=words), running(start_timeout=timeout):
        pass


def test_a_server_that_can_say_nothing_any_more_is_not_said_to_be_late():
    mute = [sys.executable, "-c", "import os, signal; os.close(1); signal.pause()"]
    with subprocess.Popen(mute, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            with pytest.raises(ServerError, match="the server did not start: it said b''"):
                server_child.first_line(process, io.BytesIO(), 60.0)
        finally:
            process.kill()


def test_an_unknown_kind_and_a_peer_with_bandwidth_are_refused():
    with (
        pytest.raises(ValueError, match="no server 'nginx'; there are instrument, httpserver, aiohttp"),
        running("nginx"),
    ):
        pass
    with pytest.raises(ValueError, match="knows no bandwidth"), running("aiohttp", bandwidth=1.0):
        pass
