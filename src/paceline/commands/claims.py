"""`paceline claims`: what runs say about the lesson's claims."""

import argparse
from pathlib import Path

from paceline import claims, history, machine
from paceline.claims import output
from paceline.commands import MisuseError
from paceline.commands.shared import newest, results_option, write
from paceline.history import Run
from paceline.tables.runs import introduced

SUMMARY = "say which of 24 claims about Python concurrency hold here"
EPILOG = """It ends with status 0 also where claims stay unknown, and then says what to run; with 2 if a run is not
there or can't be read.

examples:
  paceline claims                         by the newest whole run of this machine that can tell
  paceline claims 5 6                     by runs 5 and 6, whose processes count together
  paceline claims --why gil-bound         the whole argument for one claim
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("saved", nargs="*", metavar="RUN", help="files, or numbers in this machine's history")
    parser.add_argument("--why", metavar="ID", help="explain this claim, with every part and figure")
    parser.add_argument("--json", action="store_true", help="write JSON in place of the table")
    results_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Report what runs say about the claims, or all about one of them; 0 also where claims stay unknown.

    Raises:
        HistoryError: there is no such run, or it can't be read.
        MisuseError: there is no claim of that name.
    """
    why = arguments.why
    known = {claim.id: claim for claim in claims.CLAIMS}
    if why is not None and why not in known:
        raise MisuseError(f"there is no claim {why!r}; known are {', '.join(known)}")
    named = [history.resolve(word, arguments.results) for word in arguments.saved]
    runs = named or _newest_evidence(arguments.results, aloud=arguments.json)  # the tables say it themselves
    chosen = [known[why]] if why is not None else list(claims.CLAIMS)
    found, here = claims.findings(runs, chosen), machine.fingerprint()
    tables = output.argument(known[why], found[why]) if why is not None else output.claim_table(found)
    tables = [*map(introduced, runs), *tables, *output.closing(found, runs, here)]
    write(tables, output.as_json(chosen, found, runs, here), as_json=arguments.json)
    return 0


def _newest_evidence(results: Path, *, aloud: bool) -> list[Run]:
    """Take each experiment's newest replicates from the history that has the newest run worth asking."""
    best = newest(results, claims.has_evidence, output.MEASURE, aloud=aloud)
    return claims.newest_of_each(
        [run for run in history.runs(results)[0] if run.complete and run.fingerprint == best.fingerprint]
    )
