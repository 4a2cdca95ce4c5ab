"""What `paceline predict` can be told."""

import argparse

from paceline import typed

SUMMARY = "say how long work would take that nobody measured"
EPILOG = """It rests on a saved run: without RUN on the newest whole one of this machine with the cells it needs
(pytest --benchmark-only --all). Items that only compute need --cpu and neither --latency nor --size.
It ends with status 2 if the run can't tell, and then says what to measure.

examples:
  paceline predict --strategy threads --items 100000 --workers 100 --latency 0.05
  paceline predict --strategy asyncio --items 1000000 --workers 1000 --latency 1 --deadline 60
  paceline predict 4 --strategy pool-fork --items 5000 --workers 2 --cpu 0.02
  paceline predict --validate             each cell, predicted from all others
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the run, and what to predict."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="a file, or a number in this machine's history")
    add("--validate", action="store_true", help="leave out one cell after the other, and predict it from the rest")
    add("--strategy", metavar="NAME", help="threads, asyncio, pool-fork ...; with --validate only its cells are shown")
    add("--client", metavar="NAME", help="likewise; raw, requests or aiohttp (default: the one with most cells)")
    add("--items", type=typed.whole, metavar="N", help="how many there are")
    add("--workers", type=typed.whole, metavar="W", help="of each machine, items under way at once (default: 10)")
    add(
        "--latency",
        type=typed.seconds,
        metavar="SECONDS",
        help="that an item waits for its server, as 0.02 or 20ms (default: 0)",
    )
    add("--cpu", type=typed.seconds, metavar="SECONDS", help="CPU time of an item's own computing (default: 0)")
    add("--size", type=typed.size, metavar="BYTES", help="of an answer, as 1024 or 1KiB (default: 1KiB)")
    add(
        "--bandwidth",
        type=typed.bandwidth,
        metavar="BYTES_PER_SECOND",
        help="that all share, as 12.5MiB (default: no limit)",
    )
    add("--memory", type=typed.memory, metavar="BYTES", help="of a machine, as 8GiB (default: what may be used here)")
    add("--machines", type=typed.whole, metavar="M", help="like the measured one (default: 1)")
    add("--deadline", type=typed.timeout, metavar="SECONDS", help="say how many machines meet it, start included")
    add("--json", action="store_true", help="write JSON in place of tables")
    typed.results(parser)
