"""The scales, strategies and clients that a session's cells are made for."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from paceline import machine
from paceline.server.service import MAX_SECONDS
from paceline.strategies import STRATEGIES, Strategy, clusters
from paceline.text import numbers
from paceline.workloads import Fetch
from paceline.workloads.fetch import NAMES

CPUS = "cpus"  # as a number of workers: one per usable CPU
SMALL = {"items": 6, "workers": 8, "latency": 0.002, "n": 2_000, "rounds": 1}  # enough to see that an experiment works


@dataclass(frozen=True)
class Scale:
    """The size of a cell.

    Args:
        items: units of work in a round.
        workers: how many of them may be under way at once; in a mark also `CPUS`, one per usable CPU.
        latency: seconds the server takes for an item.
        size: bytes of an answer.
        n: steps of one computation.
        share: CPU time of a mixed item over all its time, from 0 to below 1.
        rounds: timed rounds.

    Raises:
        ValueError: if one of them is no number, or out of range.
    """

    items: int = 64
    workers: int = 10
    latency: float = 0.020
    size: int = 1024
    n: int = 100_000
    share: float = 0.5
    rounds: int = 5

    def __post_init__(self) -> None:
        for field in fields(self):
            kind, fits, wanted = RANGES[field.name]
            value = getattr(self, field.name)
            if not isinstance(value, kind) or isinstance(value, bool) or not fits(value):
                raise ValueError(f"{field.name} must be {wanted}, not {value!r}")


_COUNT: Any = (int, lambda value: value >= 1, "a whole number of 1 or more")
RANGES: Mapping[str, tuple[Any, Callable[[Any], bool], str]] = {
    "items": _COUNT,
    "workers": _COUNT,
    "latency": (int | float, lambda value: 0 <= value <= MAX_SECONDS, f"seconds from 0 to {MAX_SECONDS:g}"),
    "size": (int, lambda value: value >= 0, "a whole number of 0 or more"),
    "n": _COUNT,
    "share": (int | float, lambda value: 0 <= value < 1, "from 0 to below 1"),
    "rounds": _COUNT,
}
"""Of each part of a scale: its type, whether a value is in range, and the range in words."""


def chosen(marked: Mapping[str, Any], command_line: Mapping[str, Any], *, lesson: bool, small: bool) -> list[Scale]:
    """Return an experiment's scale; the later of these wins: the defaults, the experiment's `scale` mark, its `lesson`
    there, the small scale of a session that measures nothing, the command line.

    Returns:
        One scale, or for a sweep (a list in the mark) one for each point of it, each once.

    Raises:
        TypeError: if the mark names something that is no part of a scale, or sweeps what can't be swept.
        ValueError: if its lists differ in length, or a value is out of range.
    """
    names = {field.name for field in fields(Scale)}
    typed = {name: value for name, value in command_line.items() if name in names and value is not None}
    return list(dict.fromkeys(replace(_of(point, lesson=lesson, small=small), **typed) for point in _points(marked)))


def _points(marked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a mark's points: its lists run in step, the first of each, then the second of each, and so on."""
    lists = {name: value for name, value in marked.items() if isinstance(value, list)}
    if "rounds" in lists:
        raise TypeError("rounds are the same in all cells of an experiment; give one number")
    if len({len(values) for values in lists.values()}) > 1:
        lengths = ", ".join(f"{name} has {len(values)}" for name, values in lists.items())
        raise ValueError(f"its lists run in step and must have the same length: {lengths}")
    for values in zip(*lists.values(), strict=True) if lists else [()]:
        yield {**marked, **dict(zip(lists, values, strict=True))}


def _of(point: Mapping[str, Any], *, lesson: bool, small: bool) -> Scale:
    own = {name: value for name, value in point.items() if name != "lesson"}
    if own.get("workers") == CPUS:
        own["workers"] = machine.whole_cpus()
    scale = Scale(**own)
    if lesson:
        return replace(scale, **point.get("lesson", {}))
    return replace(scale, **{name: min(value, getattr(scale, name)) for name, value in SMALL.items()} if small else {})


def latency(text: str) -> float:
    """Read a time that the server can take for an item, for argparse."""
    value = numbers.seconds(text)
    if value > MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} must be {MAX_SECONDS:g} seconds at most")
    return value


def duration_id(seconds: float) -> str:
    """Write seconds for a node id: 0.02 is "20ms"."""
    unit, factor = next(((u, f) for u, f in (("s", 1.0), ("ms", 1e-3)) if seconds >= f), ("us", 1e-6))
    return f"{seconds / factor:.6g}{unit}" if seconds else "0"


