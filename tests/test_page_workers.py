"""The part of a report on workers."""

import pytest
import saved_runs
from golden_charts import assert_drawable, assert_golden

from paceline.history import load
from paceline.report.model import columns
from paceline.report.sections import timeline

ORDER = ["sequential", "threads", "asyncio", "pool-fork"]


def cell(strategy, number, *rounds, **extra):
    made = saved_runs.benchmark(
        strategy, "workers", rounds, workers=number, workload="Fetch", client="raw", kernel=None, latency=0.01, **extra
    )
    made["name"] = f"test_waiting[{strategy}-raw-workers={number}]"
    made["fullname"] = f"benchmarks/test_workers.py::{made['name']}"
    return made


@pytest.fixture
def column(tmp_path):
    def made(*cells):
        run = load(saved_runs.put(tmp_path, saved_runs.saved(*cells)))
        return columns([run], {}, ORDER)

    return made


def sweep():
    return [
        cell("sequential", 1, 0.65, 0.66, 0.67, limit=0.64, efficiency=0.97),
        cell("threads", 4, 0.17, 0.18, 0.19, limit=0.16, efficiency=0.89),
        cell("threads", 16, 0.044, 0.045, 0.048, limit=0.04, efficiency=0.89, warnings=["noisy: they scatter"]),
        cell("asyncio", 4, 0.165, 0.166, 0.168, limit=0.16, efficiency=0.96),
        cell("asyncio", 16, 0.042, 0.043, 0.044, limit=0.04, efficiency=0.93),
    ]


def test_a_sweep_is_drawn_beside_the_pace_line(column):
    section = timeline.workers_section(column(*sweep()))
    ((panel,),) = section.rows
    assert_golden(panel)
    assert_drawable(panel)
    assert [(point["workers"], point["seconds"]) for point in panel.chart.data["pace"]] == [
        (1, 0.64),
        (4, 0.16),
        (16, 0.04),
    ]


def test_it_says_which_is_shortest_and_longest(column):
    ((panel,),) = timeline.workers_section(column(*sweep())).rows
    assert panel.says == (
        "The shortest median is 43.0 ms, by asyncio with 16 workers, 93 % of the limit; the longest is 660 ms, by "
        "sequential with 1 worker."
    )
    assert panel.doubts[0].startswith("noisy: ")
    assert "threads (workers=16" in panel.doubts[0]


def test_every_round_is_a_dot(column):
    ((panel,),) = timeline.workers_section(column(*sweep())).rows
    assert sorted(dot["seconds"] for dot in panel.chart.data["rounds"] if dot["strategy"] == "asyncio") == [
        0.042, 0.043, 0.044, 0.165, 0.166, 0.168,
    ]  # fmt: skip


def test_a_single_cell_without_a_limit_is_drawn_too(column):
    ((panel,),) = timeline.workers_section(column(cell("<b>mine</b>", 3, 0.2))).rows
    assert_drawable(panel)
    assert panel.chart.data["pace"] == []


def test_without_a_sweep_it_says_what_to_run(column):
    section = timeline.workers_section(column(saved_runs.benchmark()))
    assert section.rows == ()
    assert "pytest --benchmark-only benchmarks/test_workers.py" in section.missing[0]


@pytest.mark.parametrize("name", ["if", "constructor", "toString", "valueOf", "hasOwnProperty", "__proto__", "datum"])
def test_a_strategy_that_is_called_like_one_of_vegas_own_words_is_drawn(column, name):
    ((panel,),) = timeline.workers_section(column(cell(name, 2, 0.2), cell(name, 4, 0.1))).rows
    assert_drawable(panel)
    assert {point["strategy"].rstrip("\u200b") for point in panel.chart.data["cells"]} == {name}


def test_a_name_with_signs_that_can_not_be_printed_keeps_its_colour_and_its_place_in_the_legend(column):
    ((panel,),) = timeline.workers_section(column(cell("mine\n", 2, 0.2), cell("threads", 2, 0.1))).rows
    hues = [layer["encoding"]["color"] for layer in panel.chart.spec["layer"] if "color" in layer["encoding"]]
    assert [hue["scale"]["domain"] for hue in hues] == [[*ORDER, "mine\\n"]] * len(hues)
    assert [hue["legend"]["values"] for hue in hues] == [["threads", "mine\\n"]] * len(hues)
    assert {point["strategy"] for point in panel.chart.data["cells"]} == {"threads", "mine\\n"}
