"""What README and the manual show of committed runs is what the commands say of them."""

import json
import re
from collections import Counter
from pathlib import Path

from paceline import cli

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "results" / "linux-x86_64-amd-epyc-2cpu-cpython-3.11" / "Linux-CPython-3.11-64bit"


def test_readme_shows_the_table_of_run_8(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    [run] = RUNS.glob("0008_*.json")
    assert cli.main(["compare", str(run)]) == 0
    [block] = re.findall(r"^```text\n(.+?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    table = block.splitlines()
    assert table == shown[shown.index(table[0]) :][: len(table)]


def test_the_table_of_claims_has_the_verdicts_of_run_7(capsys):
    [run] = RUNS.glob("0007_*.json")
    assert cli.main(["claims", str(run), "--json"]) == 0
    judged = {each["id"]: (each["claim"], each["verdict"]) for each in json.loads(capsys.readouterr().out)["claims"]}
    page = (ROOT / "docs" / "explanation" / "claims.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| \*\*(\w+)\*\* \|", page, re.MULTILINE)
    assert {name: (claim, verdict) for name, claim, verdict in rows} == judged
    counts = Counter(verdict for _, verdict in judged.values())
    assert ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("confirmed", "refuted", "unknown")) in page
