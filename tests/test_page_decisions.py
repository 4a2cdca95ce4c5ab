"""From saved comparisons to the decisions that a report shows."""

import gzip
import json
from pathlib import Path

import pytest
from comparisons import ONE, TWO, comparison, pair, pairs, side, taken

from paceline.ab.record import save
from paceline.report.sections.comparisons import MOST, decided, decisions

CELLS = {ONE: ((0.1, 0.1), (0.1, 0.1)), TWO: ((0.2,), (0.2,))}
HELD = comparison(*pairs(CELLS, 3))


@pytest.fixture
def ab(tmp_path):
    return tmp_path / "ab"


def test_a_comparison_is_judged_again(tmp_path, ab):
    proof = Path(__file__).parents[1] / "results" / "proof" / "slower-10.json.gz"
    ab.mkdir()
    (ab / "0012_x.json").write_bytes(gzip.decompress(proof.read_bytes()))
    [found] = decisions(tmp_path).found
    cells = found.outcome.cells
    assert (found.name, found.outcome.verdict, found.comparison.tolerance) == ("comparison 12", "slower", 0.03)
    assert {cell.verdict for cell in cells} == {"slower"}
    assert all(cell.main.low > 1.03 and cell.main.pairs == 30 and cell.fresh.pairs == 10 for cell in cells)
    assert found.rows[0][0].startswith("test_computing[")
    assert found.outcome.canary.verdict == "same"
    drawn = decided(found, 1)
    assert drawn.says.startswith("Slower: 7 slower")
    assert all(row[-1] == "30+10" for row in drawn.table.rows[:-1])
    assert "30 pairs of processes and 10 fresh" in drawn.setting
    assert "SLOWER=0.10" in drawn.setting


def test_the_newest_come_first_and_no_more_than_asked_for(tmp_path, ab):
    for _ in range(MOST + 2):
        save(HELD, ab)
    made = decisions(tmp_path)
    assert [one.name for one in made.found] == [
        "comparison 7",
        "comparison 6",
        "comparison 5",
        "comparison 4",
        "comparison 3",
    ]
    assert (made.older, made.unread) == (2, ())


def test_all_of_as_many_as_asked_for_leave_none_older(tmp_path, ab):
    for _ in range(2):
        save(HELD, ab)
    assert decisions(tmp_path, most=2).older == 0


def test_a_damaged_comparison_is_named_and_the_others_are_shown(tmp_path, ab):
    save(HELD, ab)
    (ab / "0002_damaged.json").write_text('{"schema": 1')
    made = decisions(tmp_path)
    assert [one.name for one in made.found] == ["comparison 1"]
    (unread,) = made.unread
    assert "0002_damaged.json: it ends in the middle" in unread


def test_what_is_somebody_elses_is_left_alone(tmp_path, ab):
    save(HELD, ab)
    for name, content in (("0002_groups.json", '{"a": 0.31, "b": 0.33}'), ("0003_list.json", "[]"), ("x.json", "?")):
        (ab / name).write_text(content)
    made = decisions(tmp_path)
    assert ([one.name for one in made.found], made.unread) == (["comparison 1"], ())


def test_a_comparison_that_can_not_be_judged_is_named(tmp_path, ab):
    path = save(HELD, ab)
    whole = json.loads(path.read_text())
    for one in whole["pairs"]:
        del one["baseline"]["canary"]
    path.write_text(json.dumps(whole))
    made = decisions(tmp_path)
    assert made.found == ()
    assert "can't be judged: no main pair holds the canary" in made.unread[0]


def test_too_few_pairs_have_no_interval(tmp_path, ab):
    save(HELD, ab)
    [found] = decisions(tmp_path).found
    assert [(cell.verdict, cell.main.low, cell.main.high, cell.main.pairs) for cell in found.outcome.cells] == [
        ("unknown", None, None, 3)
    ] * 2


def test_what_a_reader_has_to_know_stands_in_notes(tmp_path, ab):
    counted = {ONE: (taken(0.1, connections=10), taken(0.1, connections=320))}
    held = comparison(
        *pairs(counted, 3),
        left_out={"a": "skipped on both", "b": "skipped on both"},
        notes=("read me",),
        baseline=side(libraries={"requests": "2.34.2"}),
        candidate=side(".", libraries={"requests": "3.0"}),
    )
    save(held, ab)
    [found] = decisions(tmp_path).found
    assert decided(found, 1).doubts == (
        "The sides have different libraries: requests 2.34.2 -> 3.0.",
        "left out: a, b (skipped on both)",
        f"connections: 10 -> 320 in {ONE}; compared exactly",
        "read me",
    )


def test_a_canary_that_moved_makes_a_comparison_not_comparable(tmp_path, ab):
    slow = [0.0100 + number * 1e-6 for number in range(12)]
    moved = [pair(number, CELLS, canary=((each,), (each * 1.3,))) for number, each in enumerate(slow, 1)]
    fresh = [pair(number + 12, CELLS, canary=((each,), (each * 1.3,)), phase="confirm")
             for number, each in enumerate(slow, 1)]  # fmt: skip
    save(comparison(*moved, *fresh), ab)
    [found] = decisions(tmp_path).found
    assert found.outcome.verdict == "not comparable"
    assert decided(found, 1).doubts[0].startswith("THE CANARY MOVED: ")


def test_nothing_saved_is_no_decision(tmp_path):
    made = decisions(tmp_path)
    assert (made.found, made.unread, made.older) == ((), (), 0)


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path, ab):
    ab.write_text("")
    assert decisions(tmp_path).unread == ()
