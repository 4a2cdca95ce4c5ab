"""The report's answer: what each kind of work should use, by how much, and at what cost."""

import pytest
from claimed import cell, cells, run
from golden_charts import assert_drawable, assert_golden
from hypothesis import given
from oddities import assert_whole, drawing, made, odd_runs

from paceline.report.model import Report, columns
from paceline.report.output import page
from paceline.report.sections import answer
from paceline.report.sections.answer import answers
from paceline.tables.choice import choose

ORDER = ("sequential", "threads", "asyncio", "pool-fork", "processes")
STEPS = (0.99, 0.995, 1.0, 1.0, 1.005, 1.01)  # six rounds, whose interval goes from the least to the greatest


def around(median):
    return tuple(median * step for step in STEPS)


def download(strategy, median=0.1, **more):
    known = {"rounds": around(median), "client": "requests", "workers": 1 if strategy == "sequential" else 10,
             "latency": 0.02, "size": 1024, "limit": 1.28 if strategy == "sequential" else 0.14}  # fmt: skip
    return cell("downloads", "test_downloads", strategy, process=None, items=64, **{**known, **more})


def computation(strategy, median, kernel="squares", **more):
    known = {"rounds": around(median), "workers": 1 if strategy == "sequential" else 2, "kernel": kernel}
    return cell("computing", "test_computing", strategy, process=None, items=20, **{**known, **more})


def column(*measured, **facts):
    return columns([run(*measured, **facts)], {}, ORDER)[0]


def said(*measured):
    """The only answer for these cells."""
    [only] = answers(column(*measured))
    return only.sentence


DOWNLOADS = (
    download("sequential", 1.4, efficiency=0.914),
    download("threads", 0.152, efficiency=0.921, start_seconds=0.001, warnings=("client-bound: 4 of 10",)),
    download("asyncio", 0.149, client="aiohttp", efficiency=0.94, start_seconds=0.002),
    download("pool-fork", 0.18, efficiency=0.778, start_seconds=0.03),
    download("processes", 0.2, efficiency=0.7, start_seconds=0.8),
)
MEMORY = [
    one
    for workers in (1, 2, 4, 8)
    for strategy, each in (("threads", 1000), ("pool-fork", 4 * 2**20))
    for one in cells("memory", "test_memory", strategy, workers=workers, pss_bytes=3e7 + each * workers)
]


def test_the_simplest_of_the_fastest_is_named_with_its_gains_and_costs():
    assert said(*DOWNLOADS) == (
        "Use threads (client-bound): 152 ms for 64 items with 10 workers, 9.21x as fast as a plain loop, an efficiency "
        "of 92 %. It takes 1.00 ms to start. Can't be told to be slower: asyncio (the shortest median, 149 ms). Next "
        "comes pool-fork with 180 ms, 21 % behind the fastest."
    )


def test_memory_stands_with_the_costs_where_it_was_measured():
    pool = (computation("sequential", 2.0), computation("pool-fork", 1.0, start_seconds=0.007))
    assert "It takes 7.00 ms to start and 4.00 MiB of memory for each further worker." in said(*pool, *MEMORY)
    threads = (computation("sequential", 2.0), computation("threads", 1.0))
    assert "It takes less than 0.1 MiB of memory for each further worker." in said(*threads, *MEMORY)


@pytest.mark.parametrize(("behind", "alike"), [(1.069, True), (1.072, False)])
def test_five_per_cent_beyond_the_interval_of_the_fastest_is_behind(behind, alike):
    """1.01 is the upper end of the fastest, 0.99 the lower one of the other: 1.05 * 1.01 / 0.99 is 1.0712."""
    choice = choose([download("threads", 0.1), download("asyncio", 0.1 * behind)])
    assert bool(choice.alike) is alike
    assert bool(choice.behind) is not alike


def test_a_strategy_that_is_simpler_but_behind_is_not_chosen():
    choice = choose([download("threads", 0.2), download("asyncio", 0.1)])
    assert (choice.chosen.strategy, choice.behind[0].strategy) == ("asyncio", "threads")


def computations(**rounds):
    return [computation(name.replace("_", "-"), 0.0, rounds=taken) for name, taken in rounds.items()]


def test_one_odd_round_of_a_strategy_slower_than_a_plain_loop_does_not_make_it_the_choice():
    choice = choose(computations(sequential=(100,) * 5, to_thread=(110, 110, 110, 110, 58), processes=(60,) * 5))
    assert (choice.chosen.strategy, choice.behind[0].strategy) == ("processes", "sequential")


def test_a_strategy_that_may_be_as_slow_as_a_plain_loop_is_not_chosen_before_one_that_is_not():
    choice = choose(computations(sequential=(100,) * 5, to_thread=(58, 58, 58, 150, 110), processes=(60,) * 5))
    assert (choice.chosen.strategy, choice.fastest.strategy) == ("processes", "to-thread")
    assert [cell.strategy for cell in choice.alike] == ["to-thread"]


def test_one_odd_round_of_the_fastest_does_not_undo_a_factor_of_200():
    choice = choose(computations(sequential=(6e-3,) * 5, threads=(21e-6, 21e-6, 9e-3, 21e-6, 21e-6)))
    assert (choice.chosen.strategy, choice.behind[0].strategy) == ("threads", "sequential")


def test_where_nothing_is_faster_a_plain_loop_will_do():
    assert said(computation("sequential", 2.0), computation("threads", 1.99)) == (
        "Use a plain loop: 2.00 s for 20 items; nothing is told to be 5 % faster. "
        "Can't be told to be slower: threads (the shortest median, 1.99 s)."
    )


