"""`paceline predict`: what it prints, which run it takes, and how it ends."""

import json

import pytest
from predicted import GRID, downloads, history
from saved_runs import FINGERPRINT

from paceline import cli, machine

ASKED = ("--strategy", "threads", "--items", "1000", "--workers", "16", "--latency", "0.02")


@pytest.fixture
def root(tmp_path):
    history(tmp_path)
    return tmp_path


def predict(root, *words):
    return cli.main(["predict", "--results", str(root), *words])


def as_json(root, capsys, *words):
    assert predict(root, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_it_says_how_long_how_sure_and_what_binds(root, capsys):
    assert predict(root, *ASKED) == 0
    shown = capsys.readouterr().out
    assert "threads, raw: 1,000 items of 20 ms, 16 workers on one machine" in shown
    assert "It takes 1.29 s (95 % interval 1.26 s to 1.33 s" in shown
    assert "after 16.0 ms to start; what binds is latency." in shown


def test_every_part_of_the_model_is_shown_with_where_it_comes_from(root, capsys):
    assert predict(root, *ASKED) == 0
    shown = capsys.readouterr().out
    assert "contention (USL)" in shown
    assert "20 cells" in shown
    assert "taken as it is" in shown


def test_programs_get_the_same_as_json(root, capsys):
    found = as_json(root, capsys, *ASKED)
    assert (found["strategy"], found["client"], found["binding"], found["level"]) == ("threads", "raw", "latency", 0.95)
    assert found["low"] < found["seconds"] < found["high"]
    assert found["question"]["work"]["items"] == 1000
    assert found["question"]["work"]["bandwidth"] is None
    assert found["beyond"] == []
    assert found["fit"]["cells"] == len(GRID)


def test_beyond_the_measured_it_says_how_far(root, capsys):
    assert predict(root, "--strategy", "threads", "--items", "1000000", "--workers", "640", "--latency", "0.02") == 0
    shown = capsys.readouterr().out
    assert "Beyond: items 1,000,000, 625x away from the most that was measured, 1,600." in shown
    assert "Beyond: workers 640, 10.0x away from the most that was measured, 64." in shown


def test_a_deadline_gets_a_number_of_machines(root, capsys):
    assert predict(root, *ASKED, "--deadline", "0.5") == 0
    assert "Machines needed to do it within 500 ms, start included: 3 by the middle, 3 by" in capsys.readouterr().out


def test_a_deadline_that_nobody_can_meet_is_called_that(root, capsys):
    assert predict(root, *ASKED, "--deadline", "0.01") == 0
    assert "No number of machines does it within 10 ms" in capsys.readouterr().out


def test_memory_that_is_not_there_binds(tmp_path, capsys):
    held = downloads(experiment="memory", workload="Held", limit=None, pss_bytes=10_000_000)
    history(tmp_path, *downloads(), *held)
    assert as_json(tmp_path, capsys, *ASKED, "--memory", "1000")["binding"] == "memory"


def test_memory_that_a_container_may_not_use_is_not_there(tmp_path, capsys, monkeypatch):
    history(tmp_path, *downloads(), *downloads(experiment="memory", workload="Held", limit=None, pss_bytes=10_000_000))
    monkeypatch.setattr(machine, "memory_limits", lambda: iter([1000]))
    assert as_json(tmp_path, capsys, *ASKED)["binding"] == "memory"


def test_validation_shows_each_cell_and_the_share(root, capsys):
    assert predict(root, "--validate") == 0
    shown = capsys.readouterr().out
    assert all(f"latency[threads-raw-{place}]" in shown for place in range(len(GRID)))
    assert "Of 20 cells" in shown
    assert "within 20 % of what was measured" in shown


def test_validation_as_json_counts_cells_that_could_not_be_predicted(root, capsys):
    found = as_json(root, capsys, "--validate")
    assert found["total"]["cells"] == len(GRID)
    assert found["total"]["right"] <= min(found["total"]["near"], found["total"]["inside"])
    assert len(found["cells"]) == found["total"]["cells"] + found["total"]["unpredicted"]


def test_validation_of_one_strategy_shows_only_its_cells(tmp_path, capsys):
    history(tmp_path, *downloads(), *downloads("asyncio"))
    found = as_json(tmp_path, capsys, "--validate", "--strategy", "asyncio")
    assert {cell["strategy"] for cell in found["cells"]} == {"asyncio"}


def test_validation_with_one_client_shows_only_its_cells(tmp_path, capsys):
    other = [{**one, "fullname": f"{one['fullname']}x"} for one in downloads(client="requests")]
    history(tmp_path, *downloads(), *downloads("asyncio"), *other)
    found = as_json(tmp_path, capsys, "--validate", "--client", "requests")
    assert {(cell["strategy"], cell["client"]) for cell in found["cells"]} == {("threads", "requests")}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "--strategy and --items must be given, or --validate"),
        (("--strategy", "threads"), "--items must be given"),
        (("--validate", "--items", "5"), "leave out --items"),
        (("--validate", "--bandwidth", "5"), "leave out --bandwidth"),
        (("--validate", "--memory", "5"), "leave out --memory"),
        (("--validate", "--machines", "1"), "leave out --machines"),
        (("--validate", "--client", "nobody"), "no cell of 'nobody' can be predicted"),
        (("--strategy", "sequential", "--items", "5", "--workers", "3"), "sequential has one worker, not 3"),
        (("99", *ASKED), "has no run 99"),
        (("nowhere.json", *ASKED), "nowhere.json: no such file"),
        (("--validate", "--strategy", "nobody"), "no cell of 'nobody' can be predicted"),
    ],
)
def test_a_misuse_ends_with_2_and_says_what_to_do(root, capsys, words, complaint):
    assert predict(root, *words) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--items", "0"), ("--latency", "nan"), ("--deadline", "-1"), ("--cpu", "x")])
