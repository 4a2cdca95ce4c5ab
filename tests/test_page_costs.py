"""The report's part on costs: the start of workers, their memory, and messages."""

import pytest
from claimed import cell, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import MARKUP, assert_on_a_page, assert_whole, drawing, made, odd_runs, panels_of, replicas

from paceline.report.model import columns
from paceline.report.sections import costs
from paceline.report.sections import costs as part

KiB, MiB = 2**10, 2**20
KEYS = [("starting", "test_starting"), ("memory", "test_memory"), ("talking", "test_round_trips"),
        ("downloads", "test_downloads")]  # fmt: skip
ADDED = ["cold_ready_seconds", "warm_ready_seconds", "pss_bytes", "uss_bytes", "bytes_per_second"]


def starting(strategy, workers, cold, warm, **more):
    return replicas("starting", "test_starting", strategy, cold, workers=workers, items=1, cold_ready_seconds=cold,
                 warm_ready_seconds=warm, **more)  # fmt: skip


def holding(strategy, first, slope, workers=(1, 2, 4, 8), name="pss_bytes"):
    each = [[first * MiB + n * one * KiB for one in slope] for n in workers]
    return [
        one
        for n, sizes in zip(workers, each, strict=True)
        for one in replicas("memory", "test_memory", strategy, [0.1] * 3, workers=n, items=1, measure="PSS",
                         **{name: sizes})
    ]  # fmt: skip


def talking(way, size, seconds):
    each = [seconds, seconds * 1.1, seconds * 0.9]
    return replicas("talking", "test_round_trips", way, each, f"-size={size}", workers=1, items=1, size=size,
                    bytes_per_second=size / seconds)  # fmt: skip


def measured(**facts):
    return run(
        starting("threads", 1, [0.001, 0.0012, 0.0009], [0.0004, 0.0003, 0.0005]),
        starting("threads", 8, [0.004, 0.0038, 0.0041], [0.002, 0.0018, 0.0021]),
        starting("pool-fork", 8, [0.02, 0.021, 0.019], [0.018, 0.017, 0.019]),
        holding("threads", 20, [40, 42, 41]),
        holding("pool-fork", 20, [3072, 3100, 4096]),
        holding("sequential", 19, [0, 0, 0], workers=(1,)),
        *(talking("pipe", size, seconds) for size, seconds in ((0, 6e-5), (KiB, 7e-5), (64 * MiB, 0.37))),
        *(talking("thread-queue", size, 4e-5) for size in (0, KiB, 64 * MiB)),
        **facts,
    )


def by_key(section, key):
    return [panel for panel in panels_of(section) if panel.key == key]


def test_the_charts_are_the_golden_ones():
    section = made(part, measured())
    for panel in panels_of(section):
        assert_golden(panel)
        assert_drawable(panel)
    assert section.missing == ()


def test_the_start_is_shown_cold_and_warm():
    (panel,) = by_key(made(part, measured()), "start")
    assert panel.table.rows[0] == ("threads x1", "1.00 ms", "400 us", "900 us to 1.20 ms", "3")
    assert panel.says == ("The shortest cold start is 1.00 ms, of threads x1; the longest is 20.0 ms, of pool-fork x8.")
    assert {row["y"] for row in panel.chart.data["pairs"]} == {"threads x1", "threads x8", "pool-fork x8"}


def test_downloads_lend_their_start_where_none_was_measured():
    own = [
        cell("downloads", "test_downloads", "threads", client="requests", start_seconds=0.002),
        cell("downloads", "test_downloads", "pool-fork", client="requests", start_seconds=0.02),
        cell("downloads", "test_downloads", "asyncio", client="aiohttp", start_seconds=None),
    ]
    section = made(part, run(own))
    (panel,) = panels_of(section)
    assert panel.key == "start-downloads"
    assert panel.table.rows == (("threads", "2.00 ms"), ("pool-fork", "20.0 ms"))
    assert section.missing[0].endswith("benchmarks/test_starting.py")
    assert not by_key(made(part, run(own, measured().cells[0])), "start-downloads")


def test_one_more_worker_takes_the_median_of_the_slopes_within_processes():
    (column,) = columns([measured()], {}, ())
    assert costs.slopes(column) == pytest.approx({"threads": 41 * KiB, "pool-fork": 3100 * KiB})
    (panel,) = by_key(made(part, measured()), "memory")
    assert panel.says == "One more worker takes: threads 41.0 KiB; pool-fork 3.03 MiB."
    assert {(row[0], row[4]) for row in panel.table.rows} == {
        ("threads", "41.0 KiB"), ("pool-fork", "3.03 MiB"), ("sequential", "-"),
    }  # fmt: skip


def test_two_numbers_of_workers_make_no_slope():
    (panel,) = by_key(made(part, run(holding("threads", 20, [40, 41, 42], workers=(1, 2)))), "memory")
    assert panel.says == "The most is 20.1 MiB, of threads, workers=2."


def test_uss_stands_in_where_a_system_has_no_pss():
    (panel,) = by_key(made(part, run(holding("threads", 20, [1024] * 3, name="uss_bytes"))), "memory")
    assert panel.says == "One more worker takes: threads 1.00 MiB."


def test_messages_are_told_at_their_smallest_and_largest():
    (panel,) = by_key(made(part, measured()), "messages")
    assert panel.says == (
        "A message of 0 B takes 40.0 us (thread-queue) to 60.0 us (pipe). "
        "A message of 64 MiB takes 40.0 us (thread-queue) to 370 ms (pipe)."
    )
    assert [row[4] for row in panel.table.rows if row[0] == "pipe"] == ["-", "14.0 MiB/s", "173 MiB/s"]


def test_charts_side_by_side_share_their_axes():
    other = measured(python="3.14.1")
    slower = run(*other.cells, starting("interpreters", 8, 9.0, 8.0), talking("pipe", 2**30, 60.0), python="3.14.1")
    section = made(part, measured(), slower)
    for key in ("start", "messages", "memory"):
        first, second = by_key(section, key)
        of = [
            {axis: layer["encoding"].get(axis, {}).get("scale") for axis in "xy"} for layer in first.chart.spec["layer"]
        ]
        assert of == [
            {axis: layer["encoding"].get(axis, {}).get("scale") for axis in "xy"}
            for layer in second.chart.spec["layer"]
        ]


def test_nothing_measured_says_what_to_run():
    section = made(part, run())
    assert (section.rows, section.lead) == ((), "")
    assert [line.split()[-1] for line in section.missing] == [
        "benchmarks/test_starting.py", "benchmarks/test_memory.py", "benchmarks/test_talking.py",
    ]  # fmt: skip


def test_a_name_may_hold_markup_and_a_run_a_single_cell_of_each():
    section = made(
        part, run(starting(MARKUP, 1, 0.1, None), holding(MARKUP, 1, [1] * 3, workers=(3,)), talking(MARKUP, 0, 0.1))
    )
    assert len(panels_of(section)) == 3
    assert_whole(section)
    assert_on_a_page(section)
    for panel in panels_of(section):
        assert_drawable(panel)


@drawing
@given(odd_runs(KEYS, ADDED))
def test_no_run_is_too_odd(odd):
    section = made(part, odd)
    assert_whole(section)
    for panel in panels_of(section)[:1]:
        assert_drawable(panel)
