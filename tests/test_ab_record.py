"""Comparisons on disk: what was saved comes back whole, under a number of its own, and damage is named."""

import codecs
import errno
import gzip
import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from comparisons import ONE, TWO, comparison, pair, pairs, side, taken
from hypothesis import given
from hypothesis import strategies as st
from processes import LONG_PATIENCE, let_go_together, limited, small_disk

from paceline import history
from paceline.ab.record import (
    CellPlan,
    Comparison,
    NoSuchComparisonError,
    NotSaved,
    Pair,
    SideFacts,
    Taken,
    UnreadableComparison,
    load,
    resolve,
    save,
    saved,
)
from paceline.history import documents

CELLS = {ONE: ((0.1, 0.12), (0.11, 0.3)), TWO: (taken(0.2, connections=10), taken(1 / 3, connections=320))}
HELD = comparison(*pairs(CELLS, 2), pair(3, CELLS, phase="confirm"), left_out={"x": "skipped"}, notes=("é",))

SAVE = """
import sys
from pathlib import Path
from paceline.ab.record import load, save

held, folder = load(Path(sys.argv[1])), Path(sys.argv[2])
{then}
"""

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
TAKEN = st.builds(
    Taken,
    rounds=st.lists(st.floats(min_value=1e-9, max_value=1e6), min_size=1, max_size=4).map(tuple),
    counts=st.dictionaries(TEXT, st.integers(0, 2**63 - 1), max_size=2),
)
MEASURED = st.dictionaries(TEXT, TAKEN, max_size=3)
PAIR = st.builds(
    Pair,
    number=st.integers(1, 1000),
    phase=st.sampled_from(["main", "confirm"]),
    first=st.sampled_from(["baseline", "candidate"]),
    order=st.lists(TEXT, max_size=3).map(tuple),
    baseline=MEASURED,
    candidate=MEASURED,
    seconds=st.floats(0, 1e6),
)
WORDS = st.dictionaries(TEXT, TEXT, max_size=2)
SIDE = st.builds(
    SideFacts,
    typed=TEXT,
    place=TEXT,
    commit=st.none() | TEXT,
    dirty=st.booleans(),
    python=TEXT,
    environment=WORDS,
    options=st.lists(TEXT, max_size=2).map(tuple),
    libraries=WORDS,
)
LOOKS = st.sets(st.integers(1, 1000), max_size=3).map(sorted).map(tuple)
PLAN = st.builds(CellPlan, seconds=st.floats(0, 1e6), remarks=st.lists(TEXT, max_size=2).map(tuple))
SITTING = st.builds(
    Comparison,
    baseline=SIDE,
    candidate=SIDE,
    fingerprint=TEXT,
    datetime=TEXT,
    seed=st.integers(0, 2**64),
    tolerance=st.floats(0.001, 1),
    arguments=st.lists(TEXT, max_size=2).map(tuple),
    looks=LOOKS,
    fresh_looks=LOOKS,
    plan=st.dictionaries(TEXT, PLAN, max_size=2),
    failed=WORDS,
    left_out=WORDS,
    notes=st.lists(TEXT, max_size=2).map(tuple),
    pairs=st.lists(PAIR, max_size=3).map(tuple),
    schema=st.just(2),
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "ab"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def saving(folder, then, **options):
    """Start a process that has a comparison and a folder, and does as told with them."""
    path = folder.parent.parent / "held.json"
    if not path.exists():
        save(HELD, folder.parent.parent).rename(path)
    command = [sys.executable, "-c", SAVE.format(then=then), str(path), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_what_was_saved_comes_back(folder):
    path = save(HELD, folder)
    assert path == folder / "0001_rev-main_here.json"
    assert load(path) == HELD


@given(SITTING)
def test_whatever_was_saved_comes_back(tmp_path_factory, held):
    assert load(save(held, tmp_path_factory.getbasetemp() / "ab")) == held


def test_a_file_holds_a_pair_a_line_and_every_json_reader_takes_it(folder):
    text = save(HELD, folder).read_text(encoding="utf-8")
    assert sum(line.startswith('{"number": ') for line in text.splitlines()) == 3
    assert json.loads(text, parse_constant=pytest.fail)["pairs"][2]["phase"] == "confirm"


def test_an_older_comparison_has_one_look_at_all_its_pairs(folder):
    path = save(HELD, folder)
    whole = json.loads(path.read_text())
    for name in ("looks", "fresh_looks", "plan", "failed"):
        del whole[name]
    path.write_text(json.dumps({**whole, "schema": 1, "planned": 14, "pilot": 8}))
    assert load(path) == HELD
    assert (HELD.looks, HELD.fresh_looks) == ((2,), (1,))


def test_a_comparison_without_pairs_comes_back(folder):
    held = comparison()
    assert load(save(held, folder)) == held


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("rev:feature/x_y", "rev-feature-x-y"),
        (". SLOW=1 --client raw", "here-SLOW-1-client-raw"),
        ("python:/usr/bin/python3.13", "python-usr-bin-python3.13"),
        ("../..", "side"),
        ("rev:\0\n/", "rev"),
        ("é", "side"),
        ("rev:" + "x" * 300, "rev-" + "x" * 36),
    ],
)
def test_a_side_gives_a_name_that_every_file_system_takes(folder, typed, named):
    path = save(replace(HELD, baseline=side(typed)), folder)
    assert path.name == f"0001_{named}_here.json"