def test_a_number_that_is_none_is_a_misuse(root, words):
    with pytest.raises(SystemExit) as ended:
        predict(root, *ASKED, *words)
    assert ended.value.code == 2


def test_a_run_without_the_strategys_cells_says_what_to_measure(root, capsys):
    assert predict(root, "--strategy", "asyncio", "--items", "10", "--latency", "0.1") == 2
    said = capsys.readouterr().err
    assert "it has 0 cells of 'asyncio' (raw), and 3 are needed" in said
    assert "pytest --benchmark-only --all benchmarks/test_latency.py --client raw, whose mark has to name" in said
    assert "it can tell of threads (raw)" in said


def test_computing_needs_cells_that_compute(root, capsys):
    assert predict(root, "--strategy", "threads", "--items", "10", "--cpu", "0.1") == 2
    assert "benchmarks/test_break_even.py, whose mark has to name" in capsys.readouterr().err


def test_no_run_with_all_that_is_needed_says_how_to_make_one(tmp_path, capsys):
    assert predict(tmp_path, *ASKED) == 2
    assert "measure one: pytest --benchmark-only --all" in capsys.readouterr().err


def test_the_newest_whole_run_is_taken(root, capsys):
    history(root, *downloads(), number=2)
    history(root, *downloads(), number=3, complete=False, why="it was interrupted")
    assert "/0002_" in as_json(root, capsys, *ASKED)["run"]


def test_another_machines_run_is_named_aloud(tmp_path, capsys):
    history(tmp_path, fingerprint=FINGERPRINT)
    assert predict(tmp_path, *ASKED) == 0
    said = capsys.readouterr().err
    assert said.count("ANOTHER MACHINE") == 1
    assert "Measure your own: pytest --benchmark-only --all" in said


def test_a_name_from_a_file_steers_no_terminal(tmp_path, capsys):
    cells = downloads()
    cells[0]["name"] += "\x1b[31m"
    history(tmp_path, *cells)
    assert predict(tmp_path, "--validate") == 0
    assert "\x1b" not in capsys.readouterr().out