def size_id(size: int) -> str:
    """Write bytes for a node id: 1024 is "1KiB"."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"


def share_id(share: float) -> str:
    """Write a fraction for a node id: 0.25 is "25%"."""
    return f"{share * 100:.6g}%"


NAMED = {strategy.name: strategy for strategy in STRATEGIES}
SLOW_STARTERS = [strategy.name for strategy in STRATEGIES if strategy.slow_start]
SERVERS = ("instrument", "httpserver")
PROCESSES = 3  # the fewest from which an interval can be computed


def add_options(group: pytest.OptionGroup) -> None:
    """Add everything that chooses or scales cells."""
    add = group.addoption
    add(
        "--items", type=numbers.positive, metavar="N", help="Items in a round. Default: the experiment's, 64 downloads."
    )
    add("--latency", type=latency, metavar="SECONDS", help='Time the server takes for an item: 0.02 or "20ms".')
    workers = "Items under way at once. Default: 10 for I/O, one per CPU else."
    add("--workers", type=numbers.positive, metavar="N", help=workers)
    add("--rounds", type=numbers.positive, metavar="N", help="Timed rounds of each cell. Default: 5.")
    strategy = (
        f"Only this strategy; repeat for more. Known: {', '.join(NAMED)}. Of these, slow ones, which take seconds to "
        f"start ({', '.join(SLOW_STARTERS) or 'none'}), are left out unless named here; --all measures them too."
    )
    add("--strategy", action="append", choices=[*NAMED], metavar="NAME", help=strategy)
    client = "HTTP client. Default: requests where workers block, aiohttp under asyncio, raw else."
    add("--client", choices=NAMES, help=client)
    server = "What answers; httpserver proves nothing. Default: %(default)s."
    add("--server", choices=SERVERS, default=SERVERS[0], help=server)
    add("--seed", type=numbers.whole, metavar="N", help="Order of the cells; saved with the run. Default: a new one.")
    add("--lesson", action="store_true", help="The lesson's scale: 160 downloads of 50 ms, 20 sums below 5,000,000.")
    new = (
        "New processes for each cell that decides a claim, with --all or a file named. Default: 3, unless the "
        "experiment says otherwise, and 1 for slow starters that are not named; 0 measures all in the session."
    )
    add("--processes", type=numbers.whole, metavar="N", help=new)
    cluster = (
        "An existing cluster, in place of one of its own, for a strategy that --strategy names: dask takes "
        "tcp://host:8786, ray takes ray://host:10001."
    )
    add("--cluster", metavar="ADDRESS", help=cluster)
    every = "Extended experiments too, which else run when their file is named, and slow starters: see --strategy."
    add("--all", action="store_true", help=every)
    add("--keep-partial", action="store_true", help="Keep an interrupted or failed run in results/partial/.")


def refuse_impossible(options: Any) -> None:
    """Raise a `UsageError` for choices that leave nothing to measure."""
    strategies = [NAMED[name] for name in options.strategy or NAMED]
    if options.client and not any(Fetch.fits(options.client, strategy.flavour) for strategy in strategies):
        names = ", ".join(strategy.name for strategy in strategies)
        others = ", ".join(client for client in NAMES if any(Fetch.fits(client, each.flavour) for each in strategies))
        raise pytest.UsageError(f"--client {options.client} can't be used by {names}; these can: {others}")
    if options.cluster is not None:
        if options.server != SERVERS[0]:
            raise pytest.UsageError(
                f"--server {options.server} answers on this machine alone, and the workers of "
                f"--cluster {options.cluster} may be on others; leave one of the two out"
            )
        measured = (
            strategies if options.strategy or options.all else [each for each in strategies if not each.slow_start]
        )
        _refuse_cluster(options.cluster, measured)


def refuse_unreachable(options: Any) -> None:
    """Raise a `UsageError` for a cluster at whose address nothing listens, before anything is measured."""
    if options.cluster is None or options.collectonly:
        return
    try:
        clusters.reach(options.cluster)
    except clusters.OutOfReach as error:
        raise pytest.UsageError(f"--cluster: {error}") from None


def at_cluster(strategy: Strategy, address: str | None) -> Strategy:
    """Return a strategy that uses the cluster at `address`, if it is one for it and has none of its own yet."""
    if address is None or strategy.scheme != urlsplit(address).scheme or strategy.options["cluster"]:
        return strategy
    return strategy.clone(strategy.workload, cluster=address)


def _refuse_cluster(address: str, strategies: Sequence[type[Strategy]]) -> None:
    scheme = address.partition("://")[0]
    users = [strategy for strategy in strategies if strategy.scheme and strategy.scheme == scheme]
    if not users:
        fit = " and ".join(f"{each.name} ({each.scheme}://host:port)" for each in NAMED.values() if each.scheme)
        raise pytest.UsageError(
            f"--cluster {address} is for none of the strategies that are measured; {fit} can use one: "
            "name it with --strategy"
        )
    for strategy in users:
        try:
            clusters.checked_address(strategy.name, str(strategy.scheme), address)
        except ValueError as error:
            raise pytest.UsageError(f"--cluster: {error}") from None
