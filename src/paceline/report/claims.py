"""What runs say about the lesson's claims: a line of verdict for each, and what decided it."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from rich.console import RenderableType
from rich.text import Text

from paceline.claims import CLAIMS, Figure, Finding, Part, Verdict
from paceline.history import Run
from paceline.report import figures, layout
from paceline.report.figures import plain

STYLES: Mapping[Verdict, str] = {"confirmed": "green", "refuted": "bold red", "unknown": "yellow"}

_SENTENCES = {claim.id: claim.claim for claim in CLAIMS}
_COLUMNS = ("claim", "verdict", "what decides")
_MOST_LINES = 4
_WORK = ("items", "latency", "workers", "lesson", "server", "client")  # options that decide how much a cell does
_NOTE = "in brackets: 95 % interval of the mean over processes, Student's t; for counts the least and the most"


_AMOUNTS: Mapping[str, Callable[[float], str]] = {
    "x": figures.times,
    "s": figures.seconds,
    "share": figures.percent,
    "bytes": lambda value: f"{figures.digits(value / 2**20)} MiB",
    "bytes/s": lambda value: f"{figures.digits(value / 2**20)} MiB/s",
    "items/s": lambda value: f"{figures.named('', value)} items/s",
}


def claim_table(findings: Mapping[str, Finding]) -> list[RenderableType]:
    """Lay out every finding: its verdict, the deciding figures with their intervals, and what to run where they are
    missing.

    Args:
        findings: by the claim's id.
    """
    made = layout.table(_COLUMNS, left=len(_COLUMNS))
    for name, finding in findings.items():
        words = "\n".join([_SENTENCES.get(name, ""), *(f"  {line}" for line in _deciding(finding)), ""])
        made.add_row(Text(name, style="bold"), verdict(finding.verdict), Text(words))
    return [layout.titled("What the runs say about each claim", made), Text(_NOTE, style="dim")]


def verdict(word: Verdict) -> Text:
    """Write a verdict in its colour."""
    return Text(word, style=STYLES[word])


def closing(findings: Mapping[str, Finding], runs: Sequence[Run], here: str) -> list[Text]:
    """Return how many claims came out how, and from which runs; a loud word where these are another machine's.

    Args:
        findings: by the claim's id.
        runs: n at least 1, those that were judged; the first decides which machine it is about.
        here: the fingerprint of this machine and Python.
    """
    counts = Counter(finding.verdict for finding in findings.values())
    told = ", ".join(f"{counts[word]} {word}" for word in get_args(Verdict))
    first = runs[0].fingerprint
    own, others = _apart(runs, first)
    lines = [Text(f"{figures.many(len(findings), 'claim')}: {told}, by {', '.join(map(_named, own))}", style="bold")]
    lines += [Text(f"compared with {_named(run)}, {plain(run.fingerprint)}") for run in others]
    lines += [Text(f"DIFFERENT SCALES: {', '.join(map(_named, own))} are no replicates of each other")] * _differ(own)
    if first != here:
        lines.append(Text(f"ANOTHER MACHINE, {plain(first)}: nothing here is about this one, {here}", style="bold red"))
    return lines


def figure_in_words(figure: Figure) -> str:
    """Write a figure with its interval: "speedup of threads 0.99x (0.97x to 1.02x, 3 processes)"."""
    return f"{plain(figure.what)} {measured(figure)}"


def measured(figure: Figure) -> str:
    """Write the value of a figure with its interval: "0.99x (0.97x to 1.02x, 3 processes)"."""
    many = f"{figure.processes} process{'es' * (figure.processes != 1)}"
    if not figure.processes:
        return "not measured"
    between = (
        f"{amount(figure.low, figure.unit)} to {amount(figure.high, figure.unit)}, " if figure.low is not None else ""
    )
    return f"{amount(figure.value, figure.unit)} ({between}{many})"


def amount(value: float | None, unit: str) -> str:
    """Write the value of a figure, or one end of its interval."""
    if value is None or math.isnan(value):
        return figures.NOTHING
    return _AMOUNTS.get(unit, _count)(value)


def _count(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else figures.digits(value)


def _deciding(finding: Finding) -> Iterable[str]:
    """Return a line for each part that decides the verdict, and for what to run."""
    parts = [part for part in finding.parts if part.verdict == finding.verdict]
    lines = [_line(part) for part in parts]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"and {len(lines) - _MOST_LINES + 1} more"]
    return [*lines, *_needed(finding)]


def _line(part: Part) -> str:
    if not part.deciding:
        return plain(part.part)
    first, *rest = part.deciding
    more = f", and {len(rest)} more" if rest else ""
    told = figure_in_words(first) if len(part.figures) > 1 else measured(first)
    return f"{plain(part.part)}: {told}{more}; margin {part.margin.partition(':')[0]}"


def _needed(finding: Finding) -> list[str]:
    if finding.verdict != "unknown" or not finding.missing:
        return []
    first, *rest = finding.missing
    return [f"needs {plain(first)}", *([f"and {len(rest)} more: see --why"] if rest else [])]


def _apart(runs: Sequence[Run], fingerprint: str) -> tuple[list[Run], list[Run]]:
    own = [run for run in runs if run.fingerprint == fingerprint]
    return own, [run for run in runs if run.fingerprint != fingerprint]


def _differ(runs: Sequence[Run]) -> bool:
    scales = [run.facts.get("scale") for run in runs]
    works = [{name: scale.get(name) for name in _WORK} for scale in scales if isinstance(scale, Mapping)]
    return any(work != works[0] for work in works)


def _named(run: Run) -> str:
    return plain(run.path or "a run that is not saved")
