"""The report's part on builds of Python: the same work on each of them, side by side."""

import datetime as dt
from dataclasses import replace

import pytest
from claimed import run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import MARKUP, assert_on_a_page, drawing, made, odd_runs, panels_of, replicas

from paceline.report.composing import composed
from paceline.report.model import Chosen
from paceline.report.output import markdown
from paceline.report.sections import builds as part

MiB = 2**20
MACHINE = "linux-x86_64-made-up-2cpu"
KEYS = [("downloads", "test_downloads"), ("computing", "test_computing"), ("memory", "test_memory")]


def computing(strategy, seconds, kernel="squares", **more):
    return replicas("computing", "test_computing", strategy, [seconds] * 3, f"-{kernel}", kernel=kernel, **more)


def downloads(strategy, seconds, **more):
    known = {"client": "requests", "latency": 0.02, **more}
    return replicas("downloads", "test_downloads", strategy, [seconds] * 3, f"-{known['client']}", **known)


def memory(strategy, slope):
    return [
        one
        for n in (1, 2, 4, 8)
        for one in replicas(
            "memory", "test_memory", strategy, [0.1] * 3, workers=n, items=1, pss_bytes=[20 * MiB + n * slope] * 3
        )
    ]


def on(build, *measured, version="3.13.5", hour=12, facts=None, compiler="GCC 12.2.0", **more):
    """Make a run of a build: "3.13t-gil"."""
    found = run(*measured, fingerprint=f"{MACHINE}-cpython-{build}", python=version, **more)
    info = {**found.machine_info, "python_compiler": compiler, **({"build": facts} if facts else {})}
    return replace(found, machine_info=info, datetime=dt.datetime(2026, 11, 27, hour, tzinfo=dt.UTC))


LOCKED = on(
    "3.13t-gil",
    computing("sequential", 0.4, workers=1),
    computing("threads", 0.4),
    computing("pool-fork", 0.2),
    computing("threads", 0.1, "hash"),
    downloads("sequential", 1.0, workers=1),
    downloads("threads", 0.1, workers=10),
    memory("threads", MiB),
    gil="on",
    free_threaded=True,
    facts={"pgo": True, "lto": False},
)
FREE = on(
    "3.13t",
    computing("sequential", 0.5, workers=1),
    computing("threads", 0.25),
    downloads("sequential", 1.0, workers=1),
    downloads("threads", 0.125, workers=10, warnings=("gil: x switched the GIL on", "noisy: 12 %")),
    memory("threads", 2 * MiB),
    gil="off",
    free_threaded=True,
    facts={"pgo": True, "lto": False},
)
OLD = on("3.11", computing("sequential", 0.8, workers=1), computing("threads", 0.88), version="3.11.7")


def by_key(*runs):
    return {panel.key: panel for panel in panels_of(made(part, *runs))}


@pytest.mark.parametrize(
    "fingerprint", [f"{MACHINE}-cpython-3.13t", "linux-x86_64-other-8cpu-cpython-3.11", "not ours"]
)
def test_a_build_with_no_other_of_its_machine_beside_it_has_no_part(fingerprint):
    assert made(part, FREE, replace(OLD, fingerprint=fingerprint)).rows == ()


def test_each_build_is_a_column_with_the_time_and_what_it_gains_over_its_own_plain_loop():
    panel = by_key(FREE, OLD, LOCKED)["builds-computing-that-holds-the-gil"]
    assert panel.table.columns == ("strategy", "3.11", "3.13t, GIL on", "3.13t")
    assert panel.table.rows == (
        ("sequential", "800 ms", "400 ms", "500 ms"),
        ("threads", "880 ms, 0.91x", "400 ms, 1.00x", "250 ms, 2.00x"),
        ("pool-fork", "-", "200 ms, 2.00x", "-"),
    )
    assert panel.says == (
        "The most that is gained over a plain loop: 0.91x on 3.11 (threads), 2.00x on 3.13t, GIL on (pool-fork), "
        "2.00x on 3.13t (threads)."
    )


def test_the_charts_are_the_golden_ones():
    panels = by_key(FREE, OLD, LOCKED)
    assert_golden(panels["builds-computing-that-holds-the-gil"])
    for panel in panels.values():
        if panel.chart:
            assert_drawable(panel)


