"""What runs say of the claims, as tables, as one whole argument, and as JSON."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from rich.console import Group, RenderableType
from rich.text import Text

from paceline.claims import CLAIMS, Claim, Figure, Finding, Part, Verdict
from paceline.files import finite
from paceline.history import Run
from paceline.text import formats
from paceline.text.formats import NOTHING, plain

STYLES: Mapping[Verdict, str] = {"confirmed": "green", "refuted": "bold red", "unknown": "yellow"}

_SENTENCES = {claim.id: claim.claim for claim in CLAIMS}
_COLUMNS = ("claim", "verdict", "what decides")
_MOST_LINES = 4
_WORK = ("items", "latency", "workers", "lesson", "server", "client")  # options that decide how much a cell does
_NOTE = "in brackets: 95 % interval of the mean over processes, Student's t; for counts the least and the most"


_AMOUNTS: Mapping[str, Callable[[float], str]] = {
    "x": formats.times,
    "s": formats.seconds,
    "share": formats.percent,
    "bytes": lambda value: f"{formats.digits(value / 2**20)} MiB",
    "bytes/s": lambda value: f"{formats.digits(value / 2**20)} MiB/s",
    "items/s": lambda value: f"{formats.named('', value)} items/s",
}


def claim_table(findings: Mapping[str, Finding]) -> list[RenderableType]:
    """Lay out every finding: its verdict, the deciding figures with their intervals, and what to run where they are
    missing.

    Args:
        findings: by the claim's id.
    """
    made = formats.table(_COLUMNS, left=len(_COLUMNS))
    for name, finding in findings.items():
        words = "\n".join([_SENTENCES.get(name, ""), *(f"  {line}" for line in _deciding(finding)), ""])
        made.add_row(Text(name, style="bold"), verdict(finding.verdict), Text(words))
    return [formats.titled("What the runs say about each claim", made), Text(_NOTE, style="dim")]


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
    lines = [Text(f"{formats.many(len(findings), 'claim')}: {told}, by {', '.join(map(_named, own))}", style="bold")]
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
        return formats.NOTHING
    return _AMOUNTS.get(unit, _count)(value)


def _count(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else formats.digits(value)


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


_ARGUMENT_COLUMNS = ("figure", "value", "from", "to", "processes")
_ARGUMENT_NOTE = "from, to: 95 % interval of the mean over processes, Student's t; for counts the least and the most"


def argument(claim: Claim, finding: Finding) -> list[RenderableType]:
    """Lay out why a claim came out as it did."""
    return [
        Group(Text(f"{claim.id}: {claim.claim}", style="bold"), verdict(finding.verdict)),
        *(_part(part) for part in finding.parts),
        *(Text(f"doubt: {plain(warning)}") for warning in finding.warnings),
        Text(f"experiments: {', '.join(claim.experiments)}", style="dim"),
        Text(_ARGUMENT_NOTE, style="dim"),
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
    made = formats.table(_ARGUMENT_COLUMNS, left=1)
    for figure in part.figures:
        ends = (amount(end, figure.unit) for end in (figure.value, figure.low, figure.high))
        formats.row(made, (plain(figure.what), *ends, str(figure.processes) if figure.processes else NOTHING))
    return made


def as_json(claims: Sequence[Claim], findings: Mapping[str, Finding], runs: Sequence[Run], here: str) -> str:
    """Write findings as JSON; times in seconds, sizes in bytes, shares as fractions, null for what is not known.

    Args:
        claims: the ones that were judged.
        findings: by the claim's id.
        runs: those that they were judged by.
        here: the fingerprint of this machine and Python.
    """
    whole = {
        "claims": [_claim(claim, findings[claim.id]) for claim in claims],
        "runs": [_run(run, here) for run in runs],
    }
    return json.dumps(finite(whole), indent=2, allow_nan=False)


def _claim(claim: Claim, finding: Finding) -> dict[str, Any]:
    return {
        "id": claim.id,
        "claim": claim.claim,
        "verdict": finding.verdict,
        "parts": [_part_as_json(part) for part in finding.parts],
        "evidence": [asdict(figure) for figure in finding.evidence],
        "experiments": list(claim.experiments),
        "warnings": list(dict.fromkeys([*finding.warnings, *(w for part in finding.parts for w in part.warnings)])),
    }


def _part_as_json(part: Part) -> dict[str, Any]:
    return {
        "part": part.part,
        "verdict": part.verdict,
        "margin": part.margin,
        "figures": [asdict(figure) for figure in part.figures],
        "missing": part.missing,
        "warnings": list(part.warnings),
    }


def _run(run: Run, here: str) -> dict[str, Any]:
    return {
        "path": None if run.path is None else str(run.path),
        "number": run.number,
        "fingerprint": run.fingerprint,
        "this_machine": run.fingerprint == here,
        "python": run.python,
        "datetime": run.datetime.isoformat(),
        "complete": run.complete,
    }
