"""One of several workers can't open its session, or can't close it: what becomes of the others."""

import asyncio
import multiprocessing
import os
import tempfile
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from probes import Probe, ProbeError

from paceline.strategies import STRATEGIES, WorkerDied
from paceline.strategies.loops import LoopsInProcesses
from paceline.strategies.ray import Ray
from paceline.strategies.threads import Threads, ToThread

pytestmark = pytest.mark.core

WORKERS = 3
SEVERAL = ["threads", "to-thread", "loops-in-threads", "interpreters", "gevent"]  # sessions, all in this process


@pytest.fixture(params=[strategy for strategy in STRATEGIES if strategy.name in SEVERAL], ids=lambda each: each.name)
def strategy(request):
    if why := request.param.unavailable():
        pytest.skip(why)
    return request.param


class Session:
    """One that is closed by who closes it, and by nobody else: a generator's would be when it is collected."""

    def __init__(self, say, run):
        self._say, self._run = say, run

    def __enter__(self):
        self._say("open")
        return self._run

    def __exit__(self, *_):
        self._say("close")

    async def __aenter__(self):
        self._say("open")
        return self._run

    async def __aexit__(self, *_):
        self._say("close")


@dataclass(frozen=True)
class OneFails(Probe):
    """Fails in one worker where the others say `word`, in the first that comes to it; the others take their time."""

    word: str
    seconds: float = 0.0

    def worker(self):
        return Session(self._say, partial(self._one, time.sleep))

    def async_worker(self, concurrency):  # noqa: ARG002
        return Session(self._say, partial(self._one_async, asyncio.sleep))

    def gevent_worker(self):
        import gevent

        return Session(lambda word: self._say(word, lambda: id(gevent.getcurrent())), partial(self._one, gevent.sleep))

    def _say(self, word, who=threading.get_ident):
        if word == self.word:
            if self._is_first():
                raise ProbeError(f"one does not {word}")
            time.sleep(self.seconds)
        super()._say(word, who)

    def _is_first(self):
        try:
            os.close(os.open(self.log.with_suffix(".first"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def test_where_one_worker_cannot_open_its_session_the_others_close_theirs(strategy, tmp_path):
    work = OneFails(tmp_path / "log", "open")
    with pytest.raises(ProbeError, match="^one does not open$"), strategy(work, WORKERS, **loops(strategy)):
        pytest.fail("entered with a worker missing")
    assert sorted(work.lines("close")) == sorted(work.lines("open"))
    assert threading.active_count() == 1


def test_where_one_worker_cannot_close_its_session_the_others_close_theirs(strategy, tmp_path):
    work = OneFails(tmp_path / "log", "close")
    with pytest.raises(ProbeError, match="^one does not close$"), strategy(work, WORKERS, **loops(strategy)) as started:
        assert started.map(range(5)) == list(range(1, 6))
    assert len(work.lines("open")) == WORKERS
    assert len(work.lines("close")) == WORKERS - 1
    assert set(work.lines("close")) < set(work.lines("open"))
    assert threading.active_count() == 1


@pytest.mark.parametrize("strategy", [Threads, ToThread], ids=lambda each: each.name)
def test_where_one_thread_cannot_close_its_session_those_still_at_work_close_theirs(strategy, tmp_path):
    work = OneFails(tmp_path / "log", "close")
    with pytest.raises(ProbeError, match="^one does not close$"), strategy(work, WORKERS) as started:
        started.map([("fail", "this one is done"), ("sleep", 0.5, None), ("sleep", 0.5, None)])
    assert len(work.lines("close")) == WORKERS - 1


def test_where_one_process_cannot_close_its_session_the_others_close_theirs(tmp_path):
    work = OneFails(tmp_path / "log", "close", seconds=0.5)
    with (
        pytest.raises(WorkerDied, match="on the way out: process .*exit status 1"),
        LoopsInProcesses(work, WORKERS, loops=WORKERS) as started,
    ):
        started.map(range(5))
    assert len(work.lines("close")) == WORKERS - 1


def test_where_the_loop_that_hands_to_threads_cannot_be_had_they_close_their_sessions(tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError("too many open files")

    work = OneFails(tmp_path / "log", "nothing")
    monkeypatch.setattr(asyncio, "Runner", refuse)
    with pytest.raises(OSError, match="too many open files"), ToThread(work, WORKERS):
        pytest.fail("entered without a loop")
    assert len(work.lines("open")) == WORKERS
    assert sorted(work.lines("close")) == sorted(work.lines("open"))
    assert threading.active_count() == 1


class Unsendable:
    """Can be sent to each process that comes before the one of this number."""

    def __init__(self, number):
        self._number = number

    def __getstate__(self):
        self._number -= 1
        if not self._number:
            raise ProbeError("that was one too many")
        return {"_number": 0}

    @contextmanager
    def worker(self):
        yield str

    @asynccontextmanager
    async def async_worker(self, concurrency):  # noqa: ARG002
        yield str


@pytest.mark.parametrize("name", ["processes", "loky", "loops-in-processes", "pool-spawn"])
def test_where_one_process_cannot_be_started_nothing_is_left_of_the_others(name):
    strategy = next(each for each in STRATEGIES if each.name == name)
    if why := strategy.unavailable():
        pytest.skip(why)
    with pytest.raises(ProbeError, match="one too many"), strategy(Unsendable(2), WORKERS, **loops(strategy)):
        pytest.fail("entered with a process missing")
    assert multiprocessing.active_children() == []
    assert threading.active_count() == 1


def test_where_rays_driver_cannot_be_told_what_to_do_its_folder_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ProbeError, match="one too many") as caught:
        Ray(Unsendable(1), WORKERS).__enter__()
    assert caught.tb  # which holds the folder: nobody but the strategy has removed it
    assert [*tmp_path.iterdir()] == []


def loops(strategy):
    return {"loops": WORKERS} if "loops" in strategy.defaults else {}