def test_what_a_plain_loop_takes_tells_compilers_from_pythons():
    panel = by_key(OLD, FREE, LOCKED)["builds"]
    assert panel.says == (
        "They were not built alike, and part of what differs is the compiler's. A plain loop that holds the GIL takes "
        "800 ms (3.11), 400 ms (3.13t, GIL on), 500 ms (3.13t): no strategy has a part in that. "
        "What compares Pythons is what a strategy gains over the plain loop of its own build."
    )
    assert [row[:3] for row in panel.table.rows] == [
        ("3.11", "CPython 3.11.7", "GCC 12.2.0, PGO and LTO unknown"),
        ("3.13t, GIL on", "CPython 3.13.5", "GCC 12.2.0, PGO, no LTO, GIL on"),
        ("3.13t", "CPython 3.13.5", "GCC 12.2.0, PGO, no LTO, GIL off"),
    ]


def test_builds_that_differ_in_the_gil_alone_were_built_alike():
    assert by_key(FREE, LOCKED)["builds"].says.startswith("A plain loop that holds the GIL takes")


def test_a_cell_comes_from_the_newest_run_of_its_build_that_has_it_and_gains_over_the_loop_of_that_run():
    newer = on("3.13t", computing("sequential", 0.9, workers=1), computing("pool-fork", 0.3), hour=13)
    panels = by_key(newer, OLD, FREE)
    assert panels["builds-computing-that-holds-the-gil"].table.rows == (
        ("sequential", "800 ms", "900 ms"),
        ("threads", "880 ms, 0.91x", "250 ms, 2.00x"),
        ("pool-fork", "-", "300 ms, 3.00x"),
    )
    assert panels["builds"].table.rows[1][3].count("run 1 of 2026-11-27") == 2


def test_memory_is_what_one_more_worker_takes_on_builds_that_know_it():
    panel = by_key(LOCKED, OLD, FREE)["builds-memory"]
    assert panel.table.rows == (("threads", "-", "1.00 MiB", "2.00 MiB"),)
    assert "builds-memory" not in by_key(OLD, FREE)


def test_the_doubts_of_a_figure_stand_beside_it_with_its_build():
    doubts = by_key(LOCKED, FREE)["builds-downloads"].doubts
    assert "gil: x switched the GIL on: 3.13t: threads" in doubts
    assert any(doubt.startswith("noisy: ") and doubt.endswith(": 3.13t: threads") for doubt in doubts)
    beyond = by_key(on("3.15", computing("sequential", 1.0, workers=1), computing("threads", 0.1)), OLD)
    [doubt] = beyond["builds-computing-that-holds-the-gil"].doubts
    assert doubt.endswith("during the plain loop: 3.15: threads (10.0x with 2)")


def test_a_control_is_named_as_one():
    runs = [on(build, downloads("trio", 0.1, client="raw"), downloads("threads", 0.1)) for build in ("3.14", "3.15")]
    panel = by_key(*runs)["builds-downloads"]
    assert [row[0] for row in panel.table.rows] == ["threads", "trio (client=raw)"]
    assert panel.says == "No plain loop was measured."
    assert panel.chart is None


@pytest.mark.parametrize(
    ("build", "label"), [("3.14-jit", "3.14, JIT on"), ("3.9", "3.9"), ("3.13t-gil-debug", "3.13t, GIL on, debug")]
)
def test_a_build_is_called_by_what_differs(build, label):
    [*_, panel] = panels_of(made(part, OLD, on(build, computing("threads", 0.1))))
    assert label in panel.table.columns


def test_versions_are_ordered_as_numbers():
    panel = by_key(*(on(build, computing("threads", 0.1)) for build in ("3.14", "3.13t", "3.9", "3.13")))["builds"]
    assert [row[0] for row in panel.table.rows] == ["3.9", "3.13", "3.13t", "3.14"]


def test_a_report_of_several_builds_has_the_part_and_one_of_a_single_build_does_not(tmp_path):
    for runs in ((OLD, FREE), (FREE,)):
        told = markdown(composed(Chosen(runs, {}, {}, ()), tmp_path))
        assert ("## Builds of Python, side by side" in told) is (len(runs) > 1)


@drawing
@given(odd_runs(KEYS, ["pss_bytes"]))
def test_no_run_is_too_odd(odd):
    other = replace(odd, fingerprint=f"{MACHINE}-cpython-3.15t", machine_info={"build": 3, "python_compiler": MARKUP})
    section = made(part, odd, other)
    assert_on_a_page(section)
    for panel in panels_of(section):
        assert panel.says
        assert all(len(row) == len(panel.table.columns) for row in panel.table.rows)
        if panel.chart:
            assert_drawable(panel)
