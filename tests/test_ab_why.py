"""Two sides' profiles laid side by side: who answers for a change."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
from comparisons import ONE, comparison, judged, outcome, pairs

from paceline.ab import output
from paceline.ab.profiles import Profile
from paceline.ab.record import load, save
from paceline.ab.why import Explanation, explained, text
from paceline.files import as_json
from paceline.plugin.side import profiling
from paceline.plugin.side.profiling import profiled
from paceline.text import formats
from paceline.text.blocks import markdown, terminal
from paceline.text.formats import render

BEFORE, AFTER = Path("/baseline"), Path("/candidate")
CALLS = 10
NO_CODE = {"file": "", "line": 0, "end": 0, "code": ""}
LEN = "<built-in method builtins.len>"
TABLE = {
    "read": (1, 20, {"head": 1, "body": 2, "foot": 1}),
    "head": (1, 20, {}),
    "body": (2, 50, {}),
    "foot": (1, 10, {}),
}
"""A profile: name -> calls and own microseconds for each call of the benchmark, whom it calls and how often."""


def profile(table, top=AFTER, scatter=0.0, **facts):
    """A profile of ten calls; a name in angle brackets is written in C; `facts` are a row's, by the function's name."""
    names = list(table)

    def cumulative(name):
        _, own, callees = table[name]
        return own + sum(often * cumulative(callee) / table[callee][0] for callee, often in callees.items())

    def seconds(name, often=None):
        calls, own, _ = table[name]
        share = (1 + scatter) * CALLS * 1e-6 * (1 if often is None else often / calls)
        return own * share, cumulative(name) * share

    def row(place, name):
        calls, _, callees = table[name]
        called = [[names.index(callee), often * CALLS, *seconds(callee, often)] for callee, often in callees.items()]
        own, whole = seconds(name)
        made = {"name": name, "calls": calls * CALLS, "own": own, "cumulative": whole, "callees": called}
        line = 10 * place + 1
        code = {"file": str(top / "app.py"), "line": line, "end": line + 5, "code": f"cpython-311:{table[name]}"}
        return made | (NO_CODE if name.startswith("<") else code) | facts.get(name, {})

    return Profile([row(place, name) for place, name in enumerate(names)], CALLS)


def told(before, after, diff="", passes=5):
    """The explanation of two tables whose times scatter a little from profile to profile."""
    sides = [
        [profile(table, top, turn / 100) for turn in range(passes)] for table, top in ((before, BEFORE), (after, AFTER))
    ]
    return explained(*sides, tops=(BEFORE, AFTER), diff=diff)


def hunk(*lines, file="app.py"):
    """A diff that changes these lines, one each."""
    heads = f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n"
    return heads + "".join(f"@@ -{line} +{line} @@\n--- a/was\n++++ b/is\n" for line in lines)


def blamed(explanation):
    return [change.name for change in explanation.functions]


def test_who_makes_the_new_calls_is_to_blame_and_not_what_is_called():
    explanation = told(TABLE, TABLE | {"head": (1, 20, {LEN: 100}), LEN: (100, 10, {})})
    calls = "len: 0 calls, now 100, by the candidate only"
    assert blamed(explanation) == ["head"]
    assert text(explanation) == [
        f"head (app.py:11): +10.0 % of the profiled time; {calls}; its code differs",
        f"called not as often: {calls}",
    ]


def test_a_new_helper_is_charged_to_whoever_calls_it():
    explanation = told(TABLE, TABLE | {"body": (2, 50, {"check": 4}), "check": (4, 15, {LEN: 4}), LEN: (4, 1, {})})
    assert blamed(explanation) == ["body"]
    assert [(count.name, count.baseline, count.candidate) for count in explanation.counts] == [
        ("check", 0, 4),
        (LEN, 0, 4),
    ]


def test_a_function_called_more_often_is_its_callers_doing():
    explanation = told(TABLE, TABLE | {"read": (1, 20, {"head": 1, "body": 3, "foot": 1}), "body": (3, 75, {})})
    assert blamed(explanation) == ["read"]
    assert "body (app.py:21): 2 calls, now 3" in text(explanation)[0]


def test_what_c_calls_back_belongs_to_who_called_into_c():
    def sorting(keys):
        return TABLE | {"head": (1, 20, {"<sorted>": 1}), "<sorted>": (1, 5, {"key": keys}), "key": (keys, keys, {})}

    explanation = told(sorting(4), sorting(24))
    assert blamed(explanation) == ["head"]
    assert explanation.functions[0].calls[0].name == "key"


def test_a_comprehension_is_a_part_of_its_function():
    inner = "read.<locals>.<genexpr>"

    def summing(own):
        return TABLE | {"read": (1, 30, {"<sum>": 1}), "<sum>": (1, 1, {inner: 9}), inner: (9, own, {})}

    sides = [[profile(summing(own), AFTER, read={"code": f"cpython-311:{own}"})] * 3 for own in (10, 40)]
    assert blamed(explained(*sides, tops=(AFTER, AFTER))) == ["read"]


def test_where_only_time_differs_that_is_said():
    explanation = told(TABLE, TABLE | {"head": (1, 30, {})})
    assert text(explanation) == [
        "nothing differs but time",
        "head (app.py:11): +10.0 % of the profiled time; own time +50.0 %; its code differs",
    ]


def test_a_slow_moment_is_not_a_change():
    sides = [profile(TABLE, BEFORE)] * 3, [profile(TABLE, AFTER, scatter=0.7)] * 3
    assert not explained(*sides, tops=(BEFORE, AFTER)).functions


def test_times_within_the_scatter_of_one_side_blame_nobody():
    explanation = told(TABLE, TABLE, passes=3)
    assert not explanation.functions
    assert text(explanation)[0].startswith("nobody to blame: each function was called as often, and no own time ")
    before = [profile({"read": (1, own, {})}) for own in (10, 14, 12)]
    after = [profile({"read": (1, own, {})}) for own in (13, 15, 11)]
    assert not explained(before, after, tops=(AFTER, AFTER)).functions


def test_what_the_diff_touches_comes_first():
    slower = TABLE | {"head": (1, 30, {}), "body": (2, 55, {})}
    assert blamed(told(TABLE, slower)) == ["head", "body"]
    touched = told(TABLE, slower, hunk(3, 22))
    assert blamed(touched) == ["body", "head"]
    assert text(touched)[1].endswith("; a line of the diff is in it")


def test_a_comment_in_a_function_does_not_make_it_come_first():
    slower = TABLE | {"head": (1, 30, {}), "body": (2, 55, {})}
    code = {"code": "cpython-311:the same"}
    sides = [profile(TABLE, BEFORE, body=code)] * 3, [profile(slower, body=code)] * 3
    found = explained(*sides, tops=(BEFORE, AFTER), diff=hunk(22)).functions
    assert (found[0].name, found[0].in_diff, found[0].rewritten) == ("head", False, True)
    assert ("body", True, False) in [(change.name, change.in_diff, change.rewritten) for change in found]


def test_who_gives_others_more_to_do_is_named_before_them():
    code = {"body": {"code": "cpython-311:the same"}, "read": {"code": "cpython-311:was"}}
    now = code | {"read": {"code": "cpython-311:is"}}
    tables = ({"read": (1, 50, {"body": 2}), "body": (2, own, {})} for own in (50, 90))
    before, after = (
        profile(table, top, **known) for table, top, known in zip(tables, (BEFORE, AFTER), (code, now), strict=True)
    )
    sides = [before] * 3, [after] * 3
    explanation = explained(*sides, tops=(BEFORE, AFTER))
    assert blamed(explanation) == ["read", "body"]
    assert text(explanation)[1] == (
        "read (app.py:1): +40.0 % of the profiled time; body below it, with the same code as before; its code differs"
    )


def test_another_pythons_code_is_not_said_to_differ():
    slower = TABLE | {"head": (1, 30, {})}
    before = [profile(TABLE, BEFORE)] * 3
    after = [profile(slower, **{name: {"code": f"cpython-314:{name}"} for name in TABLE})] * 3
    change = explained(before, after, tops=(BEFORE, AFTER)).functions[0]
    assert (change.name, change.rewritten) == ("head", None)


def test_counts_that_move_now_up_now_down_show_nothing():
    sides = [
        [profile(TABLE | {"head": (1, 20, {LEN: often}), LEN: (often, 0, {})}, AFTER) for often in counts]
        for counts in ((5, 7, 6), (6, 6, 7))
    ]
    explanation = explained(*sides, tops=(AFTER, AFTER))
    assert not explanation.counts
    assert text(explanation)[-1] == "1 function called now more, now less often than on the other side: no evidence"


def test_counts_that_the_hash_seed_moves_on_both_sides_alike_are_compared_by_pairs():
    def probing(extra, top):
        tables = (
            TABLE | {"head": (1, 20, {LEN: often + extra}), LEN: (often + extra, 1, {})} for often in (50, 70, 60)
        )
        return [profile(table, top) for table in tables]

    assert not explained(probing(0, BEFORE), probing(0, AFTER), tops=(BEFORE, AFTER)).functions
    assert blamed(explained(probing(0, BEFORE), probing(9, AFTER), tops=(BEFORE, AFTER))) == ["head"]


def test_too_few_profiles_compare_no_times():
    slower = TABLE | {"head": (1, 90, {})}
    assert text(told(TABLE, slower, passes=1)) == [
        "nobody to blame: each function was called as often, and it takes 3 profiles of each side to compare own times"
    ]


def test_a_function_in_a_file_that_was_renamed_is_still_the_same():
    renamed = "diff --git a/old.py b/app.py\nsimilarity index 90%\nrename from old.py\nrename to app.py\n"
    before = {name: {"file": "/baseline/old.py"} for name in TABLE}
    sides = [profile(TABLE, BEFORE, **before)] * 3, [profile(TABLE | {"head": (1, 30, {})})] * 3
    assert blamed(explained(*sides, tops=(BEFORE, AFTER), diff=renamed)) == ["head"]


def test_libraries_are_matched_from_where_their_environment_begins():
    places = ("/baseline/.venv/lib/python3.11/site-packages/lib/x.py", "/other/lib/python3.11/site-packages/lib/x.py")
    sides = [
        [profile({"f": (1, own, {}), **TABLE}, f={"file": place})] * 3
        for own, place in zip((10, 40), places, strict=True)
    ]
    assert explained(*sides, tops=(AFTER, AFTER)).functions[0].file == "lib/x.py"


def test_what_cannot_be_seen_is_said():
    seen = [profile(TABLE)] * 3
    unseen = [replace(each, threads=True, children=True) for each in seen]
    explanation = explained(seen, unseen, tops=(AFTER, AFTER))
    assert text(explanation)[-1] == "what ran in other threads and other processes can't be seen in these profiles"


def test_an_explanation_can_be_saved_read_and_written_everywhere():
    explanation = told(TABLE, TABLE | {"head": (1, 20, {"__new__": 100}), "__new__": (100, 10, {})})
    assert msgspec.json.decode(msgspec.json.encode(explanation), type=Explanation) == explanation
    assert json.loads(as_json(explanation))["functions"][0]["calls"][0]["candidate"] == 100
    assert r"\_\_new\_\_ (app.py:41): 0 calls, now 100" in formats.text(text(explanation)[0])


def test_a_saved_comparison_says_again_where_its_cells_changed(tmp_path):
    explanation = told(TABLE, TABLE | {"head": (1, 30, {})})
    held = comparison(*pairs({ONE: ((0.1,), (0.11,))}, 2), explanations={ONE: explanation})
    again, slower = load(save(held, tmp_path)), outcome(judged(ONE, "slower"))
    stream = io.StringIO()
    render(terminal(output.answer(again, slower)), stream)
    assert (
        "test_compute[one worker], by 5 profiles of 10 calls on each side:\n"
        "  nothing differs but time\n"
        "  head (app.py:11): +10.0 % of the profiled time; own time +50.0 %; its code differs\n"
    ) in stream.getvalue()
    listed = (
        "`test_compute[one worker]`, by 5 profiles of 10 calls on each side:\n\n- nothing differs but time\n- head "
    )
    assert listed in markdown(output.answer(again, slower))
    saved = json.loads(output.as_json(again, slower))
    assert saved["explanations"][ONE]["functions"][0]["name"] == "head"


SHOP = """
def rate(name):
    return len(name)


