"""Who ran what, when and where: for every strategy, and for whatever an item is or does."""

import asyncio
import errno
import os
import pickle
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from probes import Probe, ProbeError, StubbornError
from skipping import parameters

from paceline.strategies.threads import Threads
from paceline.workers import spans
from paceline.workers.metered import Metered
from paceline.workers.spans import Log, Observed, Opened, Span
from paceline.workloads import Compute

WORKERS = 3
ON_LINUX = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no way to choose a CPU here")


@pytest.fixture(params=parameters(), scope="module")
def strategy(request):
    return request.param


@pytest.fixture
def observed(probe, tmp_path):
    return Observed(probe, tmp_path / "spans")


@pytest.fixture(scope="module")
def seen(strategy, tmp_path_factory):
    """What there was to see of a strategy, from its start over two rounds to its end."""
    folder = tmp_path_factory.mktemp("seen")
    probe = Probe(folder / "probe")
    observed = Observed(probe, folder / "spans")
    before = time.monotonic()
    with strategy(observed, WORKERS) as started:
        at_first = SimpleNamespace(opened=observed.opened(), spans=observed.spans())
        results, opened, spans = started.map(range(20)), observed.opened(), observed.spans()
        observed.forget()
        forgotten = observed.spans()
        started.map([("sleep", 0.005, None)] * 9)
    after = time.monotonic()
    held = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return SimpleNamespace(
        workers=started.workers,
        at_first=at_first,
        results=results,
        opened=opened,
        spans=spans,
        forgotten=forgotten,
        asleep=observed.spans(),
        at_last=observed.opened(),
        homes={pid for pid, _ in probe.lines("open")},
        times=(before, after),
        log=observed.log,
        held=held,
    )


def items_of(spans):
    return sorted(span.item for span in spans)


def numbers_of(opened):
    return [each.worker for each in opened]


def test_every_item_leaves_one_span(seen):
    assert seen.results == list(range(1, 21))
    assert items_of(seen.spans) == list(range(20))


def test_workers_are_numbered_from_zero_without_gaps_before_the_first_item(seen):
    assert numbers_of(seen.at_first.opened) == list(range(seen.workers))
    assert seen.at_first.spans == []
    assert {span.worker for span in seen.spans} <= set(range(seen.workers))
    assert numbers_of(seen.opened) == list(range(seen.workers))


def test_items_that_must_meet_are_on_as_many_workers(strategy, observed):
    with strategy(observed, WORKERS) as started:
        assert all(started.map([("meet", started.workers)] * started.workers))
    spans = observed.spans()
    assert {span.worker for span in spans} == set(range(started.workers))
    assert max(span.start for span in spans) < min(span.end for span in spans)


def test_a_worker_stays_in_the_process_and_thread_that_opened_it(seen):
    home = {each.worker: (each.pid, each.thread) for each in seen.opened}
    assert all((span.pid, span.thread) == home[span.worker] for span in seen.spans)
    assert {pid for pid, _ in home.values()} == seen.homes


def test_a_worker_does_one_item_at_a_time_and_after_it_was_open(seen):
    before, after = seen.times
    assert len(seen.asleep) == 9
    for each in seen.at_last:
        own = [span for span in seen.asleep if span.worker == each.worker]
        moments = [moment for span in own for moment in (span.start, span.end)]
        assert [before, each.at, *moments, after] == sorted([before, each.at, *moments, after])
    assert all(span.end - span.start > 0.003 for span in seen.asleep)  # uvloop's timers may be a little early


@ON_LINUX
def test_every_span_says_on_which_cpus_it_ran(seen):
    there_are = range(os.cpu_count())
    assert all(span.cpu_start in there_are and span.cpu_end in there_are for span in seen.spans)


def test_what_was_forgotten_is_gone_and_the_numbers_stay(seen):
    assert seen.forgotten == []
    assert items_of(seen.asleep) == list(range(9))
    assert seen.at_last == seen.opened


def test_an_item_that_fails_leaves_a_span_and_raises_what_it_raised(strategy, observed):
    with pytest.raises(ProbeError, match=r"^it is cursed$"), strategy(observed, WORKERS) as started:
        started.map([("fail", "it is cursed")])
    assert items_of(observed.spans()) == [0]


def test_the_very_error_is_raised(probe, observed):
    raised = []

    def fails(_sleep, item):
        raised.append(StubbornError(item, "right"))
        raise raised[0]

    object.__setattr__(probe, "_one", fails)
    with pytest.raises(StubbornError) as caught, observed.worker() as run:
        run(1)
    assert caught.value is raised[0]
    assert caught.value.__context__ is None


