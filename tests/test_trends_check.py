"""`paceline check`: every verdict from a history made for it, how it ends, and what it refuses."""

import json

import pytest
from histories import ELSEWHERE, HERE, NAMES, ended, fullname, noisy, quiet, stepped, traced, write
from saved_runs import benchmark, put, saved


def check(*words):
    return ended("check", *words)


def pin(root, run=1):
    assert ended("baseline", run, "--why", "the start", "--results", root) == 0


def history(root, runs=12, names=NAMES, **last):
    """Save a history and pin its first run; `last` gives factors for the newest run's cells."""
    factors = quiet(runs, names)
    for name, factor in last.items():
        factors[name][-1] = factors[name][-2] * factor
    write(root, factors)
    pin(root)


def judged(root, capsys, *words, status):
    capsys.readouterr()
    assert check("--json", "--results", root, *words) == status
    found = json.loads(capsys.readouterr().out)
    return found, {cell["fullname"]: cell for cell in found["cells"]}


def test_a_quiet_history_is_the_same(tmp_path, capsys):
    history(tmp_path)
    found, cells = judged(tmp_path, capsys, status=0)
    assert found["verdict"] == "not slower"
    assert {cell["verdict"] for cell in cells.values()} == {"same"}
    assert (found["baseline"]["number"], found["run"]["number"]) == (1, 12)
    assert cells[fullname("cell0")]["runs"] == 11


def test_a_step_of_a_fifth_is_slower(tmp_path, capsys):
    history(tmp_path, cell2=1.2)
    found, cells = judged(tmp_path, capsys, status=1)
    assert found["verdict"] == "slower"
    assert [name for name, cell in cells.items() if cell["verdict"] == "slower"] == [fullname("cell2")]
    moved = cells[fullname("cell2")]
    assert moved["low"] < 1.2 < moved["high"]
    assert moved["p"] < 0.01


def test_a_step_that_stays_does_not_excuse_itself(tmp_path, capsys):
    factors = quiet(16)
    factors["cell2"] = [value * (1.2 if place >= 10 else 1.0) for place, value in enumerate(factors["cell2"])]
    write(tmp_path, factors)
    pin(tmp_path)
    for number in range(11, 17):
        assert judged(tmp_path, capsys, number, status=1)[1][fullname("cell2")]["verdict"] == "slower"


def test_a_run_beside_a_tracer_is_never_compared_neither_as_the_newest_nor_by_name_nor_as_an_earlier_one(
    tmp_path, capsys
):
    factors = {name: [*values[:-2], values[-2] * 9, values[-1] * 9] for name, values in quiet(14).items()}
    write(tmp_path, factors, change=traced(13, 14))
    pin(tmp_path)
    for words in ([], ["13"]):
        assert check("--results", tmp_path, *words) == 2
        told = capsys.readouterr().err
        assert (
            "was measured beside a tracer, and is never compared: with coverage on, it is slow; measure again" in told
        )
    write(tmp_path, quiet(1), start=15)
    _, cells = judged(tmp_path, capsys, status=0)
    assert {cell["runs"] for cell in cells.values()} == {12}


def test_a_pinned_baseline_that_was_measured_beside_a_tracer_is_refused(tmp_path, capsys):
    write(tmp_path, quiet(2))
    pin(tmp_path)
    write(tmp_path, quiet(1), change=traced(1))
    assert check("--results", tmp_path) == 2
    assert "0001_made-up.json for " in (told := capsys.readouterr().err)
    assert "which is measured beside a tracer (with coverage on, it is slow); pin another: " in told


def restless(runs, names=NAMES):
    """Draw a history in which a cell is off by half for one run now and then."""
    factors = quiet(runs, names)
    for place, name in ((2, "cell0"), (4, "cell1"), (7, "cell4")):
        factors[name][place] *= 1.5
    return factors


def test_where_odd_runs_are_not_rare_one_run_shows_nothing_and_two_do(tmp_path, capsys):
    factors = restless(14)
    factors["cell2"] = [value * (1.2 if place >= 12 else 1.0) for place, value in enumerate(factors["cell2"])]
    write(tmp_path, factors)
    pin(tmp_path)
    first = judged(tmp_path, capsys, 13, status=0)[1][fullname("cell2")]
    assert first["verdict"] == "unknown"
    assert "two in a row will do" in first["why"]
    assert judged(tmp_path, capsys, 14, status=1)[1][fullname("cell2")]["verdict"] == "slower"


def test_a_change_beyond_all_odd_runs_is_told_at_once(tmp_path, capsys):
    factors = restless(13)
    factors["cell2"][-1] *= 2
    write(tmp_path, factors)
    pin(tmp_path)
    assert judged(tmp_path, capsys, status=1)[1][fullname("cell2")]["verdict"] == "slower"


