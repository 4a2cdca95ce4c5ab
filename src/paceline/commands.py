"""What each `paceline` subcommand does. It imports what it needs when it runs: `serve` starts faster without tables."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from paceline.claims import Claim
    from paceline.history import Run


def serve(host: str, port: int, bandwidth: float | None, until_stdin_closes: bool) -> int:  # noqa: FBT001  # as typed
    """Run the instrument in the foreground."""
    from paceline.server.serve import serve

    return serve(host, port, bandwidth, until_stdin_closes)


def compare(words: Sequence[str], results: Path) -> int:
    """Show a run, or the change from one to another.

    Args:
        words: none for the newest whole run, or one or two runs as typed: paths or numbers.
        results: where the histories are.

    Raises:
        HistoryError: there is no such run, or it can't be read.
    """
    from paceline import history
    from paceline.report import tables

    chosen = [history.resolve(word, results) for word in words] or [_newest(results)]
    first, *second = chosen
    if second:
        shown = tables.change_tables(first, second[0], _order())
    else:
        shown = [*tables.headline(first.cells, _order()), *tables.experiment_tables(first, _order())]
    tables.render([*map(tables.introduced, chosen), *shown])
    return 0


def runs(results: Path) -> int:
    """List what is saved.

    Returns:
        2 if something there can't be read, else 0.
    """
    from paceline import history
    from paceline.report import tables
    from paceline.report.figures import plain

    whole, damaged = history.runs(results)
    partial, damaged_too = history.partials(results)
    damaged += damaged_too
    if whole or partial or damaged:
        tables.render(tables.listing(whole, partial, damaged))
    else:
        sys.stdout.write(f"{plain(results.absolute())} has no saved run; {history.advice(results)}\n")
    return 2 if damaged else 0


def claims(words: Sequence[str], results: Path, why: str | None, as_json: bool) -> int:  # noqa: FBT001  # as typed
    """Return what runs say about the lesson's claims, or all about one of them.

    Args:
        words: none for the newest of each experiment in this machine's history, or runs as typed: paths or numbers.
        results: where the histories are.
        why: the id of the claim to explain, or None for all.
        as_json: whether to write JSON in place of tables.

    Returns:
        0, also where claims stay unknown; 2 if there is no claim of that name.

    Raises:
        HistoryError: there is no such run, or it can't be read.
    """
    from paceline import claims, history

    known = {claim.id: claim for claim in claims.CLAIMS}
    if why is not None and why not in known:
        complain(f"there is no claim {why!r}; known are {', '.join(known)}")
        return 2
    runs = [history.resolve(word, results) for word in words] or _newest_evidence(results)
    chosen = [known[why]] if why is not None else list(claims.CLAIMS)
    _show_claims(chosen, runs, explain=bool(why), as_json=as_json)
    return 0


def race(arguments: "Namespace") -> int:
    """Race the strategies with a function, and say which to use.

    Returns:
        0 with a recommendation; 1 if the function fails or nothing can run it; 2 if it isn't there, or has no items.
    """
    from paceline.race import command

    return command.race(arguments, complain)


def watch(arguments: "Namespace") -> int:
    """Show which worker does which item with one strategy, live.

    Returns:
        0 after a whole round; 1 if the strategy can't run here or an item fails; 2 for a misuse.
    """
    from paceline.watch import command

    return command.watch(arguments, complain)


def trace(arguments: "Namespace") -> int:
    """Save one round as a trace.

    Returns:
        0 once it is written; 1 if it can't be, if the strategy can't run here or an item fails; 2 for a misuse.
    """
    from paceline.trace import command

    return command.trace(arguments, complain)


def ab(arguments: "Namespace") -> int:
    """Compare two sides in lockstep.

    Returns:
        0: no cell is slower; 1: one is; 2: a misuse or a failure; 3: nothing can be compared.
    """
    from paceline.ab import command

    return command.ab(arguments, complain)


def check(arguments: "Namespace") -> int:
    """Judge a saved run against the pinned baseline.

    Returns:
        As `ab`.
    """
    from paceline.trends import check

    return check.check(arguments, complain)


def baseline(arguments: "Namespace") -> int:
    """Pin the run that later ones are checked against, or list what is pinned.

    Returns:
        0: done; 2: a misuse.
    """
    from paceline.trends import baselines

    return baselines.baseline(arguments, complain)


def trend(arguments: "Namespace") -> int:
    """Find where a history's cells moved.

    Returns:
        0, also where nothing did; 2: a misuse.
    """
    from paceline.trends import trend

    return trend.trend(arguments, complain)


def report(arguments: "Namespace") -> int:
    """Make a page, pictures or Markdown of saved runs.

    Returns:
        0: done; 1: a file can't be written, or what draws is not installed; 2: a misuse, or a run that is missing or
        damaged.
    """
    from paceline.report import needs

    if why := needs.unmet("paceline report"):
        complain(why)
        return 1
    from paceline.reporting import command

    return command.report(arguments, complain)


def predict(arguments: "Namespace") -> int:
    """Return how long work would take that nobody measured, or how well that can be said.

    Returns:
        0: done; 2: a misuse, or a run that can't tell.
    """
    from paceline.predict import command

    return command.command(arguments, complain)


def status_of(error: Exception) -> int | None:
    """Return the exit status for an error that speaks for itself: 2 for a history's, 1 for the system's. None for any
    other, which is a bug.
    """
    from paceline.history import HistoryError

    if isinstance(error, HistoryError):
        return 2
    return 1 if isinstance(error, OSError) else None


def complain(trouble: object) -> None:
    """Say something on standard error: a sentence, and lines below it where there is more to show."""
    from paceline.report.figures import plain

    if isinstance(trouble, OSError):
        trouble = f"{trouble.filename or 'standard output'}: {trouble.strerror or trouble}"
    lines = "\n".join(map(plain, str(trouble).split("\n")))
    sys.stderr.write(f"paceline: {lines}\n")


def _newest(
    results: Path,
    needs: "Callable[[Run], bool]" = lambda run: bool(run.cells),
    measure: str = "pytest --benchmark-only",
) -> "Run":
    """Take the newest run worth showing, and say so aloud where it is not this machine's.

    Args:
        results: where the histories are.
        needs: whether a run is.
        measure: what to type for one that is.
    """
    from paceline import history, machine

    here = machine.fingerprint()
    run = history.newest(results, here, needs, lambda damaged: complain(f"passed over {damaged}"), measure)
    if run.fingerprint != here:
        complain(
            f"{results} has no whole run of this machine, {here}; this one is of ANOTHER MACHINE, {run.fingerprint}"
        )
    return run


def _newest_evidence(results: Path) -> "list[Run]":
    """Take each experiment's newest replicates from the history that has the newest run worth asking."""
    from paceline import claims, history

    newest = _newest(results, claims.has_evidence, "pytest --benchmark-only --all")
    return claims.newest_of_each(
        [run for run in history.runs(results)[0] if run.complete and run.fingerprint == newest.fingerprint]
    )


def _show_claims(chosen: "Sequence[Claim]", runs: "Sequence[Run]", *, explain: bool, as_json: bool) -> None:
    from paceline import claims, machine
    from paceline.report import claims_json, tables

    found, here = claims.findings(runs, chosen), machine.fingerprint()
    if as_json:
        sys.stdout.write(f"{claims_json.as_json(chosen, found, runs, here)}\n")
        return
    shown = tables.argument(chosen[0], found[chosen[0].id]) if explain else tables.claim_table(found)
    tables.render([*map(tables.introduced, runs), *shown, *tables.closing(found, runs, here)])


def _order() -> list[str]:
    from paceline.strategies import STRATEGIES

    return [strategy.name for strategy in STRATEGIES]
