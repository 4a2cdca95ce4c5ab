"""A judged comparison as people and programs read it, from exact figures."""

import io
import json
import re

import pytest
from comparisons import ONE, THREE, TWO, comparison, estimate, judged, outcome, pairs, plan, side
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from paceline.ab.judging import Count
from paceline.ab.output import answer, as_json
from paceline.ab.record import save
from paceline.cli import main
from paceline.text import blocks
from paceline.text.formats import code, render, text

SLOWER = judged(
    ONE, "slower", 1.1, 1.08, 1.12, fresh=estimate(1.09, 1.07, 1.11, 8), why="+10.0 %, and fresh pairs agree"
)
SAME = judged(TWO, counts={"connections": Count(baseline=(10,), candidate=(320,))})
UNKNOWN = judged(THREE, "unknown", 1.02, None, None, needed=40, why="the interval is too wide")
HELD = comparison(*pairs({}, 14), *pairs({}, 8, first=15, phase="confirm"))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(held, judgement, stream=None):
    stream = stream or io.StringIO()
    render(blocks.terminal(answer(held, judgement)), stream)
    return stream.getvalue()


def markdown(held, judgement):
    return blocks.markdown(answer(held, judgement))


def row_of(made, name):
    return " ".join(next(line for line in made.splitlines() if line.startswith(name)).split())


def test_a_comparison_reads_from_what_was_compared_to_the_verdict():
    assert shown(HELD, outcome(SLOWER, SAME, UNKNOWN)) == (
        """\
baseline rev:main (2264bc41e176) against candidate . (working tree, 2264bc41e176 and changes)
linux-x86_64-cpu-2cpu-cpython-3.11: 14 pairs of processes and 8 fresh, seed 7

benchmarks/test_gate.py
cell                       baseline   candidate    change            interval   pairs   verdict
───────────────────────────────────────────────────────────────────────────────────────────────
test_compute[one worker]     100 ms      110 ms   +10.0 %   +8.0 % .. +12.0 %    14+8   slower
test_read[threads]           100 ms      100 ms    +0.0 %    -1.0 % .. +1.0 %      14   same
test_read[asyncio]           100 ms      102 ms    +2.0 %                   -      14   unknown

test_compute[one worker]: +10.0 %, and fresh pairs agree
test_read[asyncio]: the interval is too wide
connections: 10 -> 320 in test_read[threads]; compared exactly
canary: -0.1 % (-0.4 % to +0.2 %)
tolerance 3.0 %; slower, faster: a change beyond it, in fresh pairs again; same: the interval lies within it;
  interval: 95.0 % after 14 pairs
Slower: 1 slower (test_compute[one worker]), 1 same, 1 unknown (test_read[asyncio]). --pairs 40 would do. Counts
  changed in 1 cell.
"""
    )


def test_cells_of_two_files_keep_their_files():
    other = judged("benchmarks/test_other.py::test_x", "faster", 0.9, 0.88, 0.92)
    made = shown(HELD, outcome(SAME, other))
    assert row_of(made, "benchmarks/test_gate.py::test_read[threads] ").endswith(" 14 same")
    assert row_of(made, "benchmarks/test_other.py::test_x ").endswith("-10.0 % -12.0 % .. -8.0 % 14 faster")
    assert (
        made.splitlines()[-1]
        == "Faster: 1 faster (benchmarks/test_other.py::test_x), 1 same. Counts changed in 1 cell."
    )


def test_a_count_that_varies_on_a_side_is_not_shown():
    varying = {
        "requests": Count(baseline=(160,), candidate=(160, 161)),
        "connections": Count(baseline=(1,), candidate=(1,)),
    }
    held = outcome(judged(counts=varying))
    for made in (shown(HELD, held), markdown(HELD, held)):
        assert "requests" not in made
        assert "connections" not in made


