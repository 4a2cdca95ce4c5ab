"""How far the figures that decide claims lie from their margins."""

import math
from collections.abc import Mapping, Sequence
from typing import get_args

import altair as alt

from paceline.claims import Finding, Verdict
from paceline.claims.output import measured
from paceline.report.page import look
from paceline.report.page.drawing import Row, chart, named, span
from paceline.report.page.model import Chart
from paceline.report.page.sections.beyond import Beyond, every, weakest
from paceline.report.page.sections.verdicts import hue, sign
from paceline.text.formats import plain, times

_STEP = 24  # pixels of a claim
_LONG = 1000.0  # from end to end of an axis


def margins(findings: Mapping[str, Finding], all_columns: Sequence[Mapping[str, Finding]]) -> Chart | None:
    """Draw a column's claims; None where no figure of them can be drawn.

    Args:
        findings: of the column, by the claim's id.
        all_columns: of all columns, so that their axes are the same.
    """
    marks = _weakest_of(findings)
    if not marks:
        return None
    others = [one for claim, finding in findings.items() for one in every(claim, finding)]
    data: dict[str, list[Row]] = {
        "deciding": [_row(one) for one in marks],
        "between": [_short(one) | {"low": one.low, "high": one.high} for one in marks if one.low is not None],
        "others": [_short(one) | {"value": one.value} for one in others if one not in marks],
        "sides": [{"at": 1, "for": "for the claim", "against": "against it"}],
    }
    return chart(_drawn(all_columns), data)


def _weakest_of(findings: Mapping[str, Finding]) -> list[Beyond]:
    return [found for claim, finding in findings.items() if (found := weakest(claim, finding))]


def _drawn(all_columns: Sequence[Mapping[str, Finding]]) -> alt.TopLevelMixin:
    shown = [one for findings in all_columns for one in _weakest_of(findings)]
    beside = [one for findings in all_columns for claim, finding in findings.items() for one in every(claim, finding)]
    ends = [end for one in (*shown, *beside) for end in (one.value, one.low, one.high) if end is not None]
    drawn = {one.claim for one in shown}
    names = [claim for claim in dict.fromkeys(c for findings in all_columns for c in findings) if claim in drawn]
    domain = span([*ends, 1.0], room=1.4)
    scale = alt.Scale(type="log", domain=domain, nice=False)
    axis = alt.Axis(labelExpr="format(datum.value, '~g') + 'x'", values=_ticks(*domain))
    across = alt.X("value:Q").scale(scale).title("figure / margin, in the claim's favour").axis(axis)
    up = alt.Y("claim:N").scale(domain=[plain(name) for name in names]).title(None).axis(labelLimit=130, grid=True)
    words = get_args(Verdict)
    sides, above = alt.Chart(named("sides")), alt.value(-9)
    return alt.layer(
        sides.mark_rule(strokeDash=[6, 4], color=look.PACE, strokeWidth=2).encode(_at(across, "at")),
        sides.mark_text(align="left", dx=6, fontStyle="italic").encode(_at(across, "at"), y=above, text="for:N"),
        sides.mark_text(align="right", dx=-6, fontStyle="italic").encode(_at(across, "at"), y=above, text="against:N"),
        alt.Chart(named("others")).mark_point(size=22, filled=True, opacity=0.4).encode(
            across, up, hue(words), sign(words)
        ),
        alt.Chart(named("between")).mark_rule(strokeWidth=2.5).encode(
            _at(across, "low"), up, alt.X2("high"), hue(words)
        ),
        alt.Chart(named("deciding")).mark_point(size=90, filled=True, opacity=1).encode(
            across, up, hue(words), sign(words), tooltip=_tooltip()
        ),
    ).properties(height=_STEP * len(names))  # fmt: skip


def _ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten between two ends, and on a short axis what lies between these."""
    steps = [1] if high / low > _LONG else [1, 2, 5]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [step * 10.0**decade for decade in decades for step in steps]
    return [value for value in values if low <= value <= high]


def _at(across: alt.X, field: str) -> alt.X:
    made = across.copy()
    made.shorthand = f"{field}:Q"
    return made


def _tooltip() -> list[alt.Tooltip]:
    fields = ("claim", "verdict", "statement", "figure", "margin", "beyond")
    return [alt.Tooltip(f"{field}:N") for field in fields]


def _row(one: Beyond) -> Row:
    return {
        **_short(one),
        "value": one.value,
        "statement": plain(one.part.part),
        "figure": f"{plain(one.figure.what)} {measured(one.figure)}",
        "margin": plain(one.part.margin.partition(":")[0]),
        "beyond": times(one.value),
    }


def _short(one: Beyond) -> Row:
    return {"claim": plain(one.claim), "verdict": one.part.verdict}
