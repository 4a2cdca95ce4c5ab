"""`paceline report`, from what was typed to its exit status."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from paceline import __version__, history, machine
from paceline.commands import FAILED, MISUSE
from paceline.commands.shared import complain, of_another_machine, results_option
from paceline.files import STDOUT, put, unfit, unfit_folder
from paceline.history import HistoryError
from paceline.report import unmet
from paceline.report.model import Chosen, Report
from paceline.text.formats import binary

SUMMARY = "make a page, pictures or Markdown of saved runs"
EPILOG = """\
Without RUN it takes the newest whole run of this machine and Python; experiments that it lacks come from older runs
of the same history, which stands beside them. Several runs are laid side by side.
It ends with status 2 if a run is missing or damaged, 1 if a file can't be written.

examples:
  paceline report                                 report.html in this directory, from the newest run
  paceline report -o page.html 3 4                runs 3 and 4 side by side
  paceline report results/*3.11/*/0010_* results/*3.14/*/0005_*
                                                  two Pythons side by side
  paceline report --charts charts                 report.html, and each chart as SVG and PNG
  paceline report --markdown >> "$GITHUB_STEP_SUMMARY"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("run", nargs="*", metavar="RUN", help="files, or numbers in this machine's history")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the page to write; - is standard output (default: report.html, or no page with --markdown)",
    )
    parser.add_argument("--charts", type=Path, metavar="DIR", help="write each chart there too, as SVG and as PNG")
    parser.add_argument("--markdown", action="store_true", help="write Markdown to standard output")
    results_option(parser)


PAGE = Path("report.html")


def chosen(words: Sequence[str], results: Path, here: str, complain: Callable[[object], None]) -> Chosen:
    """Find the runs that were named, or the newest whole one: of this machine if there is one, else of any.

    Args:
        words: paths, or numbers in this machine's history; none for the newest run.
        results: where the histories are.
        here: the fingerprint of this machine and Python.
        complain: says a sentence on standard error.

    Returns:
        Without any run where none is saved and none was named.

    Raises:
        HistoryError: there is no such run, or it can't be read.
    """
    named = tuple(history.resolve(word, results) for word in words)
    found, damaged = history.runs(results)
    for error in damaged:
        complain(f"passed over {error}")
    whole = [run for run in found if run.complete and run.cells]
    runs = named or ((history.newest_among(whole, here),) if whole else ())
    of_them = {run.fingerprint: [other for other in whole if other.fingerprint == run.fingerprint] for run in runs}
    return Chosen(runs, {} if named else of_them, of_them, tuple(map(str, damaged)))


def run(arguments: Namespace) -> int:
    """Make what was asked for.

    Args:
        arguments: `run`, `output`, `charts`, `markdown` and `results`, as typed.

    Returns:
        0: all is written; 1: a file can't be written, or what draws is not installed; 2: a run is missing or damaged,
        or two things were to go to standard output.

    Raises:
        BrokenPipeError: nobody reads what is written any more.
    """
    output = arguments.output or (None if arguments.markdown else PAGE)
    if why := unmet("paceline report"):
        complain(why)
        return FAILED
    if arguments.markdown and output == STDOUT:
        complain("--markdown and -o - both write to standard output; give the page a file")
        return MISUSE
    if why := _unfit(output, arguments.charts):
        complain(why)
        return FAILED
    try:
        runs = chosen(arguments.run, arguments.results, machine.fingerprint(), complain)
    except HistoryError as error:
        complain(error)
        return MISUSE
    if not arguments.run and runs.runs and (elsewhere := of_another_machine(arguments.results, runs.runs[0])):
        complain(elsewhere)
    return _written(runs, output, arguments)


def _unfit(output: Path | None, folder: Path | None) -> str | None:
    """Return why the page or the charts can't be written."""
    return (folder and unfit_folder(folder)) or (output and unfit(output)) or None


def _written(runs: Chosen, output: Path | None, arguments: Namespace) -> int:
    from paceline.report.composing import composed  # here: what draws is an extra, and slow to load
    from paceline.report.output import markdown

    made = composed(runs, arguments.results)
    try:
        _write(made, output, arguments.charts)
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(error)
        return FAILED
    if arguments.markdown:
        sys.stdout.write(markdown(made))
    return 0


def _write(made: Report, output: Path | None, folder: Path | None) -> None:
    """Write the page and the charts; each file is whole or not there.

    Raises:
        OSError: the disk is full, or a folder can't be written to.
    """
    from paceline.report.output import page, pictures

    if output is not None:
        whole = page(made, __version__).encode()
        put(output, whole)
        if output != STDOUT:
            _report(f"{output} ({binary(len(whole))})")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        files = 2 * sum(panel.chart is not None for panel in made.panels)
        for number, (name, content) in enumerate(pictures(made), 1):
            put(folder / name, content)
            _progress(f"{number} of {files}: {name}")
        _report(f"{folder} ({files} files)")


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{words}")
        sys.stderr.flush()


def _report(what: str) -> None:
    """Report on standard error what was written, as standard output holds nothing but what was asked for."""
    _progress("")
    sys.stderr.write(f"wrote {what}\n")