def test_a_canary_that_moved_is_loud_and_the_last_line_says_what_to_do():
    moved = outcome(SAME, verdict="not comparable", canary=judged("canary", "slower", 1.1, 1.05, 1.2, why="p = 0.001"))
    made = shown(HELD, moved)
    assert "THE CANARY MOVED: +10.0 % (+5.0 % to +20.0 %); p = 0.001\n" in made
    assert (
        "\nNot comparable: the canary moved, so the machine did, and no verdict on a cell speaks of the code;" in made
    )
    assert made.endswith("repeat it when it\n  is quieter.\n")
    assert "**THE CANARY MOVED: +10.0 %" in markdown(HELD, moved)
    assert markdown(HELD, moved).startswith("## paceline ab: NOT COMPARABLE\n")


def test_an_unknown_verdict_says_how_many_pairs_would_do():
    never = judged(ONE, "unknown", needed=None)
    assert shown(HELD, outcome(never)).endswith("How many pairs would do can't be told from these.\n")
    assert shown(HELD, outcome(UNKNOWN, never)).splitlines()[-1] == (
        "Unknown: 2 unknown (test_read[asyncio], test_compute[one worker]). --pairs 40 would do for 1 of them."
    )


def test_what_was_left_out_stands_there_with_its_reason():
    names = {f"test_x.py::test_{index}": "skipped on both sides" for index in range(5)}
    left_out = {**names, "test_y.py::test_y": "only in the baseline"}
    held = comparison(*pairs({}, 2), left_out=left_out, notes=("The sides were installed anew.",), looks=(14,))
    lines = shown(held, outcome(SAME)).splitlines()
    assert (
        "left out: test_x.py::test_0, test_x.py::test_1, test_x.py::test_2 and 2 more (skipped on both sides)" in lines
    )
    assert "left out: test_y.py::test_y (only in the baseline)" in lines
    assert "The sides were installed anew." in lines
    assert lines[1].endswith(": 2 pairs of processes of the 14 that the first look takes and 0 fresh, seed 7")
    assert "<details><summary>6 cells left out</summary>\n\n- `test_x.py::test_0`, " in markdown(held, outcome(SAME))


def test_what_a_reader_has_to_know_of_a_cell_is_said_once_for_all_that_share_it():
    free, loop = "left to the scheduler: starts threads", "the empty loop takes 12 % of a call"
    cells = [judged(ONE, remarks=(free,)), judged(TWO, remarks=(free, loop)), judged(THREE)]
    assert f"\ntest_compute[one worker], test_read[threads]: {free}\ntest_read[threads]: {loop}\n" in shown(
        HELD, outcome(*cells)
    )
    assert f"\n- `test_compute[one worker]`, `test_read[threads]`: {free}\n" in markdown(HELD, outcome(*cells))


def test_what_fails_on_the_candidate_only_is_named_in_the_last_sentence():
    failed = {"test_x.py::test_broken": "ValueError: no such key"}
    held, judgement = comparison(*pairs({}, 14), failed=failed), outcome(SAME, failed=failed)
    made = shown(held, judgement, Terminal())
    assert "fails on the candidate only: test_x.py::test_broken (ValueError: no such key)" in made
    last = Text.from_ansi(made).plain.splitlines()[-1]
    assert last.endswith("1 fails on the candidate only (test_x.py::test_broken).")
    assert "- **fails on the candidate only: `test_x.py::test_broken` (ValueError: no such key)**\n" in markdown(
        held, judgement
    )
    assert json.loads(as_json(held, judgement))["failed"] == failed


def test_faster_is_as_loud_as_slower():
    gained = outcome(judged(ONE, "faster", 0.9, 0.88, 0.92), SAME)
    assert "\x1b[1;32mfaster" in shown(HELD, gained, Terminal())
    assert markdown(HELD, gained).startswith("## paceline ab: FASTER\n")
    assert "Slower: 1 slower (test_read[asyncio]), 1 faster (test_compute[one worker])." in shown(
        HELD, outcome(judged(ONE, "faster", 0.9, 0.88, 0.92), judged(THREE, "slower", 1.1, 1.08, 1.12))
    )


def test_json_says_how_a_cell_was_measured():
    held = comparison(*pairs({}, 14), plan={ONE: plan(calls=40, rounds=12, pinned=False)})
    [cell] = json.loads(as_json(held, outcome(judged(ONE, growth=0.12, remarks=("a",)))))["cells"]
    assert (cell["calls_per_round"], cell["rounds"], cell["pinned"]) == (40, 12, False)
    assert (cell["growth"], cell["remarks"]) == (0.12, ["a"])


