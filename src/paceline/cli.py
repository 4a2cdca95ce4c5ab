"""The `paceline` command: what was typed, and how it ends."""

import argparse
import contextlib
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

from paceline import __version__
from paceline.commands import COMMANDS, FAILED, INTERRUPTED, MISUSE, PIPE_CLOSED, MisuseError

_WHAT = (
    "Which concurrency strategy should this Python work use, on this machine, and how close does it come to the limit?"
)
_EXAMPLES = """examples:
  pytest --benchmark-only       measure everything and save the run
  paceline compare              show the newest whole run of this machine
  paceline compare 3 4          show how each cell changed from run 3 to run 4
  paceline report               make a page of it, with charts
  paceline claims               say which of 24 claims about Python concurrency hold here
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
  paceline init                 have each pull request of a project judged so
"""
_GATES = ("ab", "check")


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Leaves the examples below a command's help as they stand."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line on these words, or those of this process; returns the exit status.

    0: done. 1: it failed, with a sentence on standard error. 2: a run is not there or can't be read. 130: Ctrl-C.
    141: nobody reads the output any more. For `ab` and `check` 1 means that a cell is slower, and any failure is 2.

    Raises:
        SystemExit: with 2 for a misuse, with 0 after --help and --version.
    """
    arguments = argparse.Namespace(command=None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what its encoding lacks is escaped, as on standard error
    try:
        arguments = _typed(argv)
        status: int = arguments.act(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return PIPE_CLOSED
    except Exception as error:
        from paceline.commands.shared import complain

        ended = _status_of(error)
        if ended is not None:
            complain(error)
        elif arguments.command in _GATES:
            traceback.print_exc()
        else:
            raise
        _forget_output()
        return MISUSE if arguments.command in _GATES or ended is None else ended
    return status


def _typed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the words; what --help and --version wrote is on its way before they end everything."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return _parser(words).parse_args(words)
    except SystemExit:
        sys.stdout.flush()
        raise


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser, with the one command that is typed or with all; a command's module brings what it needs."""
    parser = argparse.ArgumentParser(prog="paceline", description=_WHAT, epilog=_EXAMPLES, formatter_class=_AsWritten)
    parser.add_argument(
        "--version", action="version", version=f"paceline {__version__}", help="show the version and exit"
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    typed = next((word for word in words if not word.startswith("-")), None)
    for name in [typed] if typed in COMMANDS else COMMANDS:
        module = importlib.import_module(f"paceline.commands.{name}")
        one = commands.add_parser(
            str(name),
            help=module.SUMMARY,
            description=f"{module.SUMMARY[0].upper()}{module.SUMMARY[1:]}.",
            epilog=module.EPILOG,
            formatter_class=_AsWritten,
        )
        module.arguments(one)
        one.set_defaults(act=module.run)
    return parser


def _status_of(error: Exception) -> int | None:
    """Return the exit status for an error that speaks for itself; None for any other, which is a bug."""
    from paceline.history import HistoryError

    if isinstance(error, MisuseError | HistoryError):
        return MISUSE
    return FAILED if isinstance(error, OSError) else None


def _forget_output() -> None:
    """Send what is still buffered nowhere, or Python would complain about it once more on its way out."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
