"""How Pythons were built and started, in words, and whether that keeps two runs from being compared."""

from dataclasses import replace

import pytest
from claimed import cell, run

from paceline.tables.builds import build, differ, in_words
from paceline.tables.runs import doubts

OPTIMIZED = {"pgo": True, "lto": True, "bolt": False, "debug": False, "tail_calls": False, "jit": "none"}


def info(compiler="GCC 12.2.0", *, free_threaded=False, **facts):
    return {"python_compiler": compiler, "free_threaded": free_threaded, "build": {**OPTIMIZED, **facts}}


@pytest.mark.parametrize(
    ("facts", "gil", "words"),
    [
        (info(), "on", "GCC 12.2.0, PGO, LTO"),
        (info(pgo=False, lto=False), "on", "GCC 12.2.0, no PGO, no LTO"),
        (info(pgo=None, lto=None, bolt=None, jit="off"), "on", "GCC 12.2.0, PGO and LTO unknown, JIT off"),
        (info("Clang 21", bolt=True, tail_calls=True, jit="on"), "on", "Clang 21, PGO, LTO, BOLT, tail calls, JIT on"),
        (info(debug=True, free_threaded=True), "off", "GCC 12.2.0, PGO, LTO, a debug build, GIL off"),
        ({"python_compiler": "GCC 12.2.0"}, "on", "GCC 12.2.0, PGO and LTO unknown"),
        ({}, None, "compiler unknown, PGO and LTO unknown"),
        ({"python_compiler": "\x1b[31m", "build": 3}, None, "\\x1b[31m, PGO and LTO unknown"),
    ],
)
def test_a_build_is_told_in_words(facts, gil, words):
    assert in_words(build(facts, gil)) == words


@pytest.mark.parametrize("other", [info("GCC 16.2.0"), info(pgo=False), info(jit="on"), info(debug=True)])
def test_builds_differ_in_compiler_optimizations_debugging_or_jit(other):
    assert differ(build(info(), "on"), build(other, "on"))
    assert not differ(build(other, "on"), build(other, "on"))


def test_what_is_not_known_of_both_builds_is_no_difference():
    old = {"python_compiler": "GCC 12.2.0"}
    assert not differ(build(old, "on"), build(info(pgo=False), "on"))
    assert not differ(build(info(pgo=None), "on"), build(info(pgo=False), "on"))


def measured(facts, gil="on"):
    made = run(cell("downloads", "test_downloads", "threads"), gil=gil)
    return replace(made, machine_info={**made.machine_info, **facts})


def test_two_runs_of_pythons_built_differently_are_compared_with_a_loud_word():
    assert doubts(measured(info()), measured(info(pgo=False))) == [
        "PYTHONS BUILT OR STARTED IN DIFFERENT WAYS: baseline GCC 12.2.0, PGO, LTO; candidate GCC 12.2.0, no PGO, LTO."
    ]
    assert doubts(measured(info()), measured(info())) == []


def test_a_run_in_which_a_library_switched_the_gil_on_is_not_compared_silently_with_one_without():
    [doubt] = doubts(*(measured(info(free_threaded=True), gil) for gil in ("off", "on")))
    assert doubt.endswith("baseline GCC 12.2.0, PGO, LTO, GIL off; candidate GCC 12.2.0, PGO, LTO, GIL on.")
