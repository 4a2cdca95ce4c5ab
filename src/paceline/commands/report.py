"""`paceline report`, from what was typed to its exit status."""

import argparse
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from paceline import machine
from paceline.commands.shared import FAILED, MISUSE, complain
from paceline.files import STDOUT, put, unfit, unfit_folder
from paceline.history import HistoryError
from paceline.report import needs
from paceline.text import options

if TYPE_CHECKING:
    from paceline.report.page.model import Report

SUMMARY = "make a page, pictures or Markdown of saved runs"
EPILOG = """\
Without RUN it takes the newest whole run of this machine and Python; experiments that it lacks come from older runs
of the same history, which stands beside them. Several runs are laid side by side.
It ends with status 2 if a run is missing or damaged, 1 if a file can't be written.

examples:
  paceline report                                 report.html in this directory, from the newest run
  paceline report -o page.html 3 4                runs 3 and 4 side by side
  paceline report results/*3.11/*/0004_* results/*3.14/*/0002_*
                                                  two Pythons side by side
  paceline report --charts charts                 report.html, and each chart as SVG and PNG
  paceline report --markdown >> "$GITHUB_STEP_SUMMARY"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add them."""
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
    options.results(parser)


PAGE = Path("report.html")


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
    if why := needs.unmet("paceline report"):
        complain(why)
        return FAILED
    from paceline.report.page.markdown import markdown  # here: what draws is an extra, and slow to load
    from paceline.reporting.choosing import chosen
    from paceline.reporting.composing import composed

    output = arguments.output or (None if arguments.markdown else PAGE)
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


def _unfit(output: Path | None, charts: Path | None) -> str | None:
    if charts is not None and (why := unfit_folder(charts)):
        return why
    return unfit(output) if output is not None else None


def _write(made: "Report", output: Path | None, charts: Path | None) -> None:
    """Write the page and the charts; each file is whole or not there.

    Raises:
        OSError: the disk is full, or a folder can't be written to.
    """
    from paceline.report.page.exporting import pictures
    from paceline.report.page.html import page

    if output is not None:
        whole = page(made, machine.libraries().get("paceline", "unknown")).encode()
        put(output, whole)
        if output != STDOUT:
            _say(f"{output} ({len(whole) / 2**20:.1f} MiB)")
    if charts is not None:
        charts.mkdir(parents=True, exist_ok=True)
        for number, (name, content) in enumerate(pictures(made), 1):
            put(charts / name, content)
            _progress(f"{number} of {2 * len(made.charts)}: {name}")
        _say(f"{charts} ({2 * len(made.charts)} files)")


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{words}")
        sys.stderr.flush()


def _say(what: str) -> None:
    """Say on standard error what was written, so that standard output holds nothing but what was asked for."""
    _progress("")
    sys.stderr.write(f"wrote {what}\n")
