"""Which cells an experiment has: its marks and the command line, written out as parameters."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from itertools import product
from typing import Any, TypeAlias

import pytest

from paceline.plugin import choices, session
from paceline.plugin.choices import NAMED, PROCESSES, SLOW_STARTERS
from paceline.plugin.ours import PROCESS, is_ours
from paceline.strategies import Strategy
from paceline.workloads import Fetch
from paceline.workloads.fetch import NAMES

OWN = (PROCESS, None)  # the session's own process, which no node id names

Pair: TypeAlias = tuple[type[Strategy] | None, str | None]

MARKS = {
    "scale": "(items, workers, rounds): an experiment's own scale. Lists make a sweep and run in step: "
    "scale(workers=[1, 4, 16]).",
    "strategies": "(*names, later=()): the only strategies that an experiment measures, all if none is named; "
    "--paceline-strategy chooses among them. Those named `later` wait for --paceline-strategy, for --paceline-all, or "
    "for their file to be named.",
    "replicated": "(*strategies, processes=3): an experiment whose cells (those of these strategies, if named) are "
    "measured in that many new processes each, with --paceline-all, or when its file is named; --paceline-processes "
    "takes its place.",
    "one_core": ": an experiment of one worker, which `paceline ab` keeps on the one core that both sides share.",
    "extended": "(on_request=False): an experiment that is measured only with --paceline-all, or when its file is "
    "named; one that takes minutes, on_request=True, only when its file is.",
}
"""The marks of an experiment, each with its arguments and help."""

WRITTEN: dict[str, Any] = {
    "strategy": str,
    "client": str,
    "workers": "workers={}".format,
    "items": "items={}".format,
    "latency": lambda seconds: f"latency={choices.duration_id(seconds)}",
    "size": lambda size: f"size={choices.size_id(size)}",
    "n": "n={}".format,
    "share": lambda share: f"share={choices.share_id(share)}",
    PROCESS: "process={}".format,
}
"""How each parameter stands in a node id, in this order."""


def scales_of(node: Any, config: pytest.Config) -> list[choices.Scale]:
    """Return an experiment's scale from its marks, the ini file and the command line: one, or one for each point of a
    sweep.

    Raises:
        CollectError: if its mark isn't one.
    """
    marks = [mark.kwargs for mark in node.iter_markers("scale")]
    marked = {name: value for kwargs in reversed(marks) for name, value in kwargs.items()}
    parts = [field.name for field in fields(choices.Scale)]
    ini = {name: value for name in parts if (value := choices.configured(config, name)) is not None}
    typed = {name: choices.typed(config, name) for name in parts}
    lesson, small = bool(choices.typed(config, "lesson")), not session.measures(config)
    try:
        return choices.chosen(marked | ini, typed, lesson=lesson, small=small)
    except (TypeError, ValueError) as error:
        raise pytest.Collector.CollectError(f"{node.nodeid}: wrong scale mark: {error}") from None


class Parametrization:
    """Keeps the calls of an experiment's `metafunc.parametrize` until all hooks have run: only then is known what the
    project parametrizes, by mark, fixture or hook.
    """

    def __init__(self) -> None:
        self._calls: list[Callable[[pytest.Metafunc], None]] = []
        self._own: set[str] = set()

    def __call__(self, argnames: Any, *arguments: Any, **options: Any) -> None:
        names = argnames.split(",") if isinstance(argnames, str) else argnames
        self._own.update(name.strip() for name in names)
        self._calls.append(lambda metafunc: metafunc.parametrize(argnames, *arguments, **options))

    def keep_place(self) -> None:
        """Keep a place for the plugin's own parameters: a node id names them in the order of the calls."""
        self._calls.append(lambda metafunc: parametrize(metafunc, self._own))

    def make(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize, each call in its place."""
        for call in self._calls:
            call(metafunc)


def parametrize(metafunc: pytest.Metafunc, own: Container[str]) -> None:
    """Parametrize what an experiment asks for, but for `own`, which the project parametrizes.

    It is one call, so that cells that come to the same work (`sequential` with 4 workers and with 16) are one cell.
    """
    node, config = metafunc.definition, metafunc.config
    asked = [name for name in WRITTEN if name in metafunc.fixturenames and name not in own and is_ours(node, name)]
    scales = scales_of(node, config)
    if not processes_for(node, config):
        asked = [name for name in asked if name != PROCESS]
    if "strategy" in asked:
        pairs = list(_pairs(node, config, "client" in asked))
    else:
        asked, pairs = [name for name in asked if name != "client"], [(None, None)]  # it is chosen to fit a strategy
    if asked:
        cells = list(_cells(asked, node, config, product(pairs, scales)))
        metafunc.parametrize(asked, cells or [_nothing(asked, node, config)], indirect=True)


def _cells(
    names: Sequence[str], node: Any, config: pytest.Config, points: Iterable[tuple[Pair, choices.Scale]]
) -> Iterator[Any]:
    """Yield a parameter set for each strategy, client, point of a sweep and process; equal values come once."""
    seen = set()
    for (strategy, client), point in points:
        name = strategy.name if strategy else None
        workers = strategy.bounded(point.workers) if strategy else point.workers
        for process in _numbers(node, config, name):
            settled = {**asdict(point), "workers": workers, "client": client, "strategy": name, PROCESS: process}
            values = tuple(settled[each] for each in names)
            if values not in seen:
                seen.add(values)
                written = "-".join(WRITTEN[each](settled[each]) for each in names if (each, settled[each]) != OWN)
                yield pytest.param(*values, id=written, marks=_marks(strategy) if strategy else [])


def _marks(strategy: type[Strategy]) -> list[pytest.MarkDecorator]:
    reason = strategy.unavailable()
    return [pytest.mark.skip(reason=f"{strategy.name} {reason}")] if reason else []


def processes_for(node: Any, config: pytest.Config) -> int:
    """Return how many new processes measure a replicated cell of an experiment; 0 if the session's own does."""
    mark = node.get_closest_marker("replicated")
    marked = mark.kwargs.get("processes", PROCESSES) if mark else 0
    if not isinstance(marked, int) or isinstance(marked, bool) or marked < 0:
        wrong = f"processes must be a whole number of 0 or more, not {marked!r}"
        raise pytest.Collector.CollectError(f"{node.nodeid}: wrong replicated mark: {wrong}")
    if mark is None or not session.replicates(config, node.path):
        return 0
    chosen = choices.option(config, "processes")
    return marked if chosen is None else int(chosen)


def _numbers(node: Any, config: pytest.Config, strategy: str | None) -> Iterable[int | None]:
    """Return the numbers of the new processes that measure a cell: one process for a slow starter that the command
    line doesn't name; None stands for the session's own.
    """
    processes = processes_for(node, config)
    replicated = _agreed(node, "replicated", NAMED, None) if processes else None
    if not processes or (strategy and replicated and strategy not in replicated):
        return [None]
    once = strategy in SLOW_STARTERS and strategy not in (choices.option(config, "strategy") or [])
    return range(1, (1 if once else processes) + 1)


def _pairs(node: Any, config: pytest.Config, with_client: bool) -> Iterator[Pair]:  # noqa: FBT001 - a fact, not a switch
    """Yield the strategies to measure, in table order, each with the clients to measure it with."""
    names = _agreed(node, "strategies", NAMED, choices.option(config, "strategy"))
    later = _later(node, config)
    clients = _agreed(node, "clients", NAMES, None) if with_client else None
    if with_client and (client := choices.option(config, "client")):  # also one that the mark doesn't name, as a scale
        clients = [client]
    for strategy in NAMED.values():
        if (names is None or strategy.name in names) and strategy.name not in later and session.takes(config, strategy):
            own = [Fetch.default_client(strategy.flavour)] if clients is None else clients
            yield from ((strategy, client) for client in own if Fetch.fits(client, strategy.flavour))


def _agreed(node: Any, mark: str, known: Iterable[str], chosen: Sequence[str] | None) -> Sequence[str] | None:
    """Return the names that an experiment's mark and the command line agree on; None if neither has any."""
    marked = node.get_closest_marker(mark)
    if marked is None or not marked.args:
        return chosen
    _check(node, mark, marked.args, known)
    return [name for name in marked.args if chosen is None or name in chosen]


def _later(node: Any, config: pytest.Config) -> set[str]:
    """Return the strategies that an experiment leaves to sessions that replicate, or name them."""
    marked = node.get_closest_marker("strategies")
    later = set(marked.kwargs.get("later", ())) if marked else set()
    _check(node, "strategies", later, NAMED)
    everything = not session.measures(config) or session.replicates(config, node.path)
    return set() if everything else later.difference(choices.option(config, "strategy") or [])


def _check(node: Any, mark: str, names: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(names).difference(known):
        wrong, right = ", ".join(sorted(unknown)), ", ".join(known)
        raise pytest.Collector.CollectError(f"{node.nodeid}: its {mark} mark names {wrong}; there are: {right}")


def _nothing(names: Sequence[str], node: Any, config: pytest.Config) -> Any:
    """Return the one, skipped, cell of an experiment of which the command line leaves nothing."""
    marked = node.get_closest_marker("strategies")
    only = marked.args if marked else ()
    measured = ", ".join(only) or "strategies whose workers can use the client"
    if only and not choices.option(config, "strategy") and all(NAMED[name].slow_start for name in only):
        wait = "they are measured with --paceline-all, or when --paceline-strategy names them"
        reason = f"{measured} take seconds to start; {wait}"
    else:
        left = "--paceline-strategy and --client leave" if "client" in names else "--paceline-strategy leaves"
        reason = f"{left} nothing of it; it measures {measured}"
    return pytest.param(*[None] * len(names), id="none", marks=pytest.mark.skip(reason=reason))
