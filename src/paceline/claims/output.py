"""What runs say of the claims, as tables, as one whole argument, and as JSON."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import get_args

from rich.console import Group, RenderableType
from rich.text import Text

from paceline import files
from paceline.claims import CLAIMS, Claim, Figure, Finding, Part, Verdict
from paceline.files import Document
from paceline.history import Run
from paceline.text import formats
from paceline.text.formats import plain

STYLES: Mapping[Verdict, str] = {"confirmed": "green", "refuted": "bold red", "unknown": "yellow"}

MEASURE = "pytest --benchmark-only --all"
"""What to type for a run that can tell of every claim."""

_SENTENCES = {claim.id: claim.claim for claim in CLAIMS}
_COLUMNS = ("claim", "verdict", "what decides")
_MOST_LINES = 4
_WORK = ("items", "latency", "workers", "lesson", "server", "client")  # options that decide how much a cell does
_INTERVAL = "95 % interval of the mean over processes, Student's t; for counts the least and the most"

_AMOUNTS: Mapping[str, Callable[[float], str]] = {
    "x": formats.times,
    "s": formats.seconds,
    "share": formats.percent,
    "bytes": lambda value: formats.named("bytes", value),
    "bytes/s": lambda value: f"{formats.named('bytes', value)}/s",
    "items/s": lambda value: f"{formats.named('', value)} items/s",
}


def claim_table(findings: Mapping[str, Finding]) -> list[RenderableType]:
    """Lay out findings by the claim's id: verdict, deciding figures with their intervals, and what to run for more."""
    made = formats.table(_COLUMNS, left=len(_COLUMNS))
    for name, finding in findings.items():
        words = "\n".join([_SENTENCES.get(name, ""), *(f"  {line}" for line in _deciding(finding)), ""])
        made.add_row(Text(name, style="bold"), verdict(finding.verdict), Text(words))
    return [formats.titled("What the runs say about each claim", made), Text(f"in brackets: {_INTERVAL}", style="dim")]


def verdict(word: Verdict) -> Text:
    """Write a verdict in its colour."""
    return Text(word, style=STYLES[word])


def closing(findings: Mapping[str, Finding], runs: Sequence[Run], here: str) -> list[Text]:
    """Return how many claims came out how, and from which runs; a loud word where these are another machine's.

    Args:
        findings: by the claim's id.
        runs: those that were judged; the first decides which machine it is about.
        here: the fingerprint of this machine and Python.
    """
    counts = Counter(finding.verdict for finding in findings.values())
    each = ", ".join(f"{counts[word]} {word}" for word in get_args(Verdict))
    first = runs[0].fingerprint
    own, others = ([run for run in runs if (run.fingerprint == first) is ours] for ours in (True, False))
    names = ", ".join(map(_named, own))
    lines = [Text(f"{formats.many(len(findings), 'claim')}: {each}, by {names}", style="bold")]
    lines += [Text(f"compared with {_named(run)}, {plain(run.fingerprint)}") for run in others]
    lines += [Text(f"DIFFERENT SCALES: {names} are no replicates of each other")] * _differ(own)
    if first != here:
        about = f"ANOTHER MACHINE, {plain(first)}: nothing here is about this one, {here}; measure your own: {MEASURE}"
        lines.append(Text(about, style="bold red"))
    return lines


def figure_in_words(figure: Figure) -> str:
    """Write a figure with its interval: "speedup of threads 0.99x (0.97x to 1.02x, 3 processes)"."""
    return f"{plain(figure.what)} {measured(figure)}"


def measured(figure: Figure) -> str:
    """Write the value of a figure with its interval: "0.99x (0.97x to 1.02x, 3 processes)"."""
    if not figure.processes:
        return "not measured"
    value, low, high = (amount(each, figure.unit) for each in (figure.value, figure.low, figure.high))
    between = f"{low} to {high}, " if figure.low is not None else ""
    return f"{value} ({between}{figure.processes} process{'es' * (figure.processes != 1)})"


def amount(value: float | None, unit: str) -> str:
    """Write the value of a figure, or one end of its interval."""
    if value is None or math.isnan(value):
        return formats.NOTHING
    return _AMOUNTS.get(unit, _count)(value)


def _count(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else formats.digits(value)


def _deciding(finding: Finding) -> Iterable[str]:
    """Return a line for each part that decides the verdict, and for what to run."""
    lines = [_line(part) for part in finding.parts if part.verdict == finding.verdict]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"and {len(lines) - _MOST_LINES + 1} more"]
    return [*lines, *_needed(finding)]


def _line(part: Part) -> str:
    if not part.deciding:
        return plain(part.part)
    first, *rest = part.deciding
    more = f", and {len(rest)} more" if rest else ""
    decides = figure_in_words(first) if len(part.figures) > 1 else measured(first)
    return f"{plain(part.part)}: {decides}{more}; margin {part.margin.partition(':')[0]}"


