"""The report's part on claims: verdicts side by side, how clear they are, and every argument in full."""

import math

import pytest
from claimed import cells, run
from golden_charts import assert_drawable, assert_golden

from paceline import claims
from paceline.claims import Bound, Figure, Finding, Part
from paceline.report.model import Report, columns
from paceline.report.output import page
from paceline.report.sections import claims as part
from paceline.report.sections.claims import every, weakest

KNOWN = {claim.id: claim for claim in claims.CLAIMS}
CHOSEN = [KNOWN[name] for name in ("gil-bound", "cpu-parallel", "threads-knee")]
ORDER = ("sequential", "threads", "asyncio", "pool-fork", "processes")


def computed(pool=1.9, **facts):
    """A run that confirms gil-bound; cpu-parallel hangs on how long the pool takes."""
    wall = {"sequential": [2.0, 2.02, 1.98], "threads": [2.04, 2.02, 2.05], "asyncio": [2.01, 2.03, 1.99],
            "pool-fork": [pool, pool * 1.01, pool * 1.02], "processes": [pool * 1.01, pool, pool * 1.02]}  # fmt: skip
    released = {"sequential": [2.0, 2.01, 1.99], "threads": [1.05, 1.04, 1.06], "asyncio": [2.0, 2.02, 2.01]}
    busy = {name: [2.0 * (1 + number / 500) for number in range(3)] for name in wall}
    return run(
        *(cells("computing", "test_computing", name, each, kernel="squares", cpu_seconds=busy[name],
                workers=1 if name == "sequential" else 2) for name, each in wall.items()),
        *(cells("computing", "test_computing", name, each, kernel="hash", cpu_seconds=busy[name],
                warnings=("noisy: 12 %",), workers=1 if name == "sequential" else 2)
          for name, each in released.items()),
        **facts,
    )  # fmt: skip


def made(*runs):
    """The section for these runs, a column each."""
    own = columns(runs, {}, ORDER)
    found = {column.label: claims.findings([column.run], CHOSEN) for column in own}
    return part.section(own, found)


def panels(section, key):
    return [panel for row in section.rows for panel in row if panel.key == key]


def finding(*figured, verdict="confirmed", above=True, margin=2.0):
    """A finding of one part for each figure."""
    stated = f"{'above' if above else 'below'} {margin}x: because"
    parts = [Part(one.what, verdict, (one,), stated, None, (), (one,), Bound(above, margin)) for one in figured]
    return Finding(verdict, tuple(parts))


def one(value, low=None, high=None, unit="x", what="a figure"):
    return Figure(what, value, low, high, unit, 3, (value,) * 3)


def test_a_verdict_stands_in_words_beside_its_sentence():
    [verdicts] = panels(made(computed()), "claims-verdicts")
    assert verdicts.table.columns == ("claim", "verdict", "sentence")
    assert [row[:2] for row in verdicts.table.rows] == [
        ("gil-bound", "confirmed"),
        ("cpu-parallel", "refuted"),
        ("threads-knee", "unknown"),
    ]
    assert verdicts.says == "CPython 3.11.7: of 3 claims 1 confirmed, 1 refuted, 1 unknown."


def test_several_runs_have_a_verdict_each_and_differences_stand_out():
    section = made(computed(), computed(pool=1.02, python="3.14.0", fingerprint="other"))
    [verdicts] = panels(section, "claims-verdicts")
    assert verdicts.table.columns == ("claim", "CPython 3.11.7", "CPython 3.14.0", "between them", "sentence")
    assert [row[1:4] for row in verdicts.table.rows[:2]] == [
        ("confirmed", "confirmed", "agree"),
        ("refuted", "unknown", "unknown in part"),
    ]
    assert len(panels(section, "claims-margins")) == 2


def test_confirmed_by_one_and_refuted_by_the_other_is_a_difference():
    runs = columns([computed(), computed(python="3.14.0", fingerprint="other")], {}, ORDER)
    verdicts = ("confirmed", "refuted")
    found = {
        column.label: {"gil-io": finding(one(3.0, 2.5, 3.5), verdict=verdict)}
        for column, verdict in zip(runs, verdicts, strict=True)
    }
    [panel] = panels(part.section(runs, found), "claims-verdicts")
    assert panel.table.rows[0][3] == "DIFFER"
    assert "They differ in 1: gil-io." in panel.says
    assert panel.details[0][0] == "gil-io: confirmed by CPython 3.11.7, refuted by CPython 3.14.0"
    assert panel.details[0][1][0].startswith("CPython 3.11.7: confirmed: a figure. margin above 2.0x: because")


