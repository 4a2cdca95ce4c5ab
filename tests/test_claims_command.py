"""`paceline claims`: what it prints, which runs it takes, and how it ends.

After a change made on purpose, PACELINE_GOLDEN=write pytest tests/test_claims_command.py writes the golden files anew.
"""

import dataclasses
import datetime as dt
import io
import json
import os
from pathlib import Path

import pytest
from claimed import cells, run
from saved_runs import FINGERPRINT, benchmark, put, saved

from paceline import claims, cli, machine
from paceline.claims import output
from paceline.history import from_json
from paceline.text import formats

GOLDEN = Path(__file__).parent / "golden"
HERE = machine.fingerprint()
IDS = [claim.id for claim in claims.CLAIMS]
KNOWN = {claim.id: claim for claim in claims.CLAIMS}


def assert_golden(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("PACELINE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def printed(renderables):
    stream = io.StringIO()
    formats.render(renderables, stream)
    return stream.getvalue()


def lesson(**facts):
    """A run that confirms gil-bound, refutes cpu-parallel and leaves the rest open; exact times, no two alike."""
    wall = {"sequential": [2.0, 2.02, 1.98], "threads": [2.04, 2.02, 2.05], "asyncio": [2.01, 2.03, 1.99],
            "pool-fork": [1.9, 1.91, 1.93], "processes": [1.92, 1.9, 1.91]}  # fmt: skip
    busy = {name: [2.0 * (1 + number / 500) for number in range(3)] for name in wall}
    released = {"sequential": [2.0, 2.01, 1.99], "threads": [1.05, 1.04, 1.06], "asyncio": [2.0, 2.02, 2.01]}
    waits = {"sequential": [1.3, 1.31, 1.29], "threads": [0.15, 0.151, 0.152], "pool-fork": [0.16, 0.9, 0.2]}
    return run(
        *(cells("computing", "test_computing", name, each, kernel="squares", cpu_seconds=busy[name],
                workers=1 if name == "sequential" else 2) for name, each in wall.items()),
        *(cells("computing", "test_computing", name, each, kernel="hash", cpu_seconds=busy[name],
                warnings=("noisy: 12 %",), workers=1 if name == "sequential" else 2)
          for name, each in released.items()),
        *(cells("downloads", "test_downloads", name, each, client="requests", start_seconds=0.03, stop_seconds=0.01,
                workers=1 if name == "sequential" else 10) for name, each in waits.items()),
        **facts,
    )  # fmt: skip


CHOSEN = [KNOWN[name] for name in ("gil-bound", "cpu-parallel", "speedup-io", "threads-knee")]


def test_the_table_has_a_verdict_and_what_decided_it():
    runs = [lesson()]
    found = claims.findings(runs, CHOSEN)
    assert [found[claim.id].verdict for claim in CHOSEN] == ["confirmed", "refuted", "unknown", "unknown"]
    assert_golden("claims_table", printed([*output.claim_table(found), *output.closing(found, runs, FINGERPRINT)]))


@pytest.mark.parametrize("name", ["gil-bound", "speedup-io"])
def test_the_whole_argument_has_every_part_and_figure(name):
    found = claims.findings([lesson()], [KNOWN[name]])
    assert_golden(f"claims_why_{name}", printed(output.argument(KNOWN[name], found[name])))


def test_programs_get_the_same_as_json():
    runs = [lesson()]
    assert_golden("claims_json", output.as_json(CHOSEN[2:3], claims.findings(runs, CHOSEN), runs, FINGERPRINT) + "\n")


def test_runs_of_another_machine_are_never_judged_in_silence():
    runs = [lesson()]
    last = printed(output.closing(claims.findings(runs, CHOSEN), runs, "this-machine")).splitlines()[-1]
    other = f"ANOTHER MACHINE, {FINGERPRINT}: nothing here is about this one, this-machine"
    assert last == f"{other}; measure your own: pytest --benchmark-only --all"


def test_runs_that_are_compared_with_are_named_apart():
    runs = [lesson(), lesson(fingerprint="darwin-arm64", path=Path("other.json"))]
    text = printed(output.closing(claims.findings(runs, CHOSEN), runs, FINGERPRINT))
    assert text.splitlines()[1] == "compared with other.json, darwin-arm64"


def test_runs_of_different_scales_are_never_averaged_in_silence():
    runs = [lesson(scale={"items": None}), lesson(scale={"items": 5})]
    assert "DIFFERENT SCALES" in printed(output.closing(claims.findings(runs, CHOSEN), runs, FINGERPRINT))
    runs = [lesson(scale={"items": 5, "all": True}), lesson(scale={"items": 5})]
    assert "DIFFERENT SCALES" not in printed(output.closing(claims.findings(runs, CHOSEN), runs, FINGERPRINT))


def test_one_run_given_twice_counts_once():
    once, twice = (claims.findings([lesson()] * times, CHOSEN[:1])["gil-bound"] for times in (1, 2))
    assert once == twice


def replicated(**more):
    """A saved run in which threads and a plain loop computed in three processes."""
    measured = [
        {**each, "fullname": f"{each['fullname']}-process={number}"}
        for number in (1, 2, 3)
        for each in (
            benchmark("sequential", "computing", (2.0 + number / 100,), process=number),
            benchmark("threads", "computing", (2.1 - number / 100,), process=number, workers=2),
        )
    ]
    data = saved(*measured, **more)
    data["machine_info"]["cpu"] = {"count": 2.0}
    return data


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def test_help_comes_with_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["claims", "--help"])
    assert ended.value.code == 0
    assert "examples:\n  paceline claims" in capsys.readouterr().out


def test_the_newest_run_of_this_machine_that_can_tell_is_taken(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    put(results, saved(fingerprint=HERE), 2)
    assert cli.main(["claims"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "0001_made-up.json" in out.splitlines()[-1]
    assert out.splitlines()[-1].startswith("24 claims: 0 confirmed, ")
    assert "threads: no gain on Python code" not in out  # a part that is confirmed does not decide an open claim
    assert all(name in out for name in IDS)


def test_an_experiment_that_was_measured_again_takes_the_place_of_its_older_cells_only():
    day = dt.timedelta(days=1)
    old = run(
        cells("computing", "test_computing", "threads", 1.0), cells("downloads", "test_downloads", "threads", 2.0)
    )
    new = dataclasses.replace(
        run(cells("computing", "test_computing", "threads", 3.0, processes=5)), datetime=old.datetime + day
    )
    plain = dataclasses.replace(old, cells=(), datetime=old.datetime + 2 * day)
    taken = claims.newest_of_each([old, plain, new])
    assert [{cell.experiment for cell in each.cells} for each in taken] == [{"computing"}, {"downloads"}]
    assert len(taken[0].cells) == 5


def test_an_experiment_measured_again_counts_beside_the_older_run(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    again = replicated(fingerprint=HERE, when="2026-11-23T12:00:00+00:00")
    for one in again["benchmarks"]:
        one["extra_info"]["experiment"] = "locks"
    put(results, again, 2)
    assert cli.main(["claims"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "0001_made-up.json" in last
    assert "0002_made-up.json" in last


def test_another_machines_run_is_taken_aloud_and_once(results, capsys):
    put(results, replicated(), 1)
    assert cli.main(["claims"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[-1].startswith("ANOTHER MACHINE, linux-x86_64-made-up")
    assert cli.main(["claims", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "ANOTHER MACHINE, linux-x86_64-made-up" in err
    assert "Measure your own: pytest --benchmark-only --all" in err


@pytest.mark.usefixtures("results")
def test_without_any_run_it_says_what_to_type(capsys):
    assert cli.main(["claims"]) == 2
    assert "no complete run with the cells this needs; measure one: pytest --benchmark-only --all;" in (
        capsys.readouterr().err
    )


def test_an_unknown_claim_ends_with_2_and_names_the_known(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    assert cli.main(["claims", "--why", "gil"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"paceline: there is no claim 'gil'; known are {', '.join(IDS)}\n"


def test_a_run_that_can_not_be_read_ends_with_2(results, capsys):
    path = put(results, replicated(fingerprint=HERE), 1)
    path.write_text("{")
    assert cli.main(["claims", str(path)]) == 2
    assert "it ends in the middle" in capsys.readouterr().err


def test_a_run_without_processes_leaves_everything_open_and_ends_well(results, capsys):
    put(results, saved(fingerprint=HERE), 1)
    assert cli.main(["claims", "1"]) == 0
    assert "24 claims: 0 confirmed, 0 refuted, 24 unknown" in capsys.readouterr().out


def test_why_explains_one_claim(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    assert cli.main(["claims", "1", "--why", "gil-bound"]) == 0
    out = capsys.readouterr().out
    assert "gil-bound: Threads and asyncio live in one interpreter" in out
    assert "confirmed: threads: no gain on Python code that holds the GIL" in out
    assert "1 claim: 0 confirmed, 0 refuted, 1 unknown" in out


def test_json_is_one_document_whose_figures_are_numbers_or_null(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    assert cli.main(["claims", "--json"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [claim["id"] for claim in told["claims"]] == IDS
    assert set(told["claims"][0]) >= {"id", "claim", "verdict", "parts", "evidence", "warnings"}
    assert set(told["claims"][0]["parts"][0]) >= {"part", "verdict", "margin", "figures", "missing"}
    [taken] = told["runs"]
    assert taken["fingerprint"] == HERE
    assert taken["this_machine"] is True


def test_processes_of_several_runs_count_together(results, capsys):
    put(results, replicated(fingerprint=HERE), 1)
    put(results, replicated(fingerprint=HERE, when="2026-11-23T12:00:00+00:00"), 2)
    assert cli.main(["claims", "1", "2", "--why", "gil-bound", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["claims"][0]["parts"][0]["figures"][0]["processes"] == 6
    assert len(told["runs"]) == 2


def test_nothing_in_a_run_steers_the_terminal():
    odd = replicated(fingerprint="odd\x1b[2J")
    runs = [from_json(odd, Path("results/\x1b[2J.json"))]
    found = claims.findings(runs)
    text = printed([*output.claim_table(found), *output.closing(found, runs, HERE)])
    assert "\x1b" not in text


def test_odd_values_in_a_run_are_no_reason_to_fail():
    data = replicated()
    data["machine_info"].update(cpu="many", system=7, python_version=None)
    for each in data["benchmarks"]:
        each["extra_info"].update(ledger={"max_in_flight": "ten"}, sessions=0, limit=0.0, efficiency=0.0, waits=[1])
    found = claims.findings([from_json(data)])
    assert {finding.verdict for finding in found.values()} == {"unknown"}
