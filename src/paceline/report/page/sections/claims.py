"""The lesson's claims: what each run says about them, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from paceline.claims import CLAIMS, Part, Verdict
from paceline.claims.output import figure_in_words
from paceline.history import Cell
from paceline.report.page.columns import Column
from paceline.report.page.model import Figure, Section, Table
from paceline.report.page.sections.arguing import Findings, arguments, heading
from paceline.report.page.sections.beyond import weakest
from paceline.report.page.sections.margins import margins
from paceline.tables.rows import PROCESSES, by_mark
from paceline.text.formats import NOTHING, digits, many, plain

_LEAD = (
    "What the measurements say about sentences that are often heard about concurrency. Every margin was stated before "
    "anybody looked: a claim is confirmed or refuted only where a whole 95 % interval (Student's t over processes) "
    "lies on one side of it, and unknown elsewhere. One refuted part refutes a claim as it stands."
)
_NEEDS = "pytest --benchmark-only --all"
_BETWEEN: Mapping[bool, str] = {True: "DIFFER", False: "unknown in part"}


def section(columns: Sequence[Column], findings: Mapping[str, Findings]) -> Section:
    """Make the part on claims.

    Args:
        columns: n at least 1.
        findings: by a column's label; one that is not there, or has none, was not judged.
    """
    judged = [column for column in columns if findings.get(column.label)]
    missing = tuple(
        f"{plain(column.label)}: no claim could be judged, since no cell was measured in processes of its own; "
        f"measure them: {_NEEDS}"
        for column in columns
        if column not in judged
    )
    if not judged:
        return Section(key="claims", title="Claims", missing=missing)
    every = [findings[column.label] for column in judged]
    pictures = tuple(_margins(column, findings[column.label], every) for column in judged)
    return Section(
        key="claims", title="Claims", lead=_LEAD, rows=(pictures, (_verdicts(judged, every),)), missing=missing
    )


def _verdicts(columns: Sequence[Column], every: Sequence[Findings]) -> Figure:
    labels = [plain(column.label) for column in columns]
    names = list(dict.fromkeys(name for findings in every for name in findings))
    several = len(columns) > 1
    verdicts = labels if several else ["verdict"]
    sentences = {claim.id: claim.claim for claim in CLAIMS}
    rows = []
    for name in names:
        words = [findings[name].verdict if name in findings else NOTHING for findings in every]
        rows.append((plain(name), *words, *([_between(words)] if several else []), plain(sentences.get(name, ""))))
    header = ("claim", *verdicts, *(["between them"] if several else []), "sentence")
    return Figure(
        key="claims-verdicts",
        title="Verdicts",
        says=" ".join([*map(_tally, labels, every), *([_differing(rows)] if several else [])]),
        column="" if several else columns[0].label,
        table=Table(header, tuple(rows), left=len(header)),
        details=tuple((heading(name, labels, every), arguments(name, labels, every)) for name in names),
    )


def _tally(label: str, findings: Findings) -> str:
    counts = Counter(finding.verdict for finding in findings.values())
    told = ", ".join(f"{counts[word]} {word}" for word in get_args(Verdict))
    return f"{label}: of {many(len(findings), 'claim')} {told}."


def _differing(rows: Sequence[tuple[str, ...]]) -> str:
    names = [row[0] for row in rows if row[-2] == _BETWEEN[True]]
    return f"They differ in {len(names)}: {', '.join(names)}." if names else "No claim differs between them."


def _between(words: Sequence[str]) -> str:
    if len(set(words)) == 1:
        return "agree"
    return _BETWEEN[{"confirmed", "refuted"} <= set(words)]


def _margins(column: Column, findings: Findings, every: Sequence[Findings]) -> Figure:
    return Figure(
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
    found = [one for name, finding in findings.items() if (one := weakest(name, finding))]
    said = [
        f"{len(found)} of {len(findings)} verdicts hang on a figure that has a ratio to its margin.",
        "Counts and shares have none, and stand in the table alone.",
    ]
    if found:
        least = min(found, key=lambda one: one.value)
        where = f"is {plain(least.claim)}: {plain(least.figure.what)}, margin {_short(least.part)}."
        if least.value < 1:
            said.append(f"Furthest on the wrong side of its margin, by a factor of {digits(1 / least.value)}, {where}")
        else:
            said.append(f"Closest to its margin, at {digits(least.value)} times as much, {where}")
        said.append("Of each claim the large mark is the figure that speaks least for it; small ones are its others.")
    return " ".join(said)


def _table(findings: Findings) -> Table:
    header = ("claim", "statement", "verdict", "what decides", "margin", "needs")
    rows = [
        (
            plain(name),
            plain(part.part),
            part.verdict,
            "; ".join(map(figure_in_words, part.deciding)) or NOTHING,
            _short(part),
            plain(part.missing or NOTHING),
        )
        for name, finding in findings.items()
        for part in finding.parts
    ]
    return Table(header, tuple(rows), left=len(header))


def _short(part: Part) -> str:
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