def test_a_step_down_is_faster_and_fails_nothing(tmp_path, capsys):
    history(tmp_path, cell2=0.8)
    found, cells = judged(tmp_path, capsys, status=0)
    assert found["verdict"] == "faster"
    assert cells[fullname("cell2")]["verdict"] == "faster"


@pytest.mark.parametrize(("fail_on", "statuses"), [("slower", [0, 1, 1]), ("faster", [1, 0, 1]), ("both", [1, 1, 1])])
def test_which_direction_fails_is_for_the_caller_to_say(tmp_path, fail_on, statuses):
    for place, factors in enumerate([{"cell1": 0.8}, {"cell2": 1.2}, {"cell1": 0.8, "cell2": 1.2}]):
        history(tmp_path / str(place), **factors)
    words = ("--fail-on", fail_on, "--results")
    assert [check(*words, tmp_path / place) for place in "012"] == statuses


def test_a_machine_that_moved_is_not_comparable_whichever_direction_fails(tmp_path):
    history(tmp_path, cell0=0.8, cell1=0.8, cell2=0.8)
    assert check("--fail-on", "faster", "--results", tmp_path) == 3


def fell(root, at, factor=0.8, names=("cell2",), pinned=1):
    """Save a history whose cells of these names take less from one run on, and pin one of its runs."""
    write(root, stepped(12, at, names, factor))
    pin(root, pinned)


def test_a_baseline_that_three_runs_have_left_behind_is_too_easy_and_says_how_to_move_it(tmp_path, capsys):
    fell(tmp_path, at=10)
    easy = judged(tmp_path, capsys, status=0)[0]["easy_baseline"]
    assert easy["cells"] == [fullname("cell2")]
    assert easy["sentence"].startswith("the baseline has become too easy for 1 cell (test_downloads[cell2]): the last")
    assert easy["sentence"].endswith(": paceline baseline 12 --why TEXT")
    for form in ([], ["--markdown"]):
        check("--results", tmp_path, *form)
        shown = capsys.readouterr().out
        assert "too easy for 1 cell" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("case", "at", "facts"),
    [
        ("two runs may be an accident", 11, {}),
        ("what lies within the tolerance is no lead", 10, {"factor": 0.98}),
        ("runs before the baseline were no harder for it", 5, {"pinned": 10}),
        ("a machine that moved says nothing about the code", 10, {"names": NAMES}),
    ],
)
def test_a_baseline_is_not_too_easy_where(case, at, facts, tmp_path, capsys):
    fell(tmp_path, at, **facts)
    capsys.readouterr()
    check("--json", "--results", tmp_path)
    assert json.loads(capsys.readouterr().out)["easy_baseline"] is None, case


def test_a_change_within_the_tolerance_is_not_slower_however_sure(tmp_path, capsys):
    history(tmp_path, cell2=1.2)
    assert judged(tmp_path, capsys, "--tolerance", 50, status=0)[1][fullname("cell2")]["verdict"] == "same"


@pytest.mark.parametrize("factor", [1.2, 0.8])
def test_half_of_the_cells_moving_together_is_the_machine(tmp_path, capsys, factor):
    history(tmp_path, cell0=factor, cell1=factor, cell2=factor)
    found, cells = judged(tmp_path, capsys, status=3)
    assert found["verdict"] == "not comparable"
    assert {cell["verdict"] for cell in cells.values()} == {"unknown"}


def test_half_of_the_cells_moving_apart_is_not_the_machine(tmp_path, capsys):
    history(tmp_path, cell0=1.2, cell1=1.2, cell2=0.8)
    assert judged(tmp_path, capsys, status=1)[0]["verdict"] == "slower"


def test_a_drift_too_small_for_any_one_cell_is_seen_in_all(tmp_path, capsys):
    factors = {name: noisy(12, deviation=0.03, seed=seed) for seed, name in enumerate(NAMES)}
    for values in factors.values():
        values[-1] = values[0] * 1.08
    write(tmp_path, factors)
    pin(tmp_path)
    assert judged(tmp_path, capsys, status=3)[0]["verdict"] == "not comparable"


def test_of_three_cells_nobody_can_tell_whether_the_machine_moved(tmp_path, capsys):
    history(tmp_path, names=NAMES[:3], cell0=1.2, cell1=1.2)
    assert judged(tmp_path, capsys, status=1)[0]["verdict"] == "slower"


