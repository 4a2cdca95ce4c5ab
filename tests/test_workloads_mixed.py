"""A mixed item is its download, and then as much CPU time as it should be."""

import pickle
import time
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
from probes import blocking, on_a_loop

from paceline.contracts import ItemError
from paceline.workloads import Fetch, Mixed, mixed


@dataclass(frozen=True)
class Instant:
    """Stands in for a download: nothing is asked of anybody; item 13 fails."""

    log: Callable[[str], None] = str

    def expected(self, item):
        return (item, 0)

    @contextmanager
    def worker(self):
        self.log("open")
        yield self.one
        self.log("close")

    @asynccontextmanager
    async def async_worker(self, concurrency):
        self.log(f"open for {concurrency}")
        yield self.one_async
        self.log("close")

    def one(self, item):
        if item == 13:
            raise ItemError(item, "unlucky")
        return (item, 0)

    async def one_async(self, item):
        return self.one(item)


def under_trio(workload, item):
    trio = pytest.importorskip("trio")

    async def one():
        async with workload.trio_worker(2) as run:
            return await run(item)

    return trio.run(one)


def in_a_greenlet(workload, item):
    with workload.gevent_worker() as run:
        return run(item)


@pytest.fixture(params=[blocking, on_a_loop, under_trio, in_a_greenlet])
def run(request):
    return request.param


@pytest.fixture
def thread_clock(monkeypatch):
    """A thread's CPU clock on which every step of the kernel takes 10 us, and nothing else takes any time."""

    class Clock:
        steps = 0

        def step(self, n):
            assert n == mixed.STEP
            self.steps += 1

        def thread_time(self):
            return self.steps * 10e-6

    clock = Clock()
    monkeypatch.setattr(mixed, "squares", clock.step)
    monkeypatch.setattr(mixed, "time", clock)
    return clock


def test_an_item_comes_to_what_its_download_comes_to(run):
    workload = Mixed(Instant(), cpu_seconds=0.0)
    assert run(workload, 7) == workload.expected(7) == (7, 0)


@pytest.mark.parametrize(("cpu_seconds", "steps"), [(0.0, 0), (5e-6, 1), (0.00995, 995), (0.01, 1000)])
def test_it_computes_until_the_threads_own_clock_says_so(run, thread_clock, cpu_seconds, steps):
    run(Mixed(Instant(), cpu_seconds), 7)
    assert thread_clock.steps == steps


def test_the_cpu_time_is_really_spent(run):
    before = time.thread_time()
    run(Mixed(Instant(), cpu_seconds=0.02), 7)
    assert time.thread_time() - before >= 0.02


def test_a_failed_download_is_not_computed_with(run, thread_clock):
    with pytest.raises(ItemError, match="item 13: unlucky"):
        run(Mixed(Instant(), cpu_seconds=1.0), 13)
    assert thread_clock.steps == 0


def test_a_worker_opens_and_closes_the_downloads_session(run):
    events = []
    run(Mixed(Instant(events.append), cpu_seconds=0.0), 7)
    assert events in (["open", "close"], ["open for 2", "close"])


def test_it_travels_to_other_processes():
    workload = Mixed(Fetch("http://127.0.0.1:1/item/{item}", 10, "raw"), cpu_seconds=0.5)
    assert pickle.loads(pickle.dumps(workload)) == workload


@pytest.mark.parametrize("cpu_seconds", [-1e-9, float("nan")])
def test_no_less_than_no_time_can_be_asked_for(cpu_seconds):
    with pytest.raises(ValueError, match="cpu_seconds must be 0 or more, not"):
        Mixed(Instant(), cpu_seconds)
