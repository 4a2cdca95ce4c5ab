"""The report's part on efficiency: maps of it, overheads, and from where on a strategy pays."""

import math

import pytest
from claimed import cell, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import MARKUP, assert_on_a_page, assert_whole, drawing, made, odd_runs, panels_of, replicas

from paceline.report.sections import efficiency as part

KEYS = [("latency", "test_latency"), ("latency", "test_latency_by_workers"), ("workers", "test_waiting"),
        ("clients", "test_clients"), ("loops", "test_loops"), ("break_even", "test_break_even")]  # fmt: skip


def at_latency(strategy, latency, efficiency, **more):
    limit = latency * 10
    median = limit / efficiency if efficiency else 0.004
    known = {"items": 100, "latency": latency, "client": "raw", "limit": limit, "efficiency": efficiency,
             "overhead": (median - limit) / 100, "rounds": (median, median * 1.01, median * 0.98)}  # fmt: skip
    return cell("latency", more.pop("function", "test_latency"), strategy, process=None, **{**known, **more})


def sweep(**facts):
    return run(
        at_latency("threads", 0.0, None, workers=10),
        at_latency("threads", 0.001, 0.5, workers=10),
        at_latency("threads", 0.1, 0.99, workers=10, warnings=("noisy: 12 %",)),
        at_latency("sequential", 0.0, None, workers=1, overhead=0.00008, rounds=(0.008, 0.009, 0.0079)),
        at_latency("sequential", 0.1, 1.02, workers=1, warnings=("limit: above 1",)),
        **facts,
    )


def carried(strategy, medians, seconds, size, **more):
    items = 1000 if seconds < 0.01 else 10
    return replicas("break_even", "test_break_even", strategy, medians, f"-item={seconds}-size={size}", items=items,
                    item_cpu_seconds=seconds, size=size, **more)  # fmt: skip


def mapped():
    return run(
        carried("sequential", [0.1, 0.2, 0.4], 1e-4, 0),
        carried("sequential", [1.0, 1.1, 1.2], 0.1, 0),
        carried("sequential", [1.0, 1.1, 1.2], 0.1, 2**20),
        carried("pool-fork", [0.2, 0.1, 0.8], 1e-4, 0),
        carried("pool-fork", [0.5, 0.55, 0.6], 0.1, 0),
        carried("pool-fork", [250.0, 275.0, 300.0], 0.1, 2**20),
        carried("threads", [0.1, 0.2, 0.4], 1e-4, 0),
    )


def by_key(section, key):
    return [panel for panel in panels_of(section) if panel.key == key]


def test_the_charts_are_the_golden_ones():
    for panel in panels_of(made(part, run(*sweep().cells, *mapped().cells))):
        assert_golden(panel)
        assert_drawable(panel)


def test_a_map_says_its_ends_what_is_above_the_limit_and_where_there_is_none():
    (panel,) = by_key(made(part, sweep()), "efficiency-latency")
    assert panel.says == (
        "From 50 % (threads, latency=1 ms) to 102 % (sequential, latency=100 ms). 1 of 5 fields are above 100 %, "
        'marked with !: their limit is wrong. 2 of 5 fields have none, marked with "-": their limit is 0.'
    )
    assert len(panel.doubts) == 2


def test_an_efficiency_above_one_is_shown_as_it_is_and_framed():
    (panel,) = by_key(made(part, sweep()), "efficiency-latency")
    (framed,) = panel.chart.data["marked"]
    assert framed["efficiency"] == "102 % !"
    assert framed["value"] == 1.02
    assert [row["efficiency"] for row in panel.chart.data["unknown"]] == ["-", "-"]


def test_maps_side_by_side_share_rows_columns_and_colours():
    other = run(at_latency("interpreters", 0.01, 0.9, workers=10), python="3.14.1")
    first, second = by_key(made(part, sweep(), other), "efficiency-latency")
    assert first.chart.spec == second.chart.spec
    assert first.column != second.column


def test_a_map_over_workers_has_a_row_for_each_number():
    own = [at_latency("threads", 0.1, 0.9 - n / 100, workers=n, function="test_latency_by_workers") for n in (4, 16)]
    (panel,) = by_key(made(part, run(*own)), "efficiency-latency-by-workers")
    assert [row["y"] for row in panel.chart.data["cells"]] == ["threads x4", "threads x16"]


def test_cells_that_would_share_a_field_have_rows_of_their_own():
    own = [at_latency("threads", 0.1, 0.9, workers=10), at_latency("threads", 0.1, 0.7, workers=10, client="requests")]
    (panel,) = by_key(made(part, run(*own)), "efficiency-latency")
    assert {row[0] for row in panel.table.rows} == {"threads, client=raw", "threads, client=requests"}


def test_overheads_are_those_without_latency():
    (panel,) = by_key(made(part, sweep()), "overhead")
    assert [row[:2] for row in panel.table.rows] == [("sequential", "80.0 us"), ("threads", "40.0 us")]
    assert panel.says == "The least is 40.0 us an item, of threads; the most is 80.0 us, of sequential."