def test_too_few_runs_are_unknown_however_large_the_change(tmp_path, capsys):
    history(tmp_path, runs=4, cell2=5.0)
    found, cells = judged(tmp_path, capsys, status=0)
    assert found["verdict"] == "unknown"
    assert {cell["verdict"] for cell in cells.values()} == {"unknown"}
    assert cells[fullname("cell2")]["why"] == "earlier whole runs of this machine that have it: 3; 2 more will do"
    assert cells[fullname("cell2")]["low"] is None


def test_strict_ends_with_2_where_a_cell_stays_unknown(tmp_path):
    history(tmp_path, runs=4)
    assert check("--results", tmp_path) == 0
    assert check("--results", tmp_path, "--strict") == 2


def test_strict_does_not_hide_a_slower_cell(tmp_path):
    history(tmp_path, cell2=1.2, cell3=1.02)
    assert check("--results", tmp_path, "--strict") == 1


def test_a_noisy_history_tells_nothing_of_a_change_it_makes_by_itself(tmp_path, capsys):
    factors = quiet(12)
    factors["cell2"] = noisy(11, deviation=0.1, seed=5)
    factors["cell2"].append(factors["cell2"][0] * 1.1)
    write(tmp_path, factors)
    pin(tmp_path)
    cell = judged(tmp_path, capsys, status=0)[1][fullname("cell2")]
    assert cell["verdict"] == "unknown"
    assert "vary too much" in cell["why"]


def test_runs_that_do_not_vary_at_all_are_no_measure(tmp_path, capsys):
    write(tmp_path, quiet(12) | {"cell2": [1.0] * 11 + [2.0]})
    pin(tmp_path)
    cell = judged(tmp_path, capsys, status=0)[1][fullname("cell2")]
    assert (cell["verdict"], cell["low"]) == ("unknown", None)


def test_later_and_incomplete_runs_and_other_machines_show_no_variation(tmp_path, capsys):
    history(tmp_path)
    put(tmp_path, saved(fingerprint=HERE, complete=False, when="2025-01-01T00:00:00+00:00"), 40)
    write(tmp_path, quiet(5), fingerprint=ELSEWHERE)
    found, cells = judged(tmp_path, capsys, 8, status=0)
    assert found["run"]["number"] == 8
    assert {cell["runs"] for cell in cells.values()} == {7}


def test_a_run_never_moves_the_baseline(tmp_path):
    history(tmp_path, cell2=1.2)
    before = (tmp_path / "baselines.toml").read_bytes()
    assert check("--results", tmp_path) == 1
    assert (tmp_path / "baselines.toml").read_bytes() == before


def test_several_processes_of_a_cell_are_one_cell(tmp_path, capsys):
    for number in range(1, 9):
        made = []
        for process in (1, 2, 3):
            one = benchmark(rounds=(1 + number / 500,) * 3, process=process)
            one["name"], one["fullname"] = f"test_downloads[a-process={process}]", fullname(f"a-process={process}")
            made.append(one)
        put(tmp_path, saved(*made, fingerprint=HERE, when=f"2026-01-0{number}T00:00:00+00:00"), number)
    pin(tmp_path)
    assert list(judged(tmp_path, capsys, status=0)[1]) == [fullname("a")]


def test_cells_that_only_one_of_the_runs_has_are_named(tmp_path, capsys):
    factors = quiet(12)
    factors["gone"] = noisy(11)
    factors["new"] = [*[None] * 11, 1.0]
    write(tmp_path, factors)
    pin(tmp_path)
    found, _ = judged(tmp_path, capsys, status=0)
    assert found["missing"] == [fullname("gone")]
    assert found["added"] == [fullname("new")]
    check("--results", tmp_path)
    shown = capsys.readouterr().out
    assert f"1 of the baseline's cells are not in the run: {fullname('gone')}" in shown


def test_other_versions_are_said_aloud(tmp_path, capsys):
    def change(number, data):
        if number == 12:
            data["machine_info"] |= {"python_version": "3.11.9", "libraries": {"requests": "3.0"}}
        return data

    write(tmp_path, quiet(12), change=change)
    pin(tmp_path)
    check("--results", tmp_path)
    shown = capsys.readouterr().out
    assert "DIFFERENT PYTHONS" in shown
    assert "NOT THE SAME VERSION OF requests: 2.34.2 and 3.0." in shown


def test_runs_of_another_machine_are_judged_with_a_loud_word(tmp_path, capsys):
    write(tmp_path, quiet(12), fingerprint=ELSEWHERE)
    first, *_, last = sorted((tmp_path / ELSEWHERE).rglob("*.json"))
    pin(tmp_path, first)
    found, _ = judged(tmp_path, capsys, last, status=0)
    assert f"ANOTHER MACHINE, {ELSEWHERE}" in found["notes"][0]


