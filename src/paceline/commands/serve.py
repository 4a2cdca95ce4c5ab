"""`paceline serve`: the instrument in the foreground. It imports the server once it is sure to run."""

import argparse

from paceline.commands import MisuseError
from paceline.server.process import lacking
from paceline.text import numbers

SUMMARY = "start the measuring server"
EPILOG = """It prints one JSON line with its url and pid once it listens, and runs until Ctrl-C or SIGTERM.

examples:
  paceline serve --port 8080
  paceline serve --bandwidth 12500000     all answers together at most 100 Mbit/s
"""
_LAST_PORT = 65535


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", default=0, type=_port, help="port to listen at; 0, the default, takes a free one")
    parser.add_argument(
        "--bandwidth",
        type=numbers.bandwidth,
        metavar="BYTES_PER_SECOND",
        help="what all connections share, as 12500000 or 12.5MiB (default: no limit)",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input closes")
    parser.add_argument("--spans", action="store_true", help=argparse.SUPPRESS)  # for traces; never to be timed


def run(arguments: argparse.Namespace) -> int:
    """Run the instrument in the foreground.

    Raises:
        MisuseError: this Python lacks what it needs.
    """
    if why := lacking():
        raise MisuseError(f"{why}; type it with another Python's paceline")
    from paceline.server.serve import serve

    return serve(
        arguments.host,
        arguments.port,
        arguments.bandwidth,
        until_stdin_closes=arguments.until_stdin_closes,
        spans=arguments.spans,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to {_LAST_PORT}")
    return int(text)
