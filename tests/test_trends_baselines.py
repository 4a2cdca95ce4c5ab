"""`paceline baseline`: what it pins, what it refuses, and that it never harms what is pinned."""

import codecs
import sys
import tomllib

import pytest
from histories import ELSEWHERE, HERE, NAMES, ended, quiet, traced, write
from saved_runs import FOLDER, put, saved

from paceline.trends import baselines as history_pins
from paceline.trends.baselines import BaselinesError


def baseline(*words):
    return ended("baseline", *words)


def pinned(root):
    return tomllib.loads((root / "baselines.toml").read_text(encoding="utf-8"))


@pytest.fixture
def results(tmp_path):
    write(tmp_path, quiet(3))
    return tmp_path


def test_a_run_is_pinned_with_its_commit_the_day_and_the_reason(results, capsys):
    assert baseline(2, "--why", ' release "1.2" ', "--results", results) == 0
    entry = pinned(results)[HERE]
    assert (results / entry["run"]).name == "0002_made-up.json"
    assert entry["number"] == 2
    assert entry["commit"] == f"c{2:039}"
    assert entry["why"] == 'release "1.2"'
    assert entry["pinned"].tzinfo is not None
    assert "run 2" in capsys.readouterr().out


def test_a_file_is_pinned_as_well_as_a_number(results):
    path = next(results.rglob("0003_*.json"))
    assert baseline(path, "--why", "it is good", "--results", results) == 0
    assert pinned(results)[HERE]["number"] == 3


def test_another_pin_takes_the_place_of_the_first_and_leaves_other_machines_alone(results, capsys):
    write(results, quiet(1), fingerprint=ELSEWHERE)
    other = next((results / ELSEWHERE).rglob("*.json"))
    assert baseline(other, "--why", "another machine", "--results", results) == 0
    assert baseline(1, "--why", "first", "--results", results) == 0
    before = pinned(results)[ELSEWHERE]
    assert baseline(2, "--why", "second", "--results", results) == 0
    assert pinned(results)[ELSEWHERE] == before
    assert pinned(results)[HERE]["number"] == 2
    assert "in place of run 1 (first)" in capsys.readouterr().out


def test_a_run_beside_a_tracer_is_no_baseline(tmp_path, capsys):
    write(tmp_path, quiet(1), change=traced(1))
    assert baseline(1, "--why", "the first", "--results", tmp_path) == 2
    assert (
        "was measured beside a tracer, and is never compared: with coverage on, it is slow" in capsys.readouterr().err
    )
    assert not (tmp_path / "baselines.toml").exists()


def test_without_a_run_the_pins_are_listed(results, capsys):
    assert baseline("--results", results) == 0
    assert "no pinned baseline" in capsys.readouterr().out
    baseline(2, "--why", "release 1.2", "--results", results)
    assert baseline("--results", results) == 0
    listed = capsys.readouterr().out
    assert HERE in listed
    assert "release 1.2" in listed


@pytest.mark.parametrize("words", [[2], [2, "--why", "  "], ["--why", "which?"]])
def test_a_run_and_a_reason_belong_together(results, words, capsys):
    assert baseline(*words, "--results", results) == 2
    assert "--why" in capsys.readouterr().err
    assert not (results / "baselines.toml").exists()


def test_a_run_that_is_not_whole_is_refused(results, capsys):
    put(results, saved(fingerprint=HERE, complete=False, why="interrupted"), 9)
    assert baseline(9, "--why", "never mind", "--results", results) == 2
    assert "interrupted" in capsys.readouterr().err
    assert not (results / "baselines.toml").exists()


def test_a_run_from_elsewhere_is_refused(results, tmp_path_factory, capsys):
    write(tmp_path_factory.mktemp("elsewhere"), quiet(1))
    path = next(tmp_path_factory.getbasetemp().glob("elsewhere*/**/0001_*.json"))
    assert baseline(path, "--why", "never mind", "--results", results) == 2
    assert "is not in a history of" in capsys.readouterr().err


