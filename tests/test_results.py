"""Whatever is committed in results/ can be read: files from earlier versions too."""

import json
import re
import sys
from pathlib import Path

import pytest

from paceline import history
from paceline.ab.judging import judged

sys.path.insert(0, str(Path(__file__).parents[1] / "results" / "proof"))
import record
from resampling import recorded

RESULTS = Path(__file__).parents[1] / "results"
RUNS = re.findall(r"^\| `([^`]+\.json)` \|", (RESULTS / "README.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", RUNS)
def test_every_run_that_the_readme_names_is_whole(name):
    run = history.load(RESULTS / name)
    assert run.complete
    assert len(run.cells) > 20
    assert all(cell.rounds and cell.median > 0 for cell in run.cells)


def test_every_run_that_a_page_shows_is_one_of_them():
    root = RESULTS.parent
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("docs/*/*.md")]
    shown = {(name, page.name) for page in pages for name in re.findall(r"linux-[\w./-]+\.json", page.read_text())}
    assert [each for each in sorted(shown) if each[0] not in RUNS] == []


@pytest.mark.parametrize("name", RUNS)
def test_the_page_on_stability_names_the_python_and_the_day_of_a_run(name):
    run, page = history.load(RESULTS / name), (RESULTS.parent / "docs" / "stability.md").read_text()
    assert run.python.removeprefix("CPython ") in page
    assert f"{run.datetime:%Y-%m-%d}" in page


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("same", "not slower"), ("slower-5", "slower"), ("slower-6", "slower"), ("slower-10", "slower")],
)
def test_recorded_pairs_are_judged_as_they_were(name, verdict):
    assert judged(recorded(RESULTS / "proof" / f"{name}.json.gz")).verdict == verdict


def test_recorded_comparisons_are_summed_up():
    known = [json.loads(line) for line in (RESULTS / "proof" / "null.jsonl").read_text().splitlines()]
    assert "identical" in record.summary(known)
