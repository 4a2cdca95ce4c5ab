"""The `paceline` command: what was typed, and how it ends."""

import argparse
import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from paceline import typed
from paceline.ab import arguments as arguments_ab
from paceline.predict import arguments as arguments_predict
from paceline.reporting import arguments as arguments_report
from paceline.trace import arguments as arguments_trace
from paceline.trends import arguments as arguments_history
from paceline.watch import arguments as arguments_watch

_WHAT = (
    "Which concurrency strategy should this Python work use, on this machine, and how close does it come to the limit?"
)
_EXAMPLES = """examples:
  pytest --benchmark-only       measure everything and save the run
  paceline compare              show the newest whole run of this machine
  paceline compare 3 4          show how each cell changed from run 3 to run 4
  paceline report               make a page of it, with charts
  paceline claims               say which of the lesson's claims hold here
  paceline runs                 list what is saved
  paceline serve                start the measuring server and print its URL
  paceline race shop:price      find the strategy for a function of your own
  paceline watch pool-fork downloads
                                see which worker does what, live
  paceline trace pool-fork downloads
                                save one round for Perfetto and chrome://tracing
  paceline predict --strategy threads --items 100000 --latency 0.05
                                say how long that would take
  paceline ab --baseline rev:main
                                is the working tree slower than main?
"""
_COMPARE = """It ends with status 2 if a run is not there or can't be read.

examples:
  paceline compare                        the newest whole run of this machine and Python
  paceline compare 3                      run 3 of this machine and Python
  paceline compare 3 4                    the change from run 3 to run 4
  paceline compare a/0001_x.json b/0002_y.json
"""
_SERVE = """It prints one JSON line with its url and pid once it listens, and runs until Ctrl-C or SIGTERM.

examples:
  paceline serve --port 8080
  paceline serve --bandwidth 12500000     all answers together at most 100 Mbit/s
"""
_RUNS = """It ends with status 2 if a file can't be read.

examples:
  paceline runs
  paceline runs --results ../elsewhere/results
"""
_RACE = """The function is called with one item at a time; its module may be in the current directory.
It ends with status 1 if the function fails or no strategy can run it.

examples:
  paceline race shop:price                          with the items 0 to 31
  paceline race shop:price --items urls.txt         with the lines of a file, or the values of a JSON array
  paceline race shop:price --workers 32 --strategy threads --strategy asyncio
"""
_CLAIMS = """It ends with status 0 also where claims stay unknown, and then says what to run; with 2 if a run is not
there or can't be read.

examples:
  paceline claims                         by the newest whole run of this machine that can tell
  paceline claims 5 6                     by runs 5 and 6, whose processes count together
  paceline claims --why gil-bound         the whole argument for one claim
"""
_MOST_RUNS = 2
_LAST_PORT = 65535
_GATES = ("ab", "check")
_INTERRUPTED = 128 + 2  # what a shell reports for SIGINT
_PIPE_CLOSED = 128 + 13  # and for SIGPIPE


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Leaves the examples below a command's help as they stand."""