def test_a_run_in_a_storage_of_all_machines_is_pinned_and_checked_against(tmp_path, capsys):
    for number in (1, 2):
        put(tmp_path, saved(fingerprint=HERE, when=f"2026-01-0{number}T00:00:00+00:00"), number, FOLDER)
    assert baseline(1, "--why", "it is good", "--results", tmp_path) == 0
    assert pinned(tmp_path)[HERE]["run"] == f"{FOLDER}/0001_made-up.json"
    assert ended("check", "--results", tmp_path) == 0
    assert "run 2 (2026-01-02" in capsys.readouterr().out


def test_a_run_that_is_not_there_is_a_sentence(results, capsys):
    assert baseline(77, "--why", "never mind", "--results", results) == 2
    assert "has no run 77" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[broken\n", "it is not TOML"),
        (b"\xff", "it is not TOML"),
        ("x = 3".encode("utf-16"), "it is UTF-16 text; save it as UTF-8"),
        (f'"{ELSEWHERE}" = 3\n'.encode(), f"'{ELSEWHERE}' is no table"),
        (f'["{ELSEWHERE}"]\nrun = "a.json"\nnumber = "one"\n'.encode(), f"[{ELSEWHERE}] has no 'number'"),
    ],
)
def test_a_damaged_file_is_named_and_left_as_it_is(results, content, said, capsys):
    path = results / "baselines.toml"
    path.write_bytes(content)
    for words in ([2, "--why", "never mind"], []):
        assert baseline(*words, "--results", results) == 2
        told = capsys.readouterr().err
        assert str(path) in told
        assert said in told
    assert path.read_bytes() == content


def test_a_file_that_an_editor_began_with_a_mark_is_read(results):
    baseline(1, "--why", "first", "--results", results)
    path = results / "baselines.toml"
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert history_pins.pins(results)[HERE].number == 1


def test_a_file_of_somebody_else_is_no_damaged_one_and_is_never_written_over(results, capsys):
    path = results / "baselines.toml"
    path.write_text("# our models\naccuracy = 0.9\n[resnet]\nrun = 3\n")
    before = path.read_bytes()
    assert baseline("--results", results) == 0
    assert "no pinned baseline" in capsys.readouterr().out
    assert baseline(2, "--why", "release 1.2", "--results", results) == 2
    assert "is somebody else's: no pin is in it; pin with --results DIR" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_a_later_version_adds_to_a_pin_is_kept(results):
    baseline(1, "--why", "first", "--results", results)
    path = results / "baselines.toml"
    path.write_text(path.read_text().replace(HERE, ELSEWHERE) + 'later = "kept"\n')
    baseline(2, "--why", "second", "--results", results)
    assert pinned(results)[ELSEWHERE]["later"] == "kept"
    assert len(history_pins.pins(results)) == 2


def test_without_what_writes_the_file_pins_are_listed_and_a_new_one_says_what_to_install(results, capsys, monkeypatch):
    baseline(1, "--why", "first", "--results", results)
    monkeypatch.setitem(sys.modules, "tomli_w", None)
    assert baseline("--results", results) == 0
    assert baseline(2, "--why", "second", "--results", results) == 2
    said = "paceline: paceline baseline RUN needs tomli-w: pip install 'paceline[history]'\n"
    assert capsys.readouterr().err == said
    assert pinned(results)[HERE]["number"] == 1


def test_nothing_but_the_file_is_left_behind(results):
    before = sorted(results.iterdir())
    baseline(1, "--why", "first", "--results", results)
    assert sorted(results.iterdir()) == sorted([*before, results / "baselines.toml"])


def test_a_file_that_cannot_be_read_is_a_sentence(results):
    (results / "baselines.toml").mkdir()
    with pytest.raises(BaselinesError, match="can't be read"):
        history_pins.pins(results)


def test_hostile_words_cannot_steer_a_terminal(results, capsys):
    baseline(1, "--why", "red \x1b[31m", "--results", results)
    baseline("--results", results)
    baseline(2, "--why", "next", "--results", results)
    assert "\x1b" not in capsys.readouterr().out


def test_every_cell_of_the_builder_has_a_name_of_its_own():
    assert len(set(NAMES)) == len(NAMES)