def test_a_side_with_letters_that_utf_8_does_not_have_is_saved_all_the_same(folder):
    assert load(save(replace(HELD, baseline=side("rev:\udcff")), folder)).baseline.typed == "rev:?"


def test_the_next_number_counts_damaged_files_too(folder):
    folder.mkdir(parents=True)
    (folder / "0007_broken.json").write_text("{")
    save(HELD, folder)
    assert names(folder) == ["0007_broken.json", "0008_rev-main_here.json"]


def test_a_history_takes_no_comparison_for_a_run(folder):
    save(HELD, folder)
    assert history.runs(folder.parent) == ([], [])


def test_a_mark_that_an_editor_put_before_a_comparison_is_passed_over(folder):
    path = save(HELD, folder)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert load(path) == HELD


def test_a_comparison_too_large_to_be_read_again_is_not_saved(folder, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST", 500)
    with pytest.raises(
        NotSaved, match=r"it has [\d,]+ bytes, more than any comparison may have \(500\); compare fewer"
    ):
        save(HELD, folder)
    assert not folder.exists()


def test_a_file_that_is_no_comparison_is_not_called_damaged(folder):
    path = save(HELD, folder)
    for content in (gzip.compress(path.read_bytes()), b"import os", b"[1]", b'{"a" 1}'):
        path.write_bytes(content)
        with pytest.raises(UnreadableComparison) as caught:
            load(path)
        assert "damaged" not in str(caught.value)


def test_the_newest_is_the_one_with_the_highest_number(folder):
    assert saved(folder) == []
    folder.mkdir(parents=True)
    for number in ("9999", "10000", "0003"):
        (folder / f"{number}_x.json").write_text("{")
    (folder / "notes.json").write_text("{}")
    assert saved(folder)[-1] == folder / "10000_x.json"


def test_a_comparison_is_found_by_number_or_path(folder):
    path = save(HELD, folder)
    assert [resolve(word, folder) for word in ("1", "0001", str(path))] == [path] * 3
    with pytest.raises(NoSuchComparisonError, match="has no comparison 2; it holds 1 to 1"):
        resolve("2", folder)
    with pytest.raises(NoSuchComparisonError, match="has no comparison 2; it is empty"):
        resolve("2", folder / "none")
    (folder / "0001_other.json").write_text("{")
    with pytest.raises(
        NoSuchComparisonError, match="comparison 1 may be .*0001_other.json or .*; give the path of one"
    ):
        resolve("1", folder)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"pairs": [', '"pairs": [}', r"it is not JSON at line \d+; the file is damaged"),
        ('"pairs": [', '"pairs": 1, "rest": [', r"Expected array, got int - at \$.pairs; the file is damaged"),
        ('"seed": 7', '"seed": "7"', r"Expected int, got str - at \$.seed; the file is damaged"),
        ('"seed"', '"sad"', "Object missing required field seed; the file is damaged"),
        ('"confirm"', '"perhaps"', r"Invalid enum value 'perhaps' - at \$.pairs\[2\].phase; the file is damaged"),
        (
            "0.12",
            "-1",
            r"pair 1 has a round of 'benchmarks/test_gate.py::test_compute\[one worker\]' that no round can",
        ),
        ("[0.2]", "[]", "or none; the file is damaged"),
        ("0.12", "1e999", r"Number out of range - at \$.pairs\[0\]"),
        (
            '"schema": 2',
            '"schema": 3',
            r"a newer Paceline wrote it \(schema 3, this one reads 1 and 2\); read it with that one",
        ),
        (
            '"looks": [\n  2\n ]',
            '"looks": [3, 3]',
            r"its looks \[3, 3\] are no increasing numbers of pairs; the file is",
        ),
        ('"schema": 2', '"schema": 0', "an older Paceline wrote it"),
        ('"schema": 2', '"scheme": 2', "it is no comparison of paceline ab; name a file from results/ab"),
    ],
)
def test_a_damaged_file_is_named_with_the_reason(folder, old, new, reason):
    path = save(HELD, folder)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UnreadableComparison, match=reason) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty, perhaps left by a full disk; remove it"),
        (b'{"schema": 1, "pairs"', "it ends in the middle, as after a full disk or a kill; the file is damaged"),
        (b'{"benchmarks": []}', "it is no comparison of paceline ab"),
        (b"[1, 2]", "it is no comparison of paceline ab"),
        (b"[" * 100_000, "x.json: it "),
        (b'{"schema": 1, "pairs": [], "notes": ["\xff"]}', "the file is damaged"),
    ],
)
def test_a_file_of_another_kind_is_named_with_the_reason(tmp_path, content, reason):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UnreadableComparison, match=reason):
        load(tmp_path / "x.json")


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, reason in {
        "none": "no such file or directory; check the path",
        ".": "it is a folder; name a file in it",
        "pipe": "it is not a regular file",
        "a\0b": "embedded null .*; check the path",
    }.items():
        with pytest.raises(UnreadableComparison, match=reason):
            load(tmp_path / name)