def test_one_strategy_alone_has_nothing_to_be_compared_with():
    assert said(download("threads", 0.15)) == (
        "Only one strategy was measured, so nothing can be compared: threads, which took 150 ms for 64 items."
    )


def test_the_chart_of_one_strategy_alone_names_none():
    [[drawn]] = answer.section([column(download("threads", 0.15))]).rows
    assert_drawable(drawn)
    assert [(row["is_chosen"], row["words"]) for row in drawn.chart.data["cells"]] == [(False, "150 ms")]


def test_without_the_gil_computing_that_holds_it_says_so():
    [only] = answers(column(computation("sequential", 2.0), computation("threads", 1.0), gil="off"))
    assert only.sentence.endswith("The GIL was off.")


def test_the_control_is_left_out_where_others_were_measured():
    sentence = said(*DOWNLOADS, download("threads", 0.14, client="raw"), download("to-thread", 0.13, client="raw"))
    assert sentence.startswith("Use threads (client-bound): 152 ms")
    assert sentence.endswith("Left out, with the raw client only: to-thread.")


def test_an_answer_from_the_control_alone_says_so():
    sentence = said(*(download(name, median, client="raw") for name, median in (("sequential", 1.4), ("threads", 0.1))))
    assert sentence.endswith("Only the raw client was measured, which is a control: real clients cost more.")


def test_few_rounds_are_said_to_be_few():
    few = (download("sequential", rounds=(1.0, 1.01, 1.02)), download("threads", rounds=(0.1, 0.101, 0.102)))
    assert "the intervals hold the true medians with 75 % at least" in said(*few)
    single = (download("sequential", rounds=(1.0,)), download("threads", rounds=(0.1,)))
    assert "Some have a single round, which says nothing about chance." in said(*single)


def test_several_numbers_of_workers_are_told_apart():
    threads = (download("threads", 0.3, workers=4), download("threads", 0.1))
    assert "Next comes threads (workers=10) with 100 ms" in said(*threads, download("asyncio", 0.09))
    assert said(*threads).startswith(
        "Only one strategy was measured, so nothing can be compared: threads, which took 100"
    )


def test_each_kind_of_work_has_an_answer_and_each_scale():
    found = answers(
        column(
            *DOWNLOADS,
            download("threads", 0.5, latency=0.1),
            computation("sequential", 2.0, "hash"),
            computation("threads", 1.0, "hash"),
        )
    )
    assert [one.work for one in found] == ["Downloads", "Downloads", "Computing that releases the GIL"]
    assert [len(one.cells) for one in found] == [5, 1, 2]


def test_the_chart_marks_the_chosen_one_and_says_the_same_in_words():
    [[drawn]] = answer.section([column(*DOWNLOADS)]).rows
    assert_golden(drawn)
    assert_drawable(drawn)
    chosen = [row["row"] for row in drawn.chart.data["cells"] if row["is_chosen"]]
    assert chosen == ["threads"]
    assert drawn.table.rows[1] == (
        "threads", "152 ms", "150 ms to 154 ms (97 %)", "9.21x", "92 %", "1.00 ms", "client-bound"
    )  # fmt: skip
    assert drawn.doubts[0].startswith("client-bound: ")
    assert drawn.setting == "items=64, workers=10, latency=20 ms, size=1 KiB, rounds=6"


def test_far_apart_the_axis_is_logarithmic():
    [[drawn]] = answer.section([column(download("sequential", 10.0), download("threads", 0.1))]).rows
    scales = [layer["encoding"].get("x", {}).get("scale", {}) for layer in drawn.chart.spec["layer"]]
    assert {scale.get("type") for scale in scales} == {None, "log"}
    assert_drawable(drawn)


def test_columns_stand_side_by_side_with_one_axis():
    runs = [run(*DOWNLOADS), run([download("sequential", 2.0), download("threads", 0.1)], fingerprint="other")]
    [row] = answer.section(columns(runs, {}, ORDER)).rows
    ends = [panel.chart.spec["layer"][1]["encoding"]["x"]["scale"]["domain"] for panel in row]
    assert ends[0] == ends[1]
    assert [panel.column for panel in row] == [runs[0].fingerprint, "other"]


def test_what_was_not_measured_is_named_with_its_command():
    section = answer.section([column(*DOWNLOADS)])
    assert [line.partition(":")[0] for line in section.missing] == [
        "Computing that holds the GIL",
        "Computing that releases the GIL",
    ]
    assert "benchmarks/test_computing.py" in section.missing[0]


def test_without_any_cell_there_is_only_what_is_missing():
    section = answer.section([column(cell("other", "test_other", "threads", process=None))])
    assert section.rows == ()
    assert len(section.missing) == 3


@drawing
@given(
    odd_runs(
        [("downloads", "test_downloads"), ("computing", "test_computing"), ("memory", "test_memory")], ["pss_bytes"]
    )
)
def test_whatever_a_run_holds_the_answer_stands(run):
    assert_whole(made(answer, run))


def test_names_that_hold_markup_are_drawn_as_they_are():
    odd = "</script><b>\"'\n"
    cells = (download("sequential", 1.0), download(odd, 0.1, limit=None, warnings=("<i>: x",)))
    section = answer.section([column(*cells)])
    [[drawn]] = section.rows
    assert "Use </script><b>\"'\\n (<i>): 100 ms" in drawn.says
    assert_drawable(drawn)
    assert odd.encode()[:9].decode() + "<b>" not in page(Report(title="x", made=(), sections=(section,)), "0")
