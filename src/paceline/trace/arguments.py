"""What `paceline trace` can be told."""

import argparse
from pathlib import Path

from paceline.watch import arguments as arguments_watch

SUMMARY = "save one round as a trace, for Perfetto and chrome://tracing"
EPILOG = """WORKLOAD is as for paceline watch: downloads, computing, mixed, or a function of your own.
The trace is of one round after another that warms up, and never of a timed one. It has a lane for each worker, with a
span and the CPUs for each item; for downloads also a lane for each connection to the server, with what it saw of them.
It ends with status 1 if the strategy can't run here, an item fails or takes too long, or the file can't be written;
then there is none.

examples:
  paceline trace pool-fork downloads --option chunksize=0     then open trace.json at ui.perfetto.dev
  paceline trace threads computing -o threads.json
  paceline trace asyncio shop:order --workers 10 -o - | jq .otherData
  paceline trace pool-fork downloads --html trace.html        the timeline of the workers alone, for any browser
"""
OUTPUT = Path("trace.json")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    arguments_watch.arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=f"where to write it; - for standard output (default: {OUTPUT}, or nowhere if there is --html)",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the workers' timeline as a page; - as above")
