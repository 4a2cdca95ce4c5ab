"""
A checked run as Markdown, for the summary of a CI job.
"""

from paceline.gate import check_showing
from paceline.gate.check_outcome import Checked
from paceline.gate.check_showing import Shown
from paceline.report.escaping import code, text

_ALIGNED = "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"


def markdown(shown: Shown) -> str:
    """
    Write a checked run as GitHub's Markdown: what changed on top, all cells folded away.
    """
    outcome, terms = shown.outcome, text(check_showing.terms(shown))
    rows = [(cell.verdict, _markdown_row(cell, name)) for cell, name in check_showing.ordered(outcome)]
    notable = [row for verdict, row in rows if verdict in ("slower", "faster")]
    every = "\n".join([*_head(), *(row for _, row in rows)])
    blocks = [
        f"## paceline check: {outcome.verdict}",
        f"**{text(check_showing.conclusion(outcome))}**",
        text(check_showing.sides(shown)),
        *(f"**{text(note)}**" for note in shown.notes),
        *(["\n".join([*_head(), *notable])] if notable else []),
        "\n".join(f"- {text(said)}" for said in [*check_showing.reasons(outcome), *check_showing.alone(outcome)]),
        f"<details><summary>All {len(rows)} cells</summary>\n\n{every}\n\n{terms}.\n\n</details>",
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _head() -> list[str]:
    return [f"| {' | '.join(check_showing.COLUMNS)} |", _ALIGNED]


def _markdown_row(cell: Checked, name: str) -> str:
    _, *words, verdict, marks = check_showing.row(cell, name)
    return f"| {' | '.join([code(name), *words, verdict if verdict == 'same' else f'**{verdict}**', text(marks)])} |"
