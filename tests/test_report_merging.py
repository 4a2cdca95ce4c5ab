"""What several processes measured, in one row."""

import math

import pytest
from rich.console import Console
from saved_runs import benchmark, saved

from paceline.history import from_json
from paceline.tables import runs
from paceline.tables.rows import merged


def process(number, rounds, strategy="threads", **extra):
    one = benchmark(strategy, rounds=rounds, process=number, **extra)
    one["name"] = one["name"].replace("]", f"-process={number}]")
    one["fullname"] = f"benchmarks/test_downloads.py::{one['name']}"
    return one


def cells(*benchmarks):
    return from_json(saved(*benchmarks)).cells


THREE = [
    process(1, (0.9, 1.0, 9.0), efficiency=0.5, warnings=["noisy: one"], pss_bytes=10, link="slow"),
    process(2, (2.0, 2.0, 2.0), efficiency=0.6, warnings=[], pss_bytes=30, link="slow"),
    process(3, (3.0, 3.0, 3.0), efficiency=0.9, warnings=["noisy: three"], pss_bytes=20, link="slow"),
]


def test_the_rounds_of_a_merged_cell_are_the_medians_of_its_processes():
    [cell] = merged(cells(*THREE))
    assert cell.rounds == (1.0, 2.0, 3.0)
    assert (cell.median, cell.spread) == (2.0, 0.5)


def test_every_figure_is_the_median_of_the_processes():
    [cell] = merged(cells(*THREE))
    assert (cell.efficiency, cell.extra["pss_bytes"]) == (0.6, 20)
    assert cell.extra["link"] == "slow"


def test_every_doubt_of_every_process_is_carried_along():
    [cell] = merged(cells(*THREE))
    assert cell.warnings == ("noisy: one", "noisy: three")
    assert cell.marks == ("noisy",)


def test_a_merged_cell_has_no_process_in_its_name():
    [cell] = merged(cells(*THREE))
    assert cell.name == "test_downloads[threads-requests-workers=10]"
    assert cell.fullname == "benchmarks/test_downloads.py::test_downloads[threads-requests-workers=10]"
    assert cell.process is None


def test_a_name_with_nothing_but_a_process_loses_its_brackets():
    one = process(1, (1.0,))
    one["name"], one["fullname"] = "test_size[process=1]", "benchmarks/test_pools.py::test_size[process=1]"
    [cell] = merged(cells(one))
    assert (cell.name, cell.fullname) == ("test_size", "benchmarks/test_pools.py::test_size")


def named(name, number=None):
    one = process(number, (1.0,)) if number else benchmark()
    return {**one, "name": name, "fullname": f"benchmarks/test_pools.py::{name}"}


@pytest.mark.parametrize("word", ["preprocess=1", "process=1.5", "pre-process=1-late", "process=spawn", "[]"])
def test_only_the_cells_own_process_is_taken_out_of_its_name(word):
    both = [f"test_size[threads-process={number}-{word}]" for number in (1, 2)]
    [cell] = merged(cells(*(named(name, number) for number, name in enumerate(both, 1))))
    assert cell.name == f"test_size[threads-{word}]"
    assert cell.fullname == f"benchmarks/test_pools.py::test_size[threads-{word}]"
    assert len(cell.rounds) == 2


def test_cells_that_differ_in_what_only_looks_like_a_process_stay_apart():
    own = [named(f"test_size[{word}]") for word in ("preprocess=1", "preprocess=2", "pre", "[]", "")]
    replicated = [named(f"test_size[process=1-{word}]", 1) for word in ("preprocess=1", "preprocess=2", "pre", "[]")]
    assert [cell.name for cell in merged(cells(*own, *replicated))] == [
        *(one["name"] for one in own), *(one["name"].replace("process=1-", "", 1) for one in replicated),
    ]  # fmt: skip


def test_a_cell_of_the_sessions_own_process_stays_as_it_is():
    [own] = cells(benchmark())
    assert merged([own]) == [own]


def test_a_figure_that_one_process_lacks_is_not_made_up():
    [cell] = merged(cells(process(1, (1.0,), limit=None), process(2, (1.0,), limit=0.5)))
    assert cell.limit is None


def test_a_trace_is_that_of_the_first_process():
    trace = [[0, 0, 1, 1, 0.0, 0.5], [1, 1, None, None, 0.0, 0.5]]
    [cell] = merged(cells(process(1, (1.0,), trace=trace), process(2, (1.0,), trace=trace[:1])))
    assert cell.extra["trace"] == trace


def test_a_table_shows_no_trace(capsys):
    run = from_json(saved(benchmark(trace=[[0, 0, 1, 1, 0.0, 0.5]])))
    for table in runs.experiment_tables(run):
        Console(width=200).print(table)
    assert "trace" not in capsys.readouterr().out


def test_a_table_has_one_row_for_all_processes_and_tells_their_number(capsys):
    run = from_json(saved(*THREE, process(1, (4.0,), "asyncio", client="aiohttp")))
    console = Console(width=200)
    for table in runs.experiment_tables(run):
        console.print(table)
    shown = capsys.readouterr().out
    assert shown.count("threads") == 1
    assert "processes=3" in shown
    assert "2.00 s" in shown


def test_two_runs_are_compared_process_by_process_no_more(capsys):
    before, after = from_json(saved(*THREE)), from_json(saved(process(1, (4.0, 4.0))))
    for table in runs.change_tables(before, after):
        Console(width=200).print(table)
    shown = capsys.readouterr().out
    assert "+100.0 %" in shown
    assert "only" not in shown


def test_a_single_process_has_no_spread():
    [cell] = merged(cells(process(1, (1.0, 2.0))))
    assert math.isnan(cell.spread)
