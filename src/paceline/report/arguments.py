"""The whole argument for one claim: every part of it with its figures, its margin, its doubts, and what it lacks."""

from rich.console import Group, RenderableType
from rich.text import Text

from paceline.claims import Claim, Finding, Part
from paceline.report import layout
from paceline.report.claims import STYLES, amount, verdict
from paceline.report.figures import NOTHING, plain

_COLUMNS = ("figure", "value", "from", "to", "processes")
_NOTE = "from, to: 95 % interval of the mean over processes, Student's t; for counts the least and the most"


def argument(claim: Claim, finding: Finding) -> list[RenderableType]:
    """Lay out why a claim came out as it did."""
    return [
        Group(Text(f"{claim.id}: {claim.claim}", style="bold"), verdict(finding.verdict)),
        *(_part(part) for part in finding.parts),
        *(Text(f"doubt: {plain(warning)}") for warning in finding.warnings),
        Text(f"experiments: {', '.join(claim.experiments)}", style="dim"),
        Text(_NOTE, style="dim"),
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
    made = layout.table(_COLUMNS, left=1)
    for figure in part.figures:
        ends = (amount(end, figure.unit) for end in (figure.value, figure.low, figure.high))
        layout.row(made, (plain(figure.what), *ends, str(figure.processes) if figure.processes else NOTHING))
    return made