class _Version(argparse.Action):
    """Looks the version up only when asked: `serve` starts faster without."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from paceline import machine

        sys.stdout.write(f"paceline {machine.libraries().get('paceline', 'unknown')}\n")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words after `paceline`; those of this process if not given.

    Returns:
        0: done. 1: it failed, with a sentence on standard error. 2: a run is not there or can't be read. 130: Ctrl-C.
        141: nobody reads the output any more. For `ab` and `check` 1 means that a cell is slower, and a failure of any
        kind is 2.

    Raises:
        SystemExit: with 2 for a misuse, with 0 after --help and --version.
    """
    arguments = argparse.Namespace(command=None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what its encoding lacks is escaped, as on standard error
    try:
        arguments = _typed(argv)
        status = _act(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return _PIPE_CLOSED
    except Exception as error:
        from paceline import commands

        ended = commands.status_of(error)
        if ended is not None:
            commands.complain(error)
        elif arguments.command in _GATES:
            traceback.print_exc()
        else:
            raise
        _forget_output()
        return 2 if arguments.command in _GATES or ended is None else ended
    return status


def _typed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the words; what --help and --version wrote is on its way before they end everything."""
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:
        sys.stdout.flush()
        raise
    if arguments.command == "compare" and len(arguments.run) > _MOST_RUNS:
        parser.error(f"compare takes two runs at most, {len(arguments.run)} given")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="paceline", description=_WHAT, epilog=_EXAMPLES, formatter_class=_AsWritten)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, summary, epilog, fill in (
        ("serve", "start the measuring server", _SERVE, _serve_arguments),
        ("compare", "show a saved run, or the change from one to another", _COMPARE, _compare_arguments),
        ("claims", "say which of the lesson's claims hold here", _CLAIMS, _claims_arguments),
        ("race", "find the strategy for a function of your own", _RACE, _race_arguments),
        ("watch", arguments_watch.SUMMARY, arguments_watch.EPILOG, arguments_watch.arguments),
        ("trace", arguments_trace.SUMMARY, arguments_trace.EPILOG, arguments_trace.arguments),
        ("ab", arguments_ab.SUMMARY, arguments_ab.EPILOG, arguments_ab.arguments),
        (
            "check",
            "judge a saved run against the pinned baseline",
            arguments_history.CHECK,
            arguments_history.check_arguments,
        ),
        (
            "baseline",
            "pin the run that later ones are checked against",
            arguments_history.BASELINE,
            arguments_history.baseline_arguments,
        ),
        ("trend", "find where a history's cells moved", arguments_history.TREND, arguments_history.trend_arguments),
        ("report", arguments_report.SUMMARY, arguments_report.EPILOG, arguments_report.arguments),
        ("predict", arguments_predict.SUMMARY, arguments_predict.EPILOG, arguments_predict.arguments),
        ("runs", "list what is saved, and what can't be read", _RUNS, _runs_arguments),
    ):
        description = f"{summary[0].upper()}{summary[1:]}."
        fill(
            commands.add_parser(name, help=summary, description=description, epilog=epilog, formatter_class=_AsWritten)
        )
    return parser


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", default=0, type=_port, help="port to listen at; 0, the default, takes a free one")
    parser.add_argument(
        "--bandwidth",
        type=typed.bandwidth,
        metavar="BYTES_PER_SECOND",
        help="what all connections share, as 12500000 or 12.5MiB (default: no limit)",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when whoever started it is gone")


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", nargs="*", metavar="RUN", help="a file, or a number in this machine's history; two at most"
    )
    typed.results(parser)


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    typed.results(parser)


def _claims_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("saved", nargs="*", metavar="RUN", help="files, or numbers in this machine's history")
    parser.add_argument("--why", metavar="ID", help="explain this claim, with every part and figure")
    parser.add_argument("--json", action="store_true", help="write JSON in place of the table")
    typed.results(parser)


def _race_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="blocking or async; called with an item")
    items = parser.add_mutually_exclusive_group()
    items.add_argument("--items", type=Path, metavar="FILE", help="an item a line, or a JSON array if it ends in .json")
    items.add_argument(
        "--count", type=typed.whole, metavar="N", help="the items 0 to N-1 (default: 32, fewer if they are long)"
    )
    parser.add_argument(
        "--workers",
        type=typed.whole,
        metavar="N",
        help="items under way at once (default: 10 if it waits, else one per CPU)",
    )
    parser.add_argument("--rounds", type=typed.whole, metavar="N", help="default: 5, fewer if that takes over a minute")
    parser.add_argument(
        "--strategy", action="append", default=[], metavar="NAME", help="only this one; repeat for more"
    )
    parser.add_argument(
        "--timeout",
        type=typed.timeout,
        default=60.0,
        metavar="SECONDS",
        help="for one step: an import, an item, a start, a round (default: 60, more for a long round)",
    )
    parser.add_argument("--seed", type=typed.natural, metavar="N", help="order within each turn (default: a new one)")
    parser.add_argument("--json", action="store_true", help="write JSON in place of the table")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to {_LAST_PORT}")
    return int(text)


def _act(arguments: argparse.Namespace) -> int:  # noqa: C901, PLR0911, PLR0912 - one for each command
    """Hand over to the one who does it."""
    from paceline import commands

    match arguments.command:
        case "serve":
            return commands.serve(arguments.host, arguments.port, arguments.bandwidth, arguments.until_stdin_closes)
        case "compare":
            return commands.compare(arguments.run, arguments.results)
        case "claims":
            return commands.claims(arguments.saved, arguments.results, arguments.why, arguments.json)
        case "race":
            return commands.race(arguments)
        case "watch":
            return commands.watch(arguments)
        case "trace":
            return commands.trace(arguments)
        case "ab":
            return commands.ab(arguments)
        case "check":
            return commands.check(arguments)
        case "baseline":
            return commands.baseline(arguments)
        case "report":
            return commands.report(arguments)
        case "trend":
            return commands.trend(arguments)
        case "predict":
            return commands.predict(arguments)
        case _:
            return commands.runs(arguments.results)


def _forget_output() -> None:
    """Send what is still buffered nowhere, or Python would complain about it once more on its way out."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
