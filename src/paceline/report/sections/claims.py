"""The lesson's claims, each with its figures beside the margins stated beforehand."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import get_args

import altair as alt

from paceline.claims import CLAIMS, Bound, Figure, Finding, Part, Verdict
from paceline.claims.output import figure_in_words, measured
from paceline.history import Cell
from paceline.report import charts
from paceline.report.charts import Row, chart, logarithmic, named, span
from paceline.report.model import Chart, Column, Panel, Section, Table
from paceline.tables.rows import PROCESSES, by_mark
from paceline.text.formats import NOTHING, digits, many, plain, times

Findings = Mapping[str, Finding]
"""What the runs of one column say about each claim, by its id."""


def _heading(name: str, labels: Sequence[str], every: Sequence[Findings]) -> str:
    """Name a claim with its verdict, or with each column's where they are not the same."""
    verdicts = {label: own[name].verdict for label, own in zip(labels, every, strict=True) if name in own}
    words = set(verdicts.values())
    each = ", ".join(f"{verdict} by {label}" for label, verdict in verdicts.items())
    return f"{plain(name)}: {words.pop() if len(words) == 1 else each}"


def _arguments(name: str, labels: Sequence[str], every: Sequence[Findings]) -> tuple[str, ...]:
    """Return all that is known of a claim: a line for each part, and for each doubt about all of it."""
    return tuple(
        f"{label}: {line}" if len(labels) > 1 else line
        for label, findings in zip(labels, every, strict=True)
        if name in findings
        for line in (*map(_argument, findings[name].parts), *(f"doubt: {plain(w)}" for w in findings[name].warnings))
    )


def _argument(part: Part) -> str:
    figures = "; ".join(map(figure_in_words, part.figures))
    sentences = [
        f"{part.verdict}: {plain(part.part)}",
        f"margin {plain(part.margin)}",
        figures and f"figures: {figures}",
        *(f"doubt: {plain(warning)}" for warning in part.warnings),
        part.missing and f"needs: {plain(part.missing)}",
    ]
    return ". ".join(filter(None, sentences))


_UNITS = ("x", "s", "bytes", "bytes/s", "items/s")
"""Units with a true zero, whose intervals are of logarithms: only of these does a ratio to the margin mean anything."""


@dataclass(frozen=True)
class Beyond:
    """One deciding figure, as a factor to its margin, turned so that above 1 it speaks for the claim.

    Args:
        claim: its id.
        part: the statement that the figure decides.
        figure: as judged.
        value: figure / margin for a statement that holds above its margin, margin / figure for one that holds below.
        low: the lower end of the interval, turned likewise; None where there is none.
        high: the upper end; None as `low`.
    """

    claim: str
    part: Part
    figure: Figure
    value: float
    low: float | None
    high: float | None


def weakest(claim: str, finding: Finding) -> Beyond | None:
    """Return the figure that a verdict hangs on: the least in the claim's favour, of those in parts of that verdict.

    It is None where the verdict rests on counts, on shares, or on nothing measured.
    """
    found = [one for one in every(claim, finding) if one.part.verdict == finding.verdict]
    return min(found, key=lambda one: one.value, default=None)


def every(claim: str, finding: Finding) -> list[Beyond]:
    """Return each deciding figure of a claim whose ratio to its margin means something."""
    return [made for part in finding.parts if part.bound for made in _beyond(claim, part, part.bound)]


def _beyond(claim: str, part: Part, bound: Bound) -> Iterator[Beyond]:
    for figure in part.deciding:
        if figure.unit not in _UNITS or not _positive(bound.value) or not _positive(figure.value):
            continue
        turned = [_turned(end, bound) for end in (figure.value, figure.low, figure.high)]
        value, *ends = turned if bound.above else (turned[0], turned[2], turned[1])
        whole = None not in ends
        if value and (whole or figure.low is None):  # an interval that reaches to 0 has no place on the axis
            yield Beyond(claim, part, figure, value, *(ends if whole else (None, None)))


def _turned(value: float | None, bound: Bound) -> float | None:
    if value is None or not _positive(value):
        return None
    return value / bound.value if bound.above else bound.value / value


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


_STEP = 24  # pixels of a claim
_LONG = 1000.0  # from end to end of an axis