def _needed(finding: Finding) -> list[str]:
    if finding.verdict != "unknown" or not finding.missing:
        return []
    first, *rest = finding.missing
    return [f"needs {plain(first)}", *([f"and {len(rest)} more: see --why"] if rest else [])]


def _differ(runs: Sequence[Run]) -> bool:
    scales = [run.facts.get("scale") for run in runs]
    works = [{name: scale.get(name) for name in _WORK} for scale in scales if isinstance(scale, Mapping)]
    return any(work != works[0] for work in works)


def _named(run: Run) -> str:
    return plain(run.path or "a run that is not saved")


def argument(claim: Claim, finding: Finding) -> list[RenderableType]:
    """Lay out why a claim came out as it did."""
    return [
        Group(Text(f"{claim.id}: {claim.claim}", style="bold"), verdict(finding.verdict)),
        *(_part(part) for part in finding.parts),
        *(Text(f"doubt: {plain(warning)}") for warning in finding.warnings),
        Text(f"experiments: {', '.join(claim.experiments)}", style="dim"),
        Text(f"from, to: {_INTERVAL}", style="dim"),
    ]


def _part(part: Part) -> RenderableType:
    lines = [
        Text(f"{part.verdict}: {plain(part.part)}", style=STYLES[part.verdict]),
        Text(f"  margin: {plain(part.margin)}"),
        *(Text(f"  doubt: {plain(warning)}") for warning in part.warnings),
        *([Text(f"  needs: {plain(part.missing)}")] if part.missing else []),
    ]
    return Group(*lines, *([_table(part)] if part.figures else []))


def _table(part: Part) -> RenderableType:
    made = formats.table(("figure", "value", "from", "to", "processes"), left=1)
    for figure in part.figures:
        ends = (amount(end, figure.unit) for end in (figure.value, figure.low, figure.high))
        formats.row(made, (plain(figure.what), *ends, str(figure.processes or formats.NOTHING)))
    return made


@dataclass(frozen=True, kw_only=True)
class JudgedPart:
    """One statement of a claim, with what decides it."""

    part: str  # the statement
    verdict: Verdict
    margin: str  # the margin and why it is that one
    figures: Sequence[Figure]  # the deciding ones first, then those that stand beside them
    missing: str | None  # what to run or to have, where the verdict is unknown
    warnings: Sequence[str]  # doubts about it


@dataclass(frozen=True, kw_only=True)
class JudgedClaim:
    """One claim, and what the runs say of it."""

    id: str
    claim: str  # the sentence
    verdict: Verdict  # refuted if any part is, else unknown if any part is, else confirmed
    parts: Sequence[JudgedPart]
    evidence: Sequence[Figure]  # all figures, in the order of the parts
    experiments: Sequence[str]  # that it rests on
    warnings: Sequence[str]  # doubts about the claim and its parts, each once


@dataclass(frozen=True, kw_only=True)
class JudgingRun:
    """One run that was asked."""

    path: str | None
    number: int | None  # its place in its history
    fingerprint: str
    this_machine: bool  # whether it is of the machine and Python that ask
    python: str  # "CPython 3.11.7"
    datetime: str  # when it was saved, ISO 8601 in UTC
    complete: bool


@dataclass(frozen=True, kw_only=True)
class ClaimsDocument(Document):
    """What `paceline claims --json` writes; times in seconds, sizes in bytes, shares as fractions."""

    claims: Sequence[JudgedClaim]
    runs: Sequence[JudgingRun]


def as_json(claims: Sequence[Claim], findings: Mapping[str, Finding], runs: Sequence[Run], here: str) -> str:
    """Write findings as JSON."""
    judged = [_claim(claim, findings[claim.id]) for claim in claims]
    return files.as_json(ClaimsDocument(claims=judged, runs=[_run(run, here) for run in runs]))


def _claim(claim: Claim, finding: Finding) -> JudgedClaim:
    return JudgedClaim(
        id=claim.id,
        claim=claim.claim,
        verdict=finding.verdict,
        parts=[_judged_part(part) for part in finding.parts],
        evidence=finding.evidence,
        experiments=claim.experiments,
        warnings=list(dict.fromkeys([*finding.warnings, *(w for part in finding.parts for w in part.warnings)])),
    )


def _judged_part(part: Part) -> JudgedPart:
    return JudgedPart(**{field.name: getattr(part, field.name) for field in fields(JudgedPart)})


def _run(run: Run, here: str) -> JudgingRun:
    return JudgingRun(
        path=None if run.path is None else str(run.path),
        number=run.number,
        fingerprint=run.fingerprint,
        this_machine=run.fingerprint == here,
        python=run.python,
        datetime=run.datetime.isoformat(),
        complete=run.complete,
    )
