"""From the chosen runs to a whole report."""

from collections.abc import Sequence
from pathlib import Path

from paceline import claims, machine
from paceline.claims import Finding
from paceline.history import Run, advice
from paceline.report.model import Chosen, Column, Report, Section, called, columns
from paceline.report.sections import answer, builds, costs, efficiency, freezing, history, others, timeline
from paceline.report.sections import claims as claims_section
from paceline.report.sections import machine as machine_section
from paceline.report.sections.comparisons import decisions
from paceline.strategies import STRATEGIES
from paceline.text.formats import plain

TITLE = "Which concurrency strategy, and how close to the limit?"


def composed(chosen: Chosen, results: Path) -> Report:
    """Make a report of runs, and of the comparisons of `paceline ab` that are saved in the folder of results."""
    if not chosen.runs:
        missing = f"{plain(results)} has no whole run; {plain(advice(results))}"
        nothing = Section(key="answer", title="The answer", missing=(missing,))
        return Report(title=TITLE, made=(), sections=(nothing,), loud=chosen.passed_over)
    here = machine.fingerprint()
    made = columns(chosen.runs, chosen.older, [strategy.name for strategy in STRATEGIES])
    return Report(
        title=TITLE,
        made=tuple(map(_introduced, made)),
        sections=tuple(_sections(made, chosen, results, here)),
        loud=tuple(_loud(chosen, here)),
    )


def _sections(made: Sequence[Column], chosen: Chosen, results: Path, here: str) -> list[Section]:
    kept = [history.past(fingerprint, runs) for fingerprint, runs in chosen.histories.items()]
    every = [
        answer.section(made),
        builds.section(made),
        timeline.workers_section(made),
        efficiency.section(made),
        costs.section(made),
        freezing.section(made),
        timeline.section(made),
        claims_section.section(made, {column.label: _findings(column.run, chosen) for column in made}),
        history.section(kept, decisions(results)),
        others.section(made),
        machine_section.section(made, here),
    ]
    return [section for section in every if section.rows or section.missing]


def _findings(run: Run, chosen: Chosen) -> dict[str, Finding]:
    """Judge the claims by a column's runs; nothing is judged where no cell was measured in processes of its own."""
    evidence = claims.newest_of_each(chosen.evidence(run))
    return claims.findings(evidence) if evidence else {}


def _introduced(column: Column) -> str:
    run = column.run
    return f"{column.label}: {called(run)}, {plain(run.fingerprint)}, commit {plain(run.short_commit)}"


def _loud(chosen: Chosen, here: str) -> list[str]:
    """Return what a reader has to know first."""
    lines = [f"Passed over {plain(trouble)}" for trouble in chosen.passed_over]
    for run in chosen.runs:
        if run.fingerprint != here:
            lines.append(f"{called(run)} is not of this machine and Python, {here}, but of {plain(run.fingerprint)}")
        if not run.complete:
            lines.append(f"{called(run)} is incomplete: {plain(run.why_incomplete or 'no reason given')}")
    return lines
