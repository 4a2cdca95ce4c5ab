"""The report's part on machines: facts side by side, and what is doubtful about whole runs."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from claimed import cell, run

from paceline.report.model import Report, columns
from paceline.report.output import page
from paceline.report.sections.machine import section

HERE = "linux-x86_64-made-up-2cpu-cpython-3.11"


def known(**facts):
    """A run whose every fact is known."""
    told = {
        "load_average": [0.5, 1.25, 1.5],
        "switch_interval": 0.005,
        "version": "0.1.0",
        "seed": 7,
        "scale": {"items": 64, "all": True, "lesson": False, "client": None},
    }
    made = run(cell("downloads", "test_downloads", "threads"), **{**told, **facts})
    return replace(made, machine_info={**made.machine_info, "libraries": {"requests": "2.34.2"}})


def facts(*runs, **more):
    [panel] = section(columns(runs, {}, ()), **more).rows[0]
    return panel


def rows(panel):
    return {name: words for name, *words in panel.table.rows}


def test_the_facts_of_a_run_stand_in_a_table():
    assert rows(facts(known())) == {
        "fingerprint": [HERE],
        "CPU": ["made up"],
        "usable CPUs": ["2 of 2 online"],
        "system": ["Linux"],
        "Python": ["CPython 3.11.7"],
        "GIL": ["on"],
        "switch interval": ["5 ms"],
        "load average (1, 5, 15 min)": ["0.50, 1.25, 1.50"],
        "saved": ["2026-11-22 12:00 UTC"],
        "commit": ["0123456789ab"],
        "Paceline": ["0.1.0"],
        "seed": ["7"],
        "options": ["items=64, all"],
        "cells": ["1 in 1 experiment, each process counted"],
        "complete": ["yes"],
        "file": [str(Path("results/made-up/0001_x.json"))],
        "library requests": ["2.34.2"],
    }


def test_what_differs_between_runs_is_marked_with_a_word():
    other = replace(known(python="3.14.0", fingerprint="other", gil="off", free_threaded=True), path=None)
    panel = facts(known(), other)
    assert panel.table.columns == ("fact", "CPython 3.11.7", "CPython 3.14.0, GIL off", "between them")
    assert rows(panel)["GIL"] == ["on", "off (free-threaded build)", "differs"]
    assert rows(panel)["system"] == ["Linux", "Linux", ""]
    assert rows(panel)["file"][1:] == ["-", "differs"]


def test_a_whole_clean_quiet_run_of_this_machine_has_no_doubt():
    panel = facts(known(), here=HERE)
    assert panel.doubts == ()
    assert "Nothing is doubtful" in panel.says


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(known(), complete=False, why_incomplete="Ctrl-C"), "INCOMPLETE: Ctrl-C."),
        (replace(known(), complete=False), "INCOMPLETE: no reason given."),
        (replace(known(), commit={"id": "abc", "dirty": True}), "changes of its own"),
        (known(load_average=[0.1, 3.5, 0.2]), "a load average of 3.50, above 1.5 for each of 2 usable CPUs"),
        (known(fingerprint="other"), "ANOTHER MACHINE OR PYTHON"),
    ],
)
def test_what_is_doubtful_about_a_run_is_said(changed, words):
    [doubt] = facts(changed, here=HERE).doubts
    assert words in doubt


def test_runs_of_different_machines_are_a_doubt_of_their_own():
    panel = facts(known(), known(fingerprint="other", python="3.14.0"))
    assert panel.doubts[0].startswith(f"DIFFERENT MACHINES OR PYTHONS: {HERE}, other.")


def with_libraries(run, **versions):
    return replace(run, machine_info={**run.machine_info, "libraries": versions})


def test_different_patch_releases_and_libraries_are_named():
    older = with_libraries(known(), requests="2.34.2", uvloop=None)
    newer = with_libraries(known(python="3.11.8"), requests="3", uvloop="1")
    assert facts(older, newer).doubts == (
        "DIFFERENT PYTHONS: CPython 3.11.7, CPython 3.11.8.",
        "NOT THE SAME VERSION OF requests: 2.34.2, 3.",
        "NOT THE SAME VERSION OF uvloop: missing, 1.",
    )


def test_a_library_that_a_run_did_not_look_for_is_not_called_missing():
    old, *new = known(), with_libraries(known(), trio="1"), with_libraries(known(), trio="2")
    assert not any("trio" in doubt for doubt in facts(old, new[0]).doubts)
    assert "NOT THE SAME VERSION OF trio: unknown, 1, 2." in facts(old, *new).doubts


def test_experiments_of_older_runs_are_named_with_their_run():
    older = replace(
        known(),
        cells=(cell("workers", "test_waiting", "threads"),),
        datetime=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        path=Path("0003_old.json"),
    )
    made = columns([known()], {HERE: [older]}, ())
    [panel] = section(made).rows[0]
    assert panel.doubts == ("CPython 3.11.7: workers from run 3 of 2026-11-01 00:00 UTC, which this run lacks.",)


def test_cells_with_each_mark_are_counted():
    noisy = cell("downloads", "test_downloads", "threads", warnings=("noisy: 12 %", "odd<b>: what nobody knows"))
    quiet = cell("downloads", "test_downloads", "asyncio")
    [panel] = section(columns([run(noisy, quiet)], {}, ())).rows[1]
    assert [(row[0], row[-1]) for row in panel.table.rows] == [("noisy", "1"), ("odd<b>", "1")]
    assert panel.says == "CPython 3.11.7: 1 of 2 cells carry a mark."


def test_a_run_without_marks_needs_no_table_of_them():
    [panel] = section(columns([known()], {}, ())).rows[1]
    assert panel.table is None


def test_a_run_that_knows_nothing_of_itself_is_shown_all_the_same():
    bare = replace(known(), machine_info={"cpu": None, "libraries": 3}, facts={"load_average": None}, commit={})
    panel = facts(bare, here="x")
    assert rows(panel)["Python"] == ["Python ?"]
    assert rows(panel)["options"] == ["defaults"]
    assert not {"CPU", "usable CPUs", "GIL", "seed"} & set(rows(panel))


def test_markup_in_facts_stays_text():
    hostile = replace(known(seed="<script>\n"), commit={"id": "</td><b>"})
    made = section(columns([hostile], {}, ()))
    html = page(Report(title="x", made=(), sections=(made,)), "0")
    assert "<script>\n" not in html.partition("<main")[2].partition("</main>")[0]
    assert "</td><b>" not in html
