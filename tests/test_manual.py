"""What README and the manual show of committed runs is what the commands say of them."""

import json
import re
from collections import Counter
from pathlib import Path

from paceline import cli
from paceline.history import load
from paceline.report.model import columns
from paceline.report.sections import freezing
from paceline.strategies import STRATEGIES
from paceline.text.formats import seconds, times

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "results" / "linux-x86_64-amd-epyc-2cpu-cpython-3.11" / "Linux-CPython-3.11-64bit"


def page(*name):
    return ROOT.joinpath(*name).read_text()


README = page("README.md")
ANSWERS = page("docs", "explanation", "answers.md")
CLAIMS = page("docs", "explanation", "claims.md")


def named(pattern, text):
    """Return the one committed run that a page names."""
    [number] = re.findall(pattern, text)
    [run] = RUNS.glob(f"{int(number):04}_*.json")
    return run


def run_of_the_answers():
    return named(r"`(\d{4})_\*_all`", ANSWERS)


def test_readme_shows_the_table_of_the_run_it_names(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["compare", str(named(r"the table of run (\d+)", README))]) == 0
    [block] = re.findall(r"^```text\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    table = block.splitlines()
    assert table == shown[shown.index(table[0]) :][: len(table)]


def test_the_table_of_claims_has_the_verdicts_of_the_run_it_names(capsys):
    assert cli.main(["claims", str(named(r"`(\d{4})_\*_all`", CLAIMS)), "--json"]) == 0
    judged = {each["id"]: (each["claim"], each["verdict"]) for each in json.loads(capsys.readouterr().out)["claims"]}
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| \*\*(\w+)\*\* \|", CLAIMS, re.MULTILINE)
    assert {name: (claim, verdict) for name, claim, verdict in rows} == judged
    counts = Counter(verdict for _, verdict in judged.values())
    assert ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("confirmed", "refuted", "unknown")) in CLAIMS


def test_the_answer_beside_something_that_computes_is_what_gil_io_rests_on(capsys):
    assert cli.main(["claims", str(run_of_the_answers()), "--json"]) == 0
    [claim] = [one for one in json.loads(capsys.readouterr().out)["claims"] if one["id"] == "gil-io"]
    figures = {
        (part["part"].partition(":")[0], " alone, " in part["part"], figure["what"]): figure["value"]
        for part in claim["parts"]
        for figure in part["figures"]
    }
    assert f"| {beside_in_words(figures)} |" in ANSWERS


def beside_in_words(figures):
    """Say it of downloads, and of a bystander."""
    slower, late = "time beside over time alone at 5 ms", "lateness of a bystander at 5 ms"
    threads, asyncio = (times(figures[name, False, slower]) for name in ("threads", "asyncio"))
    usual = [seconds(figures[name, alone, late]) for name in ("threads", "asyncio") for alone in (False, True)]
    worst = [seconds(figures[name, False, f"worst {late}"]) for name in ("threads", "asyncio")]
    return (
        f"a thread that computes makes downloads of 5 ms {threads} as slow under threads, {asyncio} under asyncio, "
        f"and whatever else is in the process late by {usual[0]} (alone {usual[1]}) and {usual[2]} (alone "
        f"{usual[3]}), at worst by {worst[0]} and {worst[1]} ([`gil-io`](claims.md))"
    )


def test_the_answer_says_who_freezes():
    (column,) = columns([load(run_of_the_answers())], {}, [strategy.name for strategy in STRATEGIES])
    panels = [panel for row in freezing.section([column]).rows for panel in row]
    assert panels
    _, _, part = ANSWERS.partition("## Who freezes meanwhile\n")
    assert re.findall(r"^\| `.+ \|$", part.partition("\n## ")[0], re.MULTILINE) == frozen(panels)


def frozen(panels):
    """Return a line for each strategy: how late a bystander was at worst, a column for each panel."""
    worst = [{row[0]: row[panel.table.columns.index("here, worst")] for row in panel.table.rows} for panel in panels]
    names = dict.fromkeys(name for kind in worst for name in kind)
    return [f"| `{name}` | {' | '.join(kind.get(name, '') for kind in worst)} |" for name in names]