def margins(findings: Findings, all_columns: Sequence[Findings]) -> Chart | None:
    """Draw a column's claims on the axes of all columns; None where no figure of them can be drawn."""
    marks = _all_weakest(findings)
    if not marks:
        return None
    data: dict[str, list[Row]] = {
        "deciding": [_row(one) for one in marks],
        "between": [_short(one) | {"low": one.low, "high": one.high} for one in marks if one.low is not None],
        "others": [_short(one) | {"value": one.value} for one in _all(findings) if one not in marks],
        "sides": [{"at": 1, "for": "for the claim", "against": "against it"}],
    }
    return chart(_drawn(all_columns), data)


def _all(findings: Findings) -> list[Beyond]:
    return [one for claim, finding in findings.items() for one in every(claim, finding)]


def _all_weakest(findings: Findings) -> list[Beyond]:
    return [found for claim, finding in findings.items() if (found := weakest(claim, finding))]


def _drawn(all_columns: Sequence[Findings]) -> alt.TopLevelMixin:
    ends = [end for own in all_columns for one in _all(own) for end in (one.value, one.low, one.high) if end]
    drawn = {one.claim for findings in all_columns for one in _all_weakest(findings)}
    names = [claim for claim in dict.fromkeys(chain(*all_columns)) if claim in drawn]
    domain = span([*ends, 1.0], room=1.4)
    axis = alt.Axis(labelExpr="format(datum.value, '~g') + 'x'", values=_ticks(*domain))

    def across(field: str) -> alt.X:
        title = "figure / margin, in the claim's favour"
        return alt.X(f"{field}:Q").scale(logarithmic(domain)).title(title).axis(axis)

    up = alt.Y("claim:N").scale(domain=[plain(name) for name in names]).title(None).axis(labelLimit=130, grid=True)
    hue, mark = charts.by_verdict(get_args(Verdict))
    sides, above = alt.Chart(named("sides")), alt.value(-9)
    fields = ("claim", "verdict", "statement", "figure", "margin", "beyond")
    return alt.layer(
        sides.mark_rule(strokeDash=[6, 4], color=charts.PACE, strokeWidth=2).encode(across("at")),
        sides.mark_text(align="left", dx=6, fontStyle="italic").encode(across("at"), y=above, text="for:N"),
        sides.mark_text(align="right", dx=-6, fontStyle="italic").encode(across("at"), y=above, text="against:N"),
        alt.Chart(named("others")).mark_point(size=22, filled=True, opacity=0.4).encode(
            across("value"), up, hue, mark
        ),
        alt.Chart(named("between")).mark_rule(strokeWidth=2.5).encode(across("low"), up, alt.X2("high"), hue),
        alt.Chart(named("deciding")).mark_point(size=90, filled=True, opacity=1).encode(
            across("value"), up, hue, mark, tooltip=[alt.Tooltip(f"{field}:N") for field in fields]
        ),
    ).properties(height=_STEP * len(names))  # fmt: skip


def _ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten between two ends, and on a short axis what lies between these."""
    steps = [1] if high / low > _LONG else [1, 2, 5]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [step * 10.0**decade for decade in decades for step in steps]
    return [value for value in values if low <= value <= high]


def _row(one: Beyond) -> Row:
    return {
        **_short(one),
        "value": one.value,
        "statement": plain(one.part.part),
        "figure": f"{plain(one.figure.what)} {measured(one.figure)}",
        "margin": _margin(one.part),
        "beyond": times(one.value),
    }


def _short(one: Beyond) -> Row:
    return {"claim": plain(one.claim), "verdict": one.part.verdict}


_LEAD = (
    "What the measurements say about sentences that are often heard about concurrency. Every margin was stated before "
    "anybody looked: a claim is confirmed or refuted only where a whole 95 % interval (Student's t over processes) "
    "lies on one side of it, and unknown elsewhere. One refuted part refutes a claim as it stands."
)
_NEEDS = "pytest --benchmark-only --all"
_DIFFER = "DIFFER"


def section(columns: Sequence[Column], findings: Mapping[str, Findings]) -> Section:
    """Make the part on claims, from what was judged by a column's label; a column may have no findings."""
    judged = [column for column in columns if findings.get(column.label)]
    missing = tuple(
        f"{plain(column.label)}: no claim could be judged, since no cell was measured in processes of its own; "
        f"measure them: {_NEEDS}"
        for column in columns
        if column not in judged
    )
    every = [findings[column.label] for column in judged]
    clear = tuple(_clear(column, findings[column.label], every) for column in judged)
    rows = (clear, (_verdicts(judged, every),)) if judged else ()
    return Section(key="claims", title="Claims", lead=_LEAD if judged else "", rows=rows, missing=missing)