def test_it_can_be_metered_too(strategy, observed, tmp_path):
    with strategy(Metered(observed, tmp_path / "usage", os.getpid()), WORKERS) as started:
        started.map(range(4))
    assert items_of(observed.spans()) == [0, 1, 2, 3]


def test_it_travels_and_says_what_the_workload_says(tmp_path):
    observed = Observed(Compute("squares", 10), tmp_path / "spans")
    assert pickle.loads(pickle.dumps(observed)) == observed
    assert observed.expected(3) == Compute("squares", 10).expected(3)


def test_nothing_watched_yet_is_nothing_seen(observed):
    assert (observed.spans(), observed.opened()) == ([], [])


@pytest.mark.parametrize("item", [True, 1.5, "seven", 2**70, None], ids=repr)
def test_an_item_that_is_no_number_gets_one(item, observed):
    with Observed(_Echo(), observed.log).worker() as run:
        assert [run(each) for each in (item, item)] == [item, item]
    assert items_of(observed.spans()) == [0, 1]


class _Echo:
    def expected(self, item):
        return item

    def worker(self):
        return _Handed()


class _Handed:
    def __enter__(self):
        return lambda item: item

    def __exit__(self, *_):
        pass


def overtaken(observed):
    """A slow item, and four quick ones one after the other meanwhile."""

    async def story():
        async with observed.async_worker(3) as run:
            slow = asyncio.create_task(run(("sleep", 0.05, None)))
            await asyncio.sleep(0)
            for item in range(4):
                await run(item)
            await slow

    asyncio.run(story())
    return observed.spans()


def test_the_lowest_free_place_of_a_loop_takes_the_next_item(observed):
    assert [span.worker for span in overtaken(observed)] == [1, 1, 1, 1, 0]
    assert numbers_of(observed.opened()) == [0, 1, 2]


def test_spans_come_in_order_of_completion_and_what_is_no_number_in_order_of_beginning(observed):
    assert [span.item for span in overtaken(observed)] == [1, 2, 3, 4, 0]


def test_a_fifo_can_be_read_while_workers_write(probe, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    observed, log = Observed(probe, tmp_path / "fifo"), Log()
    try:
        with observed.worker() as run:
            for item in range(3):
                run(item)
            records = list(log.read(os.read(reader, 1 << 16)))
    finally:
        os.close(reader)
    assert [type(record) for record in records] == [Opened, Span, Span, Span]
    assert [record.item for record in records[1:]] == [0, 1, 2]


def test_a_fifo_that_nobody_reads_is_an_error_and_no_long_wait(probe, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="fifo") as caught, Observed(probe, tmp_path / "fifo").worker():
        pytest.fail("opened a worker without a reader")
    assert caught.value.errno == errno.ENXIO


def test_a_log_can_come_in_any_pieces(observed):
    with observed.worker() as run:
        run(1)
        observed.forget()
        run(2)
    whole = observed.log.read_bytes()
    at_once = list(Log().read(whole))
    log = Log()
    assert [record for place in range(len(whole)) for record in log.read(whole[place : place + 1])] == at_once


def test_every_record_fits_the_smallest_pipe_buffer(observed):
    with observed.worker() as run:
        run(2**63 - 1)
    assert max(map(len, observed.log.read_bytes().splitlines(keepends=True))) <= 512


def test_workers_that_write_at_once_do_not_mix(observed):
    with Threads(observed, 8) as started:
        started.map(range(400))
    assert items_of(observed.spans()) == list(range(400))


def test_a_log_that_can_not_be_opened_is_an_error(probe, tmp_path):
    with (
        pytest.raises(FileNotFoundError) as caught,
        Observed(probe, tmp_path / "no" / "folder").worker(),
    ):
        pytest.fail("opened a worker without a log")
    assert caught.value.errno == errno.ENOENT
    assert len(probe.lines("close")) == 1


def test_no_descriptor_is_left_open(seen):
    assert seen.log not in seen.held


@ON_LINUX
@pytest.mark.parametrize("way", [spans.from_c_library, spans.from_proc, spans.finder])
def test_each_way_finds_the_cpu_that_a_thread_is_bound_to(way):
    found = []

    def look(number):
        os.sched_setaffinity(0, {number})
        found.append(way()())

    for number in (usable := sorted(os.sched_getaffinity(0))):
        thread = threading.Thread(target=look, args=[number])
        thread.start()
        thread.join()
    assert found == usable