def test_a_run_before_the_baseline_is_judged_with_a_loud_word(tmp_path, capsys):
    write(tmp_path, quiet(12))
    pin(tmp_path, 12)
    assert "OLDER THAN THE BASELINE" in judged(tmp_path, capsys, 11, status=0)[0]["notes"][0]


@pytest.mark.parametrize("form", ["--markdown", "--json", None])
def test_every_form_names_the_verdict_and_the_cell(tmp_path, capsys, form):
    history(tmp_path, cell2=1.2)
    capsys.readouterr()
    assert check("--results", tmp_path, *([form] if form else [])) == 1
    shown = capsys.readouterr().out
    assert "slower" in shown
    assert "cell2" in shown


def test_markdown_has_the_slower_cell_on_top_and_all_folded_away(tmp_path, capsys):
    history(tmp_path, cell2=1.2)
    capsys.readouterr()
    check("--results", tmp_path, "--markdown")
    top, _, folded = capsys.readouterr().out.partition("<details>")
    assert top.startswith("## paceline check: slower")
    assert "cell2" in top
    assert "cell3" not in top
    assert all(name in folded for name in NAMES)


def test_cells_to_act_on_stand_on_top_of_the_table(tmp_path, capsys):
    history(tmp_path, cell4=1.2, cell5=0.8)
    capsys.readouterr()
    check("--results", tmp_path)
    lines = [line for line in capsys.readouterr().out.splitlines() if "[cell" in line]
    assert ["cell4" in lines[0], "cell5" in lines[1]] == [True, True]


def test_without_a_baseline_it_says_what_to_type(tmp_path, capsys):
    write(tmp_path, quiet(3))
    assert check("--results", tmp_path) == 2
    assert "pin one: paceline baseline RUN --why TEXT" in capsys.readouterr().err


def test_without_a_run_it_says_what_to_type(tmp_path, capsys):
    assert check("--results", tmp_path) == 2
    assert "measure one: pytest --benchmark-only" in capsys.readouterr().err


def test_the_baseline_itself_is_not_judged(tmp_path, capsys):
    write(tmp_path, quiet(1))
    pin(tmp_path)
    assert check("--results", tmp_path) == 2
    assert "is the pinned baseline itself" in capsys.readouterr().err


def test_a_run_that_is_not_whole_is_not_judged(tmp_path, capsys):
    history(tmp_path)
    put(tmp_path, saved(fingerprint=HERE, complete=False, why="one cell failed"), 13)
    assert check(13, "--results", tmp_path) == 2
    assert "incomplete (one cell failed)" in capsys.readouterr().err
    assert check("--results", tmp_path) == 0


def test_a_run_without_a_cell_in_common_is_not_judged(tmp_path, capsys):
    history(tmp_path)
    put(tmp_path, saved(benchmark("asyncio"), fingerprint=HERE), 13)
    assert check("--results", tmp_path) == 2
    assert "has no cell in common" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "which is not there"),
        (lambda path: path.write_text("{"), "it ends in the middle"),
        (lambda path: path.write_text(json.dumps(saved())), "which is a run of"),
        (lambda path: path.write_text(json.dumps(saved(fingerprint=HERE, complete=False))), "which is incomplete"),
    ],
)
def test_a_pinned_run_that_is_gone_or_another_is_an_error(tmp_path, capsys, change, said):
    history(tmp_path)
    change(next(tmp_path.rglob("0001_*.json")))
    assert check("--results", tmp_path) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("run", "said"), [("../elsewhere.json", "outside of"), ("/etc/passwd", "outside of"), ("\\u0000", "names no file")]
)
def test_a_pin_leads_to_no_file_elsewhere(tmp_path, capsys, run, said):
    history(tmp_path / "results")
    path = tmp_path / "results" / "baselines.toml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(f'run = "{run}"\n' if line.startswith("run =") else line for line in lines))
    assert check("--results", tmp_path / "results") == 2
    assert said in capsys.readouterr().err


def test_a_damaged_run_is_named_once(tmp_path, capsys):
    history(tmp_path)
    next(tmp_path.rglob("0005_*.json")).write_text("")
    assert check("--results", tmp_path) == 0
    assert capsys.readouterr().err.count("passed over") == 1


def test_hostile_names_break_neither_terminal_nor_table(tmp_path, capsys):
    history(tmp_path, names=[*NAMES, "a|b\x1b[31m`c`"])
    capsys.readouterr()
    check("--results", tmp_path)
    check("--results", tmp_path, "--markdown")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "a|b" not in shown.partition("## paceline check")[2]