def _verdicts(columns: Sequence[Column], every: Sequence[Findings]) -> Panel:
    labels, several = [plain(column.label) for column in columns], len(columns) > 1
    names = list(dict.fromkeys(chain(*every)))
    sentences = {claim.id: claim.claim for claim in CLAIMS}
    rows = []
    for name in names:
        words = [findings[name].verdict if name in findings else NOTHING for findings in every]
        rows.append((plain(name), *words, *([_between(words)] if several else []), plain(sentences.get(name, ""))))
    header = ("claim", *([*labels, "between them"] if several else ["verdict"]), "sentence")
    return Panel(
        key="claims-verdicts",
        title="Verdicts",
        says=" ".join([*map(_tally, labels, every), *([_differing(rows)] if several else [])]),
        column="" if several else columns[0].label,
        table=Table(header, tuple(rows), left=len(header)),
        details=tuple((_heading(name, labels, every), _arguments(name, labels, every)) for name in names),
    )


def _tally(label: str, findings: Findings) -> str:
    counts = Counter(finding.verdict for finding in findings.values())
    words = ", ".join(f"{counts[word]} {word}" for word in get_args(Verdict))
    return f"{label}: of {many(len(findings), 'claim')} {words}."


def _differing(rows: Sequence[tuple[str, ...]]) -> str:
    names = [row[0] for row in rows if row[-2] == _DIFFER]
    return f"They differ in {len(names)}: {', '.join(names)}." if names else "No claim differs between them."


def _between(words: Sequence[str]) -> str:
    if len(set(words)) == 1:
        return "agree"
    return _DIFFER if {"confirmed", "refuted"} <= set(words) else "unknown in part"


def _clear(column: Column, findings: Findings, every: Sequence[Findings]) -> Panel:
    return Panel(
        key="claims-margins",
        title="How clear the verdicts are",
        says=_says(findings),
        column=column.label,
        chart=margins(findings, every),
        table=_table(findings),
        doubts=_doubts(findings),
        source=column.source(_evidence(column)),
    )


def _says(findings: Findings) -> str:
    found = _all_weakest(findings)
    sentences = [
        f"{len(found)} of {len(findings)} verdicts hang on a figure that has a ratio to its margin.",
        "Counts and shares have none, and stand in the table alone.",
    ]
    if found:
        least = min(found, key=lambda one: one.value)
        where = f"is {plain(least.claim)}: {plain(least.figure.what)}, margin {_margin(least.part)}."
        far = f"Furthest on the wrong side of its margin, by a factor of {digits(1 / least.value)}, {where}"
        close = f"Closest to its margin, at {digits(least.value)} times as much, {where}"
        sentences += [
            far if least.value < 1 else close,
            "Of each claim the large mark is the figure that speaks least for it; small ones are its others.",
        ]
    return " ".join(sentences)


def _table(findings: Findings) -> Table:
    header = ("claim", "statement", "verdict", "what decides", "margin", "needs")
    rows = [
        (
            plain(name),
            plain(part.part),
            part.verdict,
            "; ".join(map(figure_in_words, part.deciding)) or NOTHING,
            _margin(part),
            plain(part.missing or NOTHING),
        )
        for name, finding in findings.items()
        for part in finding.parts
    ]
    return Table(header, tuple(rows), left=len(header))


def _margin(part: Part) -> str:
    return plain(part.margin.partition(":")[0])


def _doubts(findings: Findings) -> tuple[str, ...]:
    grouped = by_mark(
        (plain(name), warning)
        for name, finding in findings.items()
        for part in finding.parts
        for warning in part.warnings
    )
    return tuple(f"{doubt}: in evidence for {', '.join(names)}" for doubt, names in grouped)


def _evidence(column: Column) -> list[Cell]:
    asked = {experiment for claim in CLAIMS for experiment in claim.experiments}
    return [cell for cell in column.cells if cell.experiment in asked and PROCESSES in cell.extra]
