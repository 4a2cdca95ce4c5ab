"""What is recorded of comparisons whose truth is known, and how it is summed up."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "results" / "proof"))
import record
from blame_edits import Source

SOURCE = b"""
class Cart:
    def first(self):
        made = [1, 2]
        return made

    def second(self):
        return [3]
"""


def built(text):
    """What a module's class gives after an edit."""
    module = {}
    exec(compile(text, "cart.py", "exec"), module)
    return module["Cart"]().first(), module["Cart"]().second()


@pytest.mark.parametrize("kind", ["comment", "renamed local", "reordered functions", "unused function"])
def test_a_null_change_changes_the_text_and_nothing_else(kind):
    source = Source(SOURCE)
    changes = list(record.changes(source, kind, random.Random(1)))
    assert changes
    for _, edits in changes:
        text = source.edited(edits)
        assert text != SOURCE
        assert built(text) == built(SOURCE)


def comparison(kind, cells, changed=(), suite="yarl"):
    changed = dict.fromkeys(changed, 1.1)
    verdict = "slower" if changed else "not slower"
    return {"suite": suite, "kind": kind, "cells": cells, "changed": changed, "verdict": verdict, "seconds": 60.0}


def test_identical_code_and_null_changes_are_taken_in_turns_and_so_are_the_suites():
    known = []
    for _ in range(4 * (len(record.KINDS) - 1)):
        suite, kind = record.rarest({"yarl": "", "paceline": ""}, known)
        known.append(comparison(kind, {"same": 1}, suite=suite))
    kinds = [one["kind"] for one in known]
    assert abs(kinds.count("identical") - len(kinds) / 2) <= 1
    assert set(kinds) == set(record.KINDS)
    assert sum(one["suite"] == "yarl" for one in known) == len(known) / 2


def test_the_bound_is_the_largest_rate_with_which_so_few_alarms_would_still_be_seen():
    assert record.bound(0, 120) == pytest.approx(1 - 0.05 ** (1 / 120))
    assert record.bound(1, 120) > record.bound(0, 120)
    assert record.bound(3, 3) == 1.0


def test_the_summary_counts_alarms_by_comparison_and_by_cell():
    known = [comparison("identical", {"same": 9, "unknown": 1}), comparison("comment", {"same": 9, "slower": 1}, ["a"])]
    said = record.summary(known)
    assert "alarms: 1 of 2 comparisons" in said
    assert "1 of 20 cells" in said
    [identical] = [line for line in said.splitlines() if line.startswith("yarl") and "identical" in line]
    assert identical.split()[-6:] == ["10", "90.0%", "10.0%", "0", "0", "60"]