def test_the_whole_argument_is_there_without_javascript():
    section = made(computed())
    [verdicts] = panels(section, "claims-verdicts")
    heading, lines = verdicts.details[0]
    assert heading == "gil-bound: confirmed"
    assert len(lines) >= 5
    assert "margin below 1.25x" in lines[0]
    assert "speedup of threads 0.98x (0.9" in lines[0]
    assert any("doubt: noisy" in line for line in lines)
    assert "<summary>gil-bound: confirmed</summary>" in page(Report(title="x", made=(), sections=(section,)), "0")


def test_what_an_open_claim_needs_stands_in_the_table():
    [drawn] = panels(made(computed()), "claims-margins")
    needs = [row[-1] for row in drawn.table.rows if row[0] == "threads-knee"]
    assert needs
    assert all("pytest --benchmark-only" in words for words in needs)


def test_the_chart_is_the_same_as_ever():
    [drawn] = panels(made(computed()), "claims-margins")
    assert_golden(drawn)
    assert_drawable(drawn)


def test_axes_are_the_same_for_every_run():
    section = made(computed(), computed(pool=0.2, python="3.14.0", fingerprint="other"))
    specs = [panel.chart.spec for panel in panels(section, "claims-margins")]
    assert specs[0]["layer"] == specs[1]["layer"]


def test_marks_of_the_evidence_are_doubts():
    [drawn] = panels(made(computed()), "claims-margins")
    assert any(doubt.startswith("noisy: ") and "gil-bound" in doubt for doubt in drawn.doubts)


def test_above_the_margin_speaks_for_a_claim_whichever_way_it_is_stated():
    [up] = every("x", finding(one(4.0, 3.0, 5.0), above=True))
    [down] = every("x", finding(one(1.0, 0.5, 1.6), above=False))
    assert (up.value, up.low, up.high) == (2.0, 1.5, 2.5)
    assert (down.value, down.low, down.high) == (2.0, 1.25, 4.0)


def test_the_weakest_of_the_figures_that_decide_stands_for_the_claim():
    assert weakest("x", finding(one(8.0, 7.0, 9.0), one(4.0, 3.0, 5.0))).value == 2.0


@pytest.mark.parametrize(
    "figure",
    [
        one(0.9, 0.8, 1.0, unit="share"),
        one(10.0, 10.0, 10.0, unit="count"),
        one(math.nan),
        one(-3.0, -4.0, -2.0, unit="bytes"),
        one(3.0, -1.0, 7.0, unit="bytes"),
        one(math.inf),
    ],
)
def test_a_figure_without_an_honest_ratio_to_its_margin_is_not_drawn(figure):
    found = finding(figure, verdict="unknown")
    own = columns([computed()], {}, ORDER)
    section = part.section(own, {own[0].label: {"gil-io": found}})
    assert weakest("gil-io", found) is None
    [drawn] = panels(section, "claims-margins")
    assert drawn.chart is None
    assert drawn.table.rows[0][0] == "gil-io"
    assert "0 of 1 verdicts" in drawn.says


def test_a_figure_that_is_the_same_in_every_process_has_no_interval():
    own = columns([computed()], {}, ORDER)
    section = part.section(own, {own[0].label: {"gil-io": finding(one(3.0), verdict="unknown")}})
    [drawn] = panels(section, "claims-margins")
    assert drawn.chart.data["between"] == []
    assert_drawable(drawn)


def test_nothing_judged_says_what_to_measure():
    section = part.section(columns([computed()], {}, ORDER), {})
    assert section.rows == ()
    assert "pytest --benchmark-only --all" in section.missing[0]


def test_one_run_without_evidence_is_named_beside_one_that_has_it():
    own = columns([computed(), computed(python="3.14.0", fingerprint="other")], {}, ORDER)
    section = part.section(own, {own[0].label: claims.findings([own[0].run], CHOSEN)})
    assert len(section.missing) == 1
    assert section.missing[0].startswith("CPython 3.14.0: ")
    assert section.rows


def test_markup_in_names_stays_text():
    named = one(3.0, 2.5, 3.5, what="</script><b>\n")
    own = columns([computed(python="<i>3")], {}, ORDER)
    section = part.section(own, {own[0].label: {"<u>": finding(named)}})
    html = page(Report(title="x", made=(), sections=(section,)), "0")
    assert "<u>" not in html
    assert "<b>" not in html
    assert "<i>3" not in html
    assert_drawable(panels(section, "claims-margins")[0])