def test_where_nothing_was_compared_that_is_said():
    assert shown(HELD, outcome()).endswith("\nNothing was compared: there is no cell that both sides measured.\n")


def test_sides_of_two_pythons_and_libraries_say_so():
    held = comparison(
        baseline=side("python:/usr/bin/python3.13", place="Python /usr/bin/python3.13", libraries={"aiohttp": "3.12"}),
        candidate=side(".", commit=None, python="CPython 3.14.0", libraries={"aiohttp": "3.13", "uvloop": "0.22"}),
    )
    made = shown(held, outcome(SAME))
    assert made.startswith("baseline python:/usr/bin/python3.13 (CPython 3.11.7, 2264bc41e176) against candidate . ")
    assert ". (working tree, CPython 3.14.0, no commit) " in " ".join(made.split())
    assert "The sides have different libraries: aiohttp 3.12 -> 3.13, uvloop missing -> 0.22." in made


def test_a_pipe_gets_no_colours_and_a_terminal_the_same_text(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    piped = shown(HELD, outcome(SLOWER, SAME, UNKNOWN))
    coloured = shown(HELD, outcome(SLOWER, SAME, UNKNOWN), Terminal())
    assert "\x1b" not in piped
    assert "\x1b[1;31mslower" in coloured
    assert [line.rstrip() for line in Text.from_ansi(coloured).plain.splitlines()] == piped.splitlines()


def test_nothing_in_a_file_steers_the_terminal_and_long_sentences_are_folded():
    odd = judged("x\x1b[2J::[bold]y", "unknown", why="so wide " * 40)
    made = shown(comparison(notes=("a\x07b",), baseline=side("rev:\n")), outcome(odd))
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", made)
    assert "[bold]y: so wide" in made
    assert "a\\x07b" in made
    assert max(map(len, made.splitlines())) <= 120


def test_the_step_summary_is_markdown():
    assert markdown(HELD, outcome(SLOWER, SAME, UNKNOWN)) == (
        r"""## paceline ab: SLOWER

Slower: 1 slower (test_compute\[one worker\]), 1 same, 1 unknown (test_read\[asyncio\]). --pairs 40 would do. Counts changed in 1 cell.

baseline rev:main (2264bc41e176) against candidate . (working tree, 2264bc41e176 and changes)

**benchmarks/test_gate.py**

| cell | baseline | candidate | change | interval | pairs | verdict |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
| `test_compute[one worker]` | 100 ms | 110 ms | +10.0 % | +8.0 % .. +12.0 % | 14+8 | **slower** |
| `test_read[threads]` | 100 ms | 100 ms | +0.0 % | -1.0 % .. +1.0 % | 14 | same |
| `test_read[asyncio]` | 100 ms | 102 ms | +2.0 % | - | 14 | **unknown** |

- `test_compute[one worker]`: +10.0 %, and fresh pairs agree
- `test_read[asyncio]`: the interval is too wide
- connections: 10 -> 320 in `test_read[threads]`; compared exactly

canary: -0.1 % (-0.4 % to +0.2 %)

<details><summary>How it was measured</summary>

linux-x86_64-cpu-2cpu-cpython-3.11: 14 pairs of processes and 8 fresh, seed 7.

Begun 2026-01-02T03:04:05+00:00, tolerance 3.0 %; interval: 95.0 % after 14 pairs.

```sh
paceline ab --baseline rev:main --candidate . -- benchmarks/test_gate.py
```

</details>
"""  # noqa: E501 - a paragraph of Markdown is a line
    )


def test_no_name_breaks_a_table_or_becomes_markup():
    assert code("test_x[a=1, b:2]") == "`test_x[a=1, b:2]`"
    assert code("a|b") == "<code>a&#124;b</code>"
    assert code("`a`") == "<code>&#96;a&#96;</code>"
    assert code("<b>\n") == "<code>&#60;b&#62;&#92;n</code>"
    assert text("in test_x, [a](b) | `c` *d* __e__ <b> @f \x1b") == (
        r"in test_x, \[a\](b) &#124; \`c\` \*d\* \_\_e\_\_ &#60;b> &#64;&#8203;f \\x1b"
    )


@given(st.text(min_size=1, max_size=20), st.text(max_size=40))
def test_whatever_a_cell_is_called_its_row_has_seven_columns(name, why):
    made = markdown(comparison(left_out={name: why}, notes=(why,)), outcome(judged(name, "unknown", why=why), SAME))
    rows = [line for line in made.splitlines() if line.startswith("|")]
    assert [row.count("|") for row in rows] == [8] * 4


def test_json_holds_every_cell_with_its_figures(tmp_path):
    held = comparison(*pairs({}, 14), *pairs({}, 8, phase="confirm"), left_out={"x": "skipped"}, notes=("a",))
    said = json.loads(as_json(held, outcome(SLOWER, SAME), tmp_path / "0001_x.json"))
    assert said["verdict"] == "slower"
    assert said["cells"][0] == {
        "fullname": ONE,
        "verdict": "slower",
        "ratio": 1.1,
        "low": 1.08,
        "high": 1.12,
        "level": 0.95,
        "pairs": 14,
        "p": 0.5,
        "why": "+10.0 %, and fresh pairs agree",
        "needed": None,
        "fresh": {"ratio": 1.09, "low": 1.07, "high": 1.11, "level": 0.95, "pairs": 8, "p": 0.5},
        "baseline_seconds": 0.1,
        "candidate_seconds": 0.1 * 1.1,
        "calls_per_round": None,
        "rounds": None,
        "pinned": None,
        "remarks": [],
        "growth": None,
        "counts": {},
    }
    assert said["cells"][1]["fresh"] is None
    assert said["cells"][1]["counts"] == {"connections": {"baseline": [10], "candidate": [320], "changed": True}}
    assert said["canary"]["ratio"] == 0.999
    assert said["baseline"]["typed"] == "rev:main"
    assert (said["pairs"], said["fresh_pairs"], said["seed"], said["tolerance"]) == (14, 8, 7, 0.03)
    assert (said["left_out"], said["notes"]) == ({"x": "skipped"}, ["a"])
    assert said["saved"] == str(tmp_path / "0001_x.json")


def test_json_never_holds_a_number_that_is_not_finite():
    odd = judged(ratio=1.0, candidate_seconds=float("inf"), main=estimate(p=float("nan")))
    said = json.loads(as_json(HELD, outcome(odd)), parse_constant=lambda name: name)
    assert said["cells"][0]["p"] is None
    assert said["cells"][0]["candidate_seconds"] is None
    assert said["saved"] is None


def both(ratio):
    """Nine pairs' rounds of a cell that takes `ratio` times as long, and quiet ones of another."""
    return {ONE: ((0.1,), (0.1 * ratio,)), TWO: ((0.2,), (0.2,))}


@pytest.mark.parametrize(
    ("ratio", "facts", "words", "status"),
    [
        (1.1, {}, [], 1),
        (1.1, {}, ["--fail-on", "faster"], 0),
        (1.1, {}, ["--fail-on", "both"], 1),
        (0.9, {}, [], 0),
        (0.9, {}, ["--fail-on", "faster"], 1),
        (0.9, {}, ["--fail-on", "both"], 1),
        (1.0, {}, ["--fail-on", "both"], 0),
        (1.0, {"failed": {THREE: "it broke"}}, [], 2),
        (1.1, {"failed": {THREE: "it broke"}}, [], 2),
        (1.0, {"looks": (30,), "left_out": {ONE: "skipped", TWO: "skipped"}}, [], 2),
        (1.02, {"looks": (30,)}, [], 0),
        (1.02, {"looks": (30,)}, ["--strict"], 2),
        (0.9, {"tolerance": 0.2, "looks": (30,)}, ["--strict"], 2),
    ],
)
def test_the_exit_status_is_that_of_what_fails(tmp_path, capsys, ratio, facts, words, status):
    cells = both(ratio)
    held = comparison(*pairs(cells, 9), *pairs(cells, 5, first=10, phase="confirm"), **facts)
    path = save(held, tmp_path)
    assert main(["ab", "--read", str(path), *words]) == status
    assert capsys.readouterr().out
