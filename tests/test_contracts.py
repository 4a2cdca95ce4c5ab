"""What a workload has to have: somebody's own with the two methods of the contract works everywhere."""

import asyncio
import os
from contextlib import asynccontextmanager, contextmanager

import pytest

from paceline.contracts import open_workload
from paceline.workers.metered import Metered
from paceline.workers.spans import Observed

FLAVOURS = ["blocking", "async", "trio", "gevent"]


class Foreign:
    """Somebody's own, which notes how it was opened."""

    def __init__(self):
        self.opened = []

    def expected(self, item):
        return item + 1

    @contextmanager
    def worker(self):
        self.opened.append("worker")
        yield self.expected
        self.opened.append("closed")

    @asynccontextmanager
    async def async_worker(self, concurrency):
        self.opened.append(f"async_worker({concurrency})")

        async def run(item):
            return item + 1

        yield run
        self.opened.append("closed")


class WithItsOwn(Foreign):
    """One that knows of trio and gevent."""

    def trio_worker(self, concurrency):
        self.opened.append("trio")
        return self.async_worker(concurrency)

    def gevent_worker(self):
        self.opened.append("gevent")
        return self.worker()


def run_one(workload, flavour):
    opening = open_workload(workload, flavour, 3)
    if flavour in ("blocking", "gevent"):
        with opening as run:
            return run(1)

    async def on_a_loop():
        async with opening as run:
            return await run(1)

    return asyncio.run(on_a_loop())


def wrapped(workload, tmp_path):
    return Metered(Observed(workload, tmp_path / "spans"), tmp_path / "usage", os.getpid())


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_two_methods_are_enough_for_every_flavour(flavour):
    workload = Foreign()
    assert run_one(workload, flavour) == 2
    assert workload.opened == ["worker" if flavour in ("blocking", "gevent") else "async_worker(3)", "closed"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_wraps_a_workload_opens_the_same_side_of_it(flavour, tmp_path):
    workload, inside = Foreign(), WithItsOwn()
    around, around_inside = wrapped(workload, tmp_path), wrapped(inside, tmp_path)
    assert run_one(around, flavour) == run_one(around_inside, flavour) == around.expected(1) == 2
    own = [flavour] if flavour in ("trio", "gevent") else []
    assert inside.opened == [*own, *workload.opened]
    assert around.sessions() == 2
    assert [span.item for span in around.workload.spans()] == [1, 1]
