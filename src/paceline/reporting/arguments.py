"""What `paceline report` takes."""

import argparse
from pathlib import Path

from paceline import typed

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
    typed.results(parser)
