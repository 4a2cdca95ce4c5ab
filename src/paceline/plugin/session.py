"""The session around the cells: whether it measures, which cells it leaves out, and in which order they run."""

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_benchmark.utils import get_machine_id, get_tag, load_storage

from paceline import machine
from paceline.files import unfit, unfit_folder, unfit_label
from paceline.history.run import Owners, called, owners
from paceline.history.store import PARTIAL, RESULTS
from paceline.plugin import choices
from paceline.plugin.ours import OUTPUTS, PROCESS, is_cell
from paceline.strategies import Strategy

DEFAULT_STORAGE = "file://./.benchmarks"  # pytest-benchmark's, if none is chosen
EXPERIMENTS = pytest.StashKey[Owners]()
MEASURES_CELLS = pytest.StashKey[bool]()
NONE = SimpleNamespace(disabled=True)
SEEDS = 2**32
GIT_LEADS_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")  # inside its hooks


def native(config: pytest.Config) -> Any:
    """Return pytest-benchmark's own session; one that is disabled where there is none."""
    return getattr(config, "_benchmarksession", NONE)  # no public way


def prepare(config: pytest.Config) -> None:
    """Note what is asked of pytest-benchmark, before it reads that itself.

    Where a run would be saved is decided when it is known whether the session has cells. Until then its storage is an
    existing folder: pytest-benchmark makes the one it is given.

    Raises:
        pytest.UsageError: no file can have the name, or the place, that measurements are to be written to.
    """
    options = config.option
    if options.benchmark_save and (why := unfit_label(options.benchmark_save)):
        raise pytest.UsageError(f"--benchmark-save={options.benchmark_save!r}: {why}; give another name")
    if options.benchmark_json and (why := unfit(options.benchmark_json)):
        raise pytest.UsageError(f"--benchmark-json: {why}")
    config.stash[MEASURES_CELLS] = any(getattr(options, f"benchmark_{name}") for name in ("enable", *OUTPUTS))
    if options.benchmark_storage == DEFAULT_STORAGE:
        options.benchmark_storage = _undecided(config)
    if choices.option(config, "seed") is None:
        options.paceline_seed = random.SystemRandom().randrange(SEEDS)


def measures(config: pytest.Config) -> bool:
    """Whether this session measures its cells; a plain one only checks that they work, and times other benchmarks."""
    return config.stash.get(MEASURES_CELLS, False) and not native(config).disabled


def take_over(config: pytest.Config) -> None:
    """Let a session that measures cells keep raw rounds, under its fingerprint; `--benchmark-only` saves."""
    options, benchmarks = config.option, native(config)
    benchmarks.save_data = True
    if options.benchmark_storage == _undecided(config):
        options.benchmark_storage = f"file://{config.rootpath / RESULTS / fingerprint(config)}"
    if not config.pluginmanager.has_plugin("paceline-lockstep-side") and (
        options.benchmark_autosave or (options.benchmark_only and not options.benchmark_save)
    ):
        with in_project(config):
            benchmarks.autosave = get_tag()  # type: ignore[no-untyped-call]
    if not (options.benchmark_columns or options.benchmark_verbose):  # all ten of its own don't fit a terminal
        benchmarks.columns = ["min", "median", "iqr", "rounds"]  # its rows are sorted by the first


def stand_back(config: pytest.Config, compare: Any) -> None:
    """Let a session without a cell save where pytest-benchmark would, and compare with what is saved there."""
    options, benchmarks = config.option, native(config)
    if options.benchmark_storage == _undecided(config):
        options.benchmark_storage = DEFAULT_STORAGE
        known = {"logger": benchmarks.logger, "default_machine_id": benchmarks.machine_id}
        benchmarks.storage = load_storage(DEFAULT_STORAGE, netrc=options.benchmark_netrc, **known)  # type: ignore[no-untyped-call]
    benchmarks.compare = options.benchmark_compare = compare
    benchmarks.handle_loading()


def _undecided(config: pytest.Config) -> str:
    return f"file://{config.rootpath}/."


def refuse_unwritable_folders(config: pytest.Config) -> None:
    """Raise a `UsageError` for a folder of a session that measures in which nothing can be saved; make none."""
    options, benchmarks = config.option, native(config)
    folders = [Path(prefix).parent for prefix in (*options.benchmark_histogram, *options.benchmark_cprofile_dump)]
    if choices.option(config, "keep_partial"):
        folders.insert(0, config.rootpath / RESULTS / PARTIAL / fingerprint(config))
    scheme, _, place = options.benchmark_storage.rpartition("://")
    if (benchmarks.autosave or benchmarks.save) and scheme in ("", "file"):
        folders.insert(0, Path(place, get_machine_id()))  # type: ignore[no-untyped-call]
    if why := next(filter(None, map(unfit_folder, folders)), None):
        raise pytest.UsageError(why)