def cost(names):
    return sum(rate(name) for name in names)


class Cart:
    def total(self):
        return cost(["tea", "soap", "tea"])
"""


@pytest.fixture
def shop():
    names = {}
    exec(compile(SHOP, "shop.py", "exec"), names)
    return names


def named(rows):
    return {row["name"]: row for row in rows}


def test_a_profile_has_a_row_for_each_function_with_whom_it_calls(shop):
    cart = shop["Cart"]()
    rows = profiled(lambda: [cart.total() for _ in range(4)], repeats=3)
    found = named(rows)
    assert set(found) >= {"rate", "cost", "Cart.total", LEN}
    assert (found["rate"]["calls"], found["rate"]["line"], found["rate"]["end"]) == (12, 2, 3)
    assert [rows[callee[0]]["name"] for callee in found["rate"]["callees"]] == [LEN]
    assert found["Cart.total"]["cumulative"] >= found["rate"]["cumulative"] > 0
    assert not any(row["name"].endswith("<lambda>") or "Profiler" in row["name"] for row in rows)


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        ("    return len(name)", "    # as before\n    return len(name)", True),
        ("name", "word", True),
        ("len(name)", "len(name) + 1", False),
    ],
)
def test_only_what_a_function_does_decides_its_digest(was, now, same):
    digests = []
    for source in (SHOP, SHOP.replace(was, now)):
        names = {}
        exec(compile(source, "shop.py", "exec"), names)
        digests.append(named(profiled(partial(names["rate"], "tea"), repeats=1))["rate"]["code"])
    assert (digests[0] == digests[1]) is same


def test_profiling_stands_alone(tmp_path):
    copied = tmp_path / "paceline_profiling.py"
    copied.write_bytes(Path(profiling.__file__).read_bytes())
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import paceline_profiling as p; print(p.profiled(dict, 1))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
