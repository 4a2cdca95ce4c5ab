"""`paceline trace`: one round as a file for viewers of traces, or as a page."""

import argparse
import platform
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from paceline import __version__, machine
from paceline.commands import FAILED, MisuseError, watch
from paceline.commands.shared import complain
from paceline.files import STDOUT, put, unfit
from paceline.report import unmet
from paceline.text.formats import many, plain
from paceline.watch.following import WatchRequest
from paceline.watch.trace import Round, as_text, collected

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
    watch.arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=f"where to write it; - for standard output (default: {OUTPUT}, or nowhere if there is --html)",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the workers' timeline as a page; - as above")


Maker = Callable[[Round, Mapping[str, Any]], str]


def run(arguments: Namespace) -> int:
    """Trace one round; return 0 once all is written, 1 if it can't be run here, fails or can't be written."""
    wanted = _wanted(arguments)

    def write(request: WatchRequest) -> int:
        if len(wanted) > 1 and wanted[0][0] == wanted[1][0]:
            raise MisuseError(f"-o and --html both write to {wanted[0][0]}; give one of them another file")
        if arguments.html and (why := unmet("paceline trace --html")):
            complain(why)
            return FAILED
        for path, _ in wanted:
            if why := unfit(path):
                complain(why)  # before the round, which may be long
                return FAILED
        return _traced(request, wanted)

    return watch.attempt(arguments, write)


def facts(request: WatchRequest, traced: Round) -> dict[str, Any]:
    """Return what a round is one of: in words, and where."""
    strategy = request.strategy
    return {
        "strategy": strategy.name,
        "options": strategy.options,
        "workers": strategy.workers,
        "workload": f"{request.items} {request.what}",
        "items": request.items,
        "server_spans_dropped": traced.dropped,
        "fingerprint": machine.fingerprint(),
        "python": platform.python_version(),
        "paceline": __version__,
    }


def _wanted(arguments: Namespace) -> list[tuple[Path, Maker]]:
    """Return what is to be written where: a trace, unless a page is all that was asked for."""
    output: Path | None = arguments.output or (None if arguments.html else OUTPUT)
    wanted = ((output, as_text), (arguments.html, as_html))
    return [(path, make) for path, make in wanted if path is not None]


def _traced(request: WatchRequest, wanted: list[tuple[Path, Maker]]) -> int:
    traced = collected(request)
    if traced.dropped:
        complain(f"the server had no room for {traced.dropped} of its spans; trace fewer items")
    watch.complain_of_end(request, traced.ended)
    about = facts(request, traced)
    for path, text in [(path, make(traced, about)) for path, make in wanted]:  # all is made before any is written
        try:
            put(path, text.encode())
        except BrokenPipeError:
            raise
        except OSError as error:
            complain(f"{path} can't be written: {error.strerror or error}")
            return FAILED
    if all(path != STDOUT for path, _ in wanted):
        sys.stdout.write("".join(f"{plain(line)}\n" for line in _summary(traced, wanted)))
    return 0


def _summary(traced: Round, wanted: list[tuple[Path, Maker]]) -> list[str]:
    what = f"{many(len(traced.spans), 'item')} by {many(len(traced.opened), 'worker')}"
    lines = [f"{path}: {what}{_beside(make, traced)}." for path, make in wanted]
    if traced.printed is not None:
        lines.append(f"The items print ({traced.printed[:60]!r}); that is kept out of this.")
    return lines


def _beside(make: Maker, traced: Round) -> str:
    if make is as_html:
        return ". Open it with any browser"
    served = f", with {many(len(traced.served), 'span')} of the server" if traced.server else ""
    return f"{served}. Open it with https://ui.perfetto.dev or chrome://tracing"


def as_html(traced: Round, facts: Mapping[str, Any]) -> str:
    """Write a round of at least one item as an HTML page that needs nothing else."""
    from paceline.report.output import page  # here: what draws takes longer to load than a round takes
    from paceline.report.tracing import timeline_page

    setting = {"strategy": facts["strategy"], "workers": facts["workers"], **facts["options"]}
    report = timeline_page(
        traced.spans,
        title=f"{facts['strategy']}: {facts['workload']}",
        made=(f"One round after another that warmed up, on {facts['fingerprint']}, Python {facts['python']}",),
        setting=", ".join(f"{name}={value}" for name, value in setting.items()),
        workers=len(traced.opened),
    )
    return page(report, facts["paceline"])
