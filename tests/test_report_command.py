"""`paceline report`: what it writes, and how it ends."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import saved_runs
from processes import LONG_PATIENCE, limited

from paceline import machine
from paceline.cli import main

ROOT = Path(__file__).parents[1]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def here(*benchmarks, number=1, results, **run):
    return saved_runs.put(
        results, saved_runs.saved(*benchmarks, fingerprint=machine.fingerprint(), **run), number=number
    )


def test_it_makes_a_page_of_the_newest_whole_run(results, capsys):
    here(results=results)
    here(number=2, results=results, complete=False, why="it was interrupted")
    assert main(["report"]) == 0
    page = Path("report.html").read_text()
    assert "run 1 of 2026-11-22 12:00 UTC" in page
    assert "wrote report.html" in capsys.readouterr().err


def test_an_experiment_that_the_newest_run_lacks_comes_from_an_older_one_and_says_so(results):
    here(saved_runs.benchmark(experiment="computing"), results=results, when="2026-11-20T12:00:00+00:00")
    here(saved_runs.benchmark(experiment="downloads"), results=results, number=2)
    assert main(["report"]) == 0
    assert "From run 1 of 2026-11-20 12:00 UTC." in Path("report.html").read_text()


def test_a_run_that_was_named_stands_alone(results):
    here(saved_runs.benchmark(experiment="computing"), results=results)
    here(saved_runs.benchmark(experiment="downloads"), results=results, number=2)
    assert main(["report", "2"]) == 0
    assert "test_computing[" not in Path("report.html").read_text()


def test_two_runs_are_laid_side_by_side(results):
    one = here(results=results, python="3.11.7")
    other = here(results=results, python="3.14.0", number=2)
    assert main(["report", str(one), str(other)]) == 0
    page = Path("report.html").read_text()
    assert re.search(r'class="column">CPython 3.11.7<', page)
    assert re.search(r'class="column">CPython 3.14.0<', page)


def test_another_machines_run_is_said_to_be_that_once_with_what_to_type_for_ones_own(results, capsys):
    path = saved_runs.put(results, saved_runs.saved())
    assert main(["report"]) == 0
    other, wrote = capsys.readouterr().err.splitlines()
    assert other.endswith(f"ANOTHER MACHINE, {saved_runs.FINGERPRINT}. Measure your own: pytest --benchmark-only")
    assert wrote.startswith("wrote report.html")
    assert main(["report", str(path)]) == 0
    assert "ANOTHER MACHINE" not in capsys.readouterr().err


@pytest.mark.usefixtures("results")
def test_an_empty_history_makes_a_page_that_says_what_to_type():
    assert main(["report"]) == 0
    assert "results has no whole run; measure one: pytest --benchmark-only" in Path("report.html").read_text()


def test_a_single_cell_makes_a_page(results):
    here(saved_runs.benchmark(rounds=[0.2]), results=results)
    assert main(["report"]) == 0
    assert "test_downloads[threads" in Path("report.html").read_text()


def test_a_run_with_nothing_but_warnings_makes_a_page_that_tells_them(results):
    doubts = ["noisy: half of the rounds lie far away", "unproven: no ledger", "own-mark: <b>said by somebody</b>"]
    here(*(saved_runs.benchmark(strategy, warnings=doubts) for strategy in ("sequential", "threads")), results=results)
    assert main(["report"]) == 0
    page = Path("report.html").read_text()
    assert "own-mark: &lt;b&gt;said by somebody&lt;/b&gt;" in page
    assert "unproven: no ledger" in page


def test_two_thousand_cells_make_a_page_below_three_megabytes(results):
    cells = [
        saved_runs.benchmark(f"strategy-{place % 40}", "own", [0.1, 0.2, 0.3], workers=1 + place // 40, limit=0.1,
                             efficiency=0.5, warnings=["noisy: yes"])
        for place in range(2000)
    ]  # fmt: skip
    here(*cells, results=results)
    assert main(["report"]) == 0
    assert Path("report.html").stat().st_size < 3 * 2**20


def test_the_charts_come_out_as_charts_too(results):
    here(*(saved_runs.benchmark(name, limit=0.14) for name in ("sequential", "threads")), results=results)
    assert main(["report", "--charts", "pictures/of it"]) == 0
    made = sorted(path.name for path in Path("pictures/of it").iterdir())
    assert made
    assert {Path(name).suffix for name in made} == {".svg", ".png"}
    assert all(Path("pictures/of it", name).stat().st_size > 1000 for name in made)


def test_the_name_of_an_experiment_leads_no_chart_out_of_its_folder(results):
    here(saved_runs.benchmark(experiment="../../evil/\x1b[2J"), results=results)
    assert main(["report", "--charts", "pictures"]) == 0
    assert {path.parent for path in Path().rglob("*.svg")} == {Path("pictures")}


def test_markdown_goes_to_standard_output_and_no_page_is_written(results, capsys):
    here(results=results)
    assert main(["report", "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("# ")
    assert not Path("report.html").exists()


def test_a_page_can_go_to_standard_output(results, capsys):
    here(results=results)
    assert main(["report", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


@pytest.mark.parametrize("word", ["7", "nowhere.json"])
def test_a_missing_run_is_one_line_and_status_2(results, capsys, word):
    here(results=results)
    assert main(["report", word]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert word in said
    assert not Path("report.html").exists()


def test_a_damaged_run_is_one_line_and_status_2(results, capsys):
    path = here(results=results)
    path.write_text(path.read_text()[:-40])
    assert main(["report", str(path)]) == 2
    said = capsys.readouterr().err
    assert next(line for line in said.splitlines() if str(path) in line).startswith("paceline: ")
    assert not Path("report.html").exists()


def test_a_damaged_file_of_the_history_is_named_on_the_page_and_the_others_are_shown(results, capsys):
    here(results=results)
    damaged = here(results=results, number=2)
    damaged.write_text("{")
    assert main(["report"]) == 0
    assert damaged.name in capsys.readouterr().err
    assert damaged.name in Path("report.html").read_text()


def test_another_machines_run_is_shown_with_a_loud_word(results):
    saved_runs.put(results, saved_runs.saved())
    assert main(["report"]) == 0
    assert f"is not of this machine and Python, {machine.fingerprint()}" in Path("report.html").read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "no/such/folder/report.html"], "there is no folder no/such/folder; make it first"),
        (["-o", "x" * 300], "file name too long; give another path"),
        (["-o", "file/report.html"], "not a directory; give another path"),
        (["-o", "results"], "results is a folder; give a file"),
        (["--charts", "file/below"], "file is no folder; move it away, or name another place"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_line_and_status_1_before_anything_is_read(
    results, capsys, words, complaint
):
    here(results=results).write_text("{")  # would be told of
    Path("file").write_text("")
    assert main(["report", *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("paceline: ")
    assert said.endswith(f"{complaint}\n")
    assert said.count("\n") == 1


def test_a_file_that_can_not_be_finished_is_one_line_with_its_name_and_leaves_nothing(tmp_path):
    command = f"{limited(99_999)} from paceline.cli import main; sys.exit(main(['report']))"
    ended = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "paceline: report.html: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_without_what_draws_it_says_what_to_install(tmp_path):
    blocked = "import sys; sys.modules['vl_convert'] = None; from paceline.cli import main; sys.exit(main(['report']))"
    ended = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "paceline: paceline report needs vl-convert-python: pip install 'paceline[report]'\n"


def test_markdown_and_page_do_not_mix_on_standard_output(results, capsys):
    here(results=results)
    assert main(["report", "--markdown", "-o", "-"]) == 2
    assert "standard output" in capsys.readouterr().err


@pytest.mark.nightly
def test_the_committed_runs_of_two_pythons_make_one_page(tmp_path):
    runs = [
        str(max(folder.glob("*_all.json")))
        for folder in ROOT.glob("results/linux*/*")
        if any(folder.glob("*_all.json"))
    ]
    page = tmp_path / "report.html"
    command = [sys.executable, "-m", "paceline", "report", *runs, "-o", str(page)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=LONG_PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    assert page.stat().st_size < 3 * 2**20
    text = page.read_text()
    assert "http-equiv" in text
    charts = json.loads(re.search(r'id="charts">(.*?)</script>', text, re.DOTALL)[1])["charts"]
    assert len(charts) > 20


def test_a_pipe_and_a_link_stay_what_they_are(results, tmp_path):
    here(results=results)
    Path("link.html").symlink_to("page.html")
    assert main(["report", "-o", "link.html"]) == 0
    assert Path("link.html").is_symlink()
    assert Path("page.html").read_text().startswith("<!doctype html>")
    os.mkfifo("pipe")
    with Path("read").open("wb") as read, subprocess.Popen(["cat", "pipe"], stdout=read, cwd=tmp_path):
        assert main(["report", "-o", "pipe"]) == 0
    assert Path("read").read_bytes().startswith(b"<!doctype html>")
    assert Path("pipe").is_fifo()