@contextlib.contextmanager
def in_project(config: pytest.Config) -> Iterator[None]:
    """Let what asks git about the working directory see the measured project, wherever pytest was started."""
    hidden = {name: os.environ.pop(name) for name in GIT_LEADS_ELSEWHERE if name in os.environ}
    try:
        with contextlib.chdir(config.rootpath):
            yield
    finally:
        os.environ.update(hidden)


def fingerprint(config: pytest.Config) -> str:
    """Return the fingerprint of what measures: this machine, or this machine and a cluster."""
    return machine.fingerprint(cluster(config))


def cluster(config: pytest.Config) -> str | None:
    """Return the scheme of the cluster that `--cluster` names; None if there is none."""
    address = choices.option(config, "cluster")
    return urlsplit(address).scheme if address else None


def leave_out_extended(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect extended experiments of a session that measures, unless they are asked for as their mark says."""

    def waits(item: pytest.Item) -> bool:
        mark = item.get_closest_marker("extended")
        asked = is_named if mark and mark.kwargs.get("on_request") else replicates
        return mark is not None and is_cell(item) and not asked(config, item.path)

    left_out = [item for item in items if measures(config) and waits(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def replicates(config: pytest.Config, path: Path) -> bool:
    """Whether this session measures all of an experiment, replicates too: with `all`, or when its file is named."""
    return measures(config) and (choices.option(config, "all") or is_named(config, path))


def is_named(config: pytest.Config, path: Path) -> bool:
    """Whether the command line names an experiment's file, by any path that leads to it."""
    named = (config.invocation_params.dir / argument.partition("::")[0] for argument in config.args)
    return path.resolve() in (Path(os.path.normpath(each)).resolve() for each in named)  # as pytest: `..` before links


def takes(config: pytest.Config, strategy: type[Strategy]) -> bool:
    """Whether experiments of this session measure a strategy: a slow starter if it is named, or all is measured."""
    named = strategy.name in (choices.option(config, "strategy") or [])
    return not strategy.slow_start or named or (choices.option(config, "all") and measures(config))


def shuffle(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the cells into an order drawn from the seed, whatever order they come in; everything else keeps its place.

    Cells that new processes measure come in turns, every first process before any second one, so that the processes of
    a cell lie far apart; within a turn the cells of one function stand together, so that what is compared is close.
    """
    if not measures(config):
        return
    order = random.Random(choices.option(config, "seed"))  # noqa: S311 - an order, not a secret
    places = [place for place, item in enumerate(items) if is_cell(item)]
    drawn = sorted((items[place] for place in places), key=lambda item: item.nodeid)
    order.shuffle(drawn)
    ranks: dict[tuple[int, str], float] = {}

    def turn(item: pytest.Item) -> tuple[int, float]:
        number = process_of(item) or 0
        function = f"{item.nodeid.removesuffix(item.name)}{getattr(item, 'originalname', item.name)}"
        return (number, ranks.setdefault((number, function), order.random()) if number else 0.0)

    for place, item in zip(places, sorted(drawn, key=turn), strict=True):
        items[place] = item


def process_of(item: Any) -> int | None:
    """Return which new process measures a cell, from 1; None for the session's own."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get(PROCESS) if callspec else None


def experiment(item: Any) -> str:
    """Return the name of a cell's experiment: its file's."""
    return str(item.path.stem.removeprefix("test_"))


def title(item: Any) -> str:
    """Return a cell's experiment as the tables of this session name it, which tell files of one name apart."""
    stash = item.session.stash
    if EXPERIMENTS not in stash:
        stash[EXPERIMENTS] = owners((experiment(cell), cell.nodeid) for cell in item.session.items if is_cell(cell))
    return called(experiment(item), item.nodeid, stash[EXPERIMENTS])


def timer(request: pytest.FixtureRequest) -> Callable[[], float]:
    """Return the timer of a cell's rounds, so that start and stop are read on the same clock."""
    mark = request.node.get_closest_marker("benchmark")
    return mark.kwargs.get("timer", time.perf_counter) if mark else time.perf_counter
