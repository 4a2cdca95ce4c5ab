"""From the chosen runs to a whole report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline import claims, machine
from paceline.claims import Finding
from paceline.history import Run, advice
from paceline.report.decisions import decisions, tracks
from paceline.report.model import Column, Report, Section, called, columns
from paceline.report.sections import answer, costs, efficiency, history, others, timeline
from paceline.report.sections import claims as claims_section
from paceline.report.sections import machine as machine_section
from paceline.strategies import STRATEGIES
from paceline.text.formats import plain


@dataclass(frozen=True)
class Chosen:
    """What a report is made of.

    Args:
        runs: one for each column.
        older: fingerprint -> complete runs of that history, in order; empty where runs were chosen by name.
        histories: fingerprint -> complete runs of that history, in order, for every fingerprint among the runs.
        passed_over: files that can't be read, each with its reason.
    """

    runs: tuple[Run, ...]
    older: dict[str, list[Run]]
    histories: dict[str, list[Run]]
    passed_over: tuple[str, ...]

    def evidence(self, run: Run) -> list[Run]:
        """Return the runs that speak for a column: its own, and those that lend it experiments."""
        return [*(other for other in self.older.get(run.fingerprint, []) if other.path != run.path), run]


TITLE = "Which concurrency strategy, and how close to the limit?"


def composed(chosen: Chosen, results: Path) -> Report:
    """Lay a report out.

    Args:
        chosen: the runs it is about.
        results: where runs are, and comparisons of `paceline ab`.
    """
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
    kept = {fingerprint: tracks(fingerprint, runs) for fingerprint, runs in chosen.histories.items()}
    return [
        answer.section(made),
        timeline.workers_section(made),
        efficiency.section(made),
        costs.section(made),
        timeline.section(made),
        claims_section.section(made, {column.label: _findings(column.run, chosen) for column in made}),
        history.section(kept, decisions(results)),
        others.section(made),
        machine_section.section(made, here),
    ]


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
            lines.append(f"{called(run)} is incomplete: {plain(run.why_incomplete or 'nobody said why')}")
    return lines