def test_clients_stand_apart_and_an_overhead_below_zero_has_no_place():
    own = [
        cell("clients", "test_clients", "threads", 0.05 + cost, None, client=client, limit=0.05, overhead=cost / 20)
        for client, cost in (("raw", -0.001), ("requests", 0.02))
    ]
    (panel,) = by_key(made(part, run(*own)), "overhead-clients")
    assert [row["y"] for row in panel.chart.data["cells"]] == ["threads, client=requests"]
    assert "1 of 2 are not above 0" in panel.says
    assert_drawable(panel)


def on_loop(loop, latency, workers, overhead):
    options = {"loop": loop} if loop else {}
    return cell("loops", "test_loops", "asyncio" if loop else "threads", process=None, workers=workers, items=1000,
                options=options, latency=latency, overhead=overhead, cpu_seconds=0.02)  # fmt: skip


def test_overheads_on_each_loop_stand_by_latency_and_items_in_flight():
    own = [on_loop(loop, *at) for loop in ("asyncio", "rloop", None) for at in ((0.001, 10, 4e-5), (0.0, 100, 2e-5))]
    (panel,) = by_key(made(part, run(*own)), "overhead-loops")
    assert panel.table.rows[:4] == (
        ("0 s", "100", "threads", "20.0 us", "20.0 us", "100 ms", ""),
        ("0 s", "100", "asyncio", "20.0 us", "20.0 us", "100 ms", ""),
        ("0 s", "100", "rloop", "20.0 us", "20.0 us", "100 ms", ""),
        ("1 ms", "10", "threads", "40.0 us", "20.0 us", "100 ms", ""),
    )
    assert [row["overhead"] for row in panel.chart.data["cells"]] == ["20.0 us"] * 3 + ["40.0 us"] * 3
    assert_drawable(panel)


def test_speedups_are_the_median_of_pairs_within_processes():
    (panel,) = by_key(made(part, mapped()), "break-even-pool-fork")
    factors = {(row["y"], row["x"]): row["speedup"] for row in panel.chart.data["cells"]}
    assert factors == {
        ("100 us", "nothing"): "0.50x",  # 0.5, 2 and 0.5: of the medians of all processes it would be 1
        ("100 ms", "nothing"): "2.00x",
        ("100 ms", "1 MiB"): "0.004x",
    }
    assert panel.says == (
        "pool-fork is faster than a plain loop in 1 of 3 cells: at best 2.00x (items of 100 ms that carry nothing), "
        "at worst 0.004x (items of 100 ms that carry 1 MiB)."
    )


def test_a_cell_that_took_turns_with_a_plain_loop_knows_its_speedup():
    own = carried("threads", [1.0, 1.0, 1.0], 0.1, 0, speedup_over_loop=[1.5, 1.6, 1.7])
    (panel,) = by_key(made(part, run(own, carried("sequential", 0.1, 0.1, 0))), "break-even-threads")
    assert panel.table.rows[0][2:5] == ("1.60x", "1.50x to 1.70x", "3")


def test_colours_of_the_break_even_maps_are_symmetric_around_one():
    (panel, other) = (by_key(made(part, mapped()), f"break-even-{name}")[0] for name in ("pool-fork", "threads"))
    scale = panel.chart.spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale == other.chart.spec["layer"][0]["encoding"]["color"]["scale"]
    assert math.prod(scale["domain"]) == pytest.approx(1)


def test_without_a_plain_loop_beside_it_there_is_no_speedup():
    (panel,) = by_key(made(part, run(carried("threads", 0.2, 0.1, 0))), "break-even-threads")
    assert panel.says == "No plain loop was measured beside threads, so there is no speedup."
    assert [row["speedup"] for row in panel.chart.data["unknown"]] == ["-"]
    assert_drawable(panel)


def test_nothing_measured_says_what_to_run():
    section = made(part, run())
    assert (section.rows, section.lead) == ((), "")
    assert [line.split()[-1] for line in section.missing] == [
        "benchmarks/test_latency.py", "benchmarks/test_workers.py", "benchmarks/test_loops.py",
        "benchmarks/test_break_even.py",
    ]  # fmt: skip


def test_what_one_column_lacks_is_said_of_that_column():
    section = made(part, sweep(), run(*mapped().cells, python="3.14.1"))
    assert section.missing[0].startswith("Efficiency and overhead by latency was not measured with CPython 3.14.1;")


def test_a_name_may_hold_markup():
    own = [at_latency(MARKUP, latency, 0.5 if latency else None, workers=1) for latency in (0.0, 0.1)]
    section = made(part, run(*own, carried(MARKUP, 0.2, 0.1, 0), carried("sequential", 0.2, 0.1, 0)))
    assert_on_a_page(section)
    for panel in panels_of(section):
        assert_drawable(panel)


@drawing
@given(odd_runs(KEYS, ["item_cpu_seconds", "speedup_over_loop"]))
def test_no_run_is_too_odd(odd):
    section = made(part, odd)
    assert_whole(section)
    for panel in panels_of(section)[:1]:
        assert_drawable(panel)