def test_a_comparison_that_could_not_be_read_again_is_not_saved(folder):
    with pytest.raises(NotSaved, match="a number in it is not finite"):
        save(replace(HELD, tolerance=math.nan), folder)
    with pytest.raises(NotSaved, match="it could not be read again: pair 1 has a round of 'x'"):
        save(comparison(pair(1, {"x": ((0.0,), (0.1,))})), folder)
    assert not folder.exists()


def test_a_folder_in_the_way_is_told_of(folder):
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(NotSaved, match="is not saved in .*; make room there, or make it writable, and compare again"):
        save(HELD, folder)
    assert folder.read_text() == "a file"


def test_a_save_that_fails_leaves_nothing(folder, monkeypatch):
    def refuse(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(NotSaved, match="Input/output error; make room there"):
        save(HELD, folder)
    assert names(folder) == []


def test_a_file_that_outgrows_its_limit_leaves_nothing(folder):
    _, complaint = saving(folder, f"{limited(100)} save(held, folder)").communicate(timeout=LONG_PATIENCE)
    assert "NotSaved: this comparison is not saved in" in complaint
    assert "File too large; make room there" in complaint
    assert names(folder) == []


def test_a_full_disk_leaves_nothing(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        save(HELD, disk)
        with pytest.raises(NotSaved, match="No space left on device; make room there"):
            save(comparison(*pairs(CELLS, 1000)), disk)
        assert names(disk) == ["0001_rev-main_here.json"]
        save(HELD, disk)
        assert names(disk) == ["0001_rev-main_here.json", "0002_rev-main_here.json"]


def test_processes_that_save_at_once_get_a_number_each(folder):
    each = "print(flush=True); sys.stdin.read(); [save(held, folder) for _ in range(20)]"
    processes = [saving(folder, each, stdin=subprocess.PIPE) for _ in range(3)]
    let_go_together(processes)
    assert names(folder) == [f"{number:04}_rev-main_here.json" for number in range(1, 61)]
    assert all(load(folder / name) == HELD for name in names(folder))
