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
from paceline.plugin.ours import is_cell, is_ours
from paceline.strategies import Strategy

DEFAULT_STORAGE = "file://./.benchmarks"  # pytest-benchmark's: not chosen by anybody
MEASURES = ("only", "enable", "autosave", "save", "json", "compare", "compare_fail", "histogram", "cprofile")
EXPERIMENTS = pytest.StashKey[Owners]()
MEASURES_CELLS = pytest.StashKey[bool]()
NONE = SimpleNamespace(disabled=True)
SEEDS = 2**32
GIT_LEADS_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")  # inside its hooks


def native(config: pytest.Config) -> Any:
    """pytest-benchmark's own session; one that is disabled where there is none."""
    return getattr(config, "_benchmarksession", NONE)  # there is no public way to it


def prepare(config: pytest.Config) -> None:
    """Take down what is asked of pytest-benchmark, before it reads that itself.

    Where a run would be saved is decided when it is known whether the session has cells. Until then its storage is a
    folder that is there already: pytest-benchmark makes the one it is given.

    Raises:
        pytest.UsageError: what is measured could not be written where it is to go.
    """
    options = config.option
    refuse_unwritable(options)
    config.stash[MEASURES_CELLS] = any(getattr(options, f"benchmark_{name}") for name in MEASURES)
    if options.benchmark_storage == DEFAULT_STORAGE:
        options.benchmark_storage = _undecided(config)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(SEEDS)


def measures(config: pytest.Config) -> bool:
    """Whether this session measures its cells; a plain one only sees that they work. Other benchmarks are timed in
    both.
    """
    return config.stash.get(MEASURES_CELLS, False) and not native(config).disabled


def take_over(config: pytest.Config) -> None:
    """Let a session that measures cells keep its raw rounds under the fingerprint of what measures; `--benchmark-only`
    saves.
    """
    options, benchmarks = config.option, native(config)
    benchmarks.save_data = True
    if options.benchmark_storage == _undecided(config):
        options.benchmark_storage = f"file://{config.rootpath / RESULTS / fingerprint(config)}"
    if not config.pluginmanager.has_plugin("paceline-lockstep-side") and (
        options.benchmark_autosave or (options.benchmark_only and not options.benchmark_save)
    ):
        with in_project(config):
            benchmarks.autosave = get_tag()  # type: ignore[no-untyped-call]
    if not options.benchmark_columns:  # all ten of its own don't fit a terminal
        benchmarks.columns = ["min", "median", "max", "iqr", "rounds"]


def stand_back(config: pytest.Config, compare: Any) -> None:
    """Let a session without a cell save where pytest-benchmark would, and compare with what is saved there."""
    options, benchmarks = config.option, native(config)
    if options.benchmark_storage == _undecided(config):
        options.benchmark_storage = DEFAULT_STORAGE
        told = {"logger": benchmarks.logger, "default_machine_id": benchmarks.machine_id}
        benchmarks.storage = load_storage(DEFAULT_STORAGE, netrc=options.benchmark_netrc, **told)  # type: ignore[no-untyped-call]
    benchmarks.compare = options.benchmark_compare = compare
    benchmarks.handle_loading()


def _undecided(config: pytest.Config) -> str:
    return f"file://{config.rootpath}/."


def refuse_unwritable(options: Any) -> None:
    """Refuse a name or a place that no file can have before anything is measured for it.

    Raises:
        pytest.UsageError: saying what is wrong with it.
    """
    if options.benchmark_save and (why := unfit_label(options.benchmark_save)):
        raise pytest.UsageError(f"--benchmark-save={options.benchmark_save!r}: {why}; give another name")
    if options.benchmark_json and (why := unfit(options.benchmark_json)):
        raise pytest.UsageError(f"--benchmark-json: {why}")


def refuse_unwritable_folders(config: pytest.Config) -> None:
    """Refuse a folder of a session that measures cells in which nothing can be saved; none is made by looking.

    Raises:
        pytest.UsageError: saying which, and why.
    """
    for folder in _folders(config):
        if why := unfit_folder(folder):
            raise pytest.UsageError(why)


def _folders(config: pytest.Config) -> Iterator[Path]:
    options, benchmarks = config.option, native(config)
    scheme, _, place = options.benchmark_storage.rpartition("://")
    if (benchmarks.autosave or benchmarks.save) and scheme in ("", "file"):
        yield Path(place, get_machine_id())  # type: ignore[no-untyped-call]
    if options.keep_partial:
        yield config.rootpath / RESULTS / PARTIAL / fingerprint(config)
    for prefix in (*options.benchmark_histogram, *options.benchmark_cprofile_dump):
        yield Path(prefix).parent


@contextlib.contextmanager
def in_project(config: pytest.Config) -> Iterator[None]:
    """Let what asks git about the working directory see the project that is measured, wherever pytest was started."""
    hidden = {name: os.environ.pop(name) for name in GIT_LEADS_ELSEWHERE if name in os.environ}
    try:
        with contextlib.chdir(config.rootpath):
            yield
    finally:
        os.environ.update(hidden)


def header(config: pytest.Config) -> str:
    """One line on what a session that measures cells measures with."""
    return f"paceline: {fingerprint(config)}, --seed {config.option.seed}, storage {config.option.benchmark_storage}"


def fingerprint(config: pytest.Config) -> str:
    """Name what measures: this machine, or this machine and a cluster."""
    return machine.fingerprint(cluster(config))


def cluster(config: pytest.Config) -> str | None:
    """The scheme of the cluster that `--cluster` names; None if there is none."""
    return urlsplit(config.option.cluster).scheme if config.option.cluster else None


def leave_out_extended(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect extended experiments of a session that measures, unless it is to measure all, or names their file; those
    that take minutes unless it names their file.
    """
    if not measures(config):
        return

    def waits(item: pytest.Item) -> bool:
        mark = item.get_closest_marker("extended")
        asked = is_named if mark and mark.kwargs.get("on_request") else replicates
        return mark is not None and is_cell(item) and not asked(config, item.path)

    left_out = [item for item in items if waits(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def replicates(config: pytest.Config, path: Path) -> bool:
    """Whether this session measures everything that an experiment's file has: with --all, or when the file is named."""
    return measures(config) and (config.option.all or is_named(config, path))


def is_named(config: pytest.Config, path: Path) -> bool:
    """Whether the command line names an experiment's file, by whatever way leads to it."""
    named = (config.invocation_params.dir / argument.partition("::")[0] for argument in config.args)
    return path.resolve() in map(_target, named)


def _target(path: Path) -> Path:
    """Follow a path as pytest does, which takes `..` as written, and then through its links."""
    return Path(os.path.normpath(path)).resolve()


def takes(config: pytest.Config, strategy: type[Strategy]) -> bool:
    """Whether experiments of this session take a strategy in: a heavy one when it is named, or when all is measured."""
    named = strategy.name in (config.option.strategy or [])
    return not strategy.heavy or named or (config.option.all and measures(config))


def shuffle(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the cells into an order drawn from the seed, whatever order they come in; everything else keeps its place.

    Cells that fresh processes measure come in turns, every first process before any second one, so that the processes
    of a cell lie far apart; within a turn the cells of one function stand together, so that what is compared is close.
    """
    if not measures(config):
        return
    order = random.Random(config.option.seed)  # noqa: S311 - an order, not a secret
    places = [place for place, item in enumerate(items) if is_cell(item)]
    drawn = sorted((items[place] for place in places), key=lambda item: item.nodeid)
    order.shuffle(drawn)
    ranks: dict[tuple[int, str], float] = {}

    def turn(item: pytest.Item) -> tuple[int, float]:
        number = process_of(item) or 0
        return (number, ranks.setdefault((number, _function(item)), order.random()) if number else 0.0)

    for place, item in zip(places, sorted(drawn, key=turn), strict=True):
        items[place] = item


def _function(item: pytest.Item) -> str:
    return f"{item.nodeid.removesuffix(item.name)}{getattr(item, 'originalname', item.name)}"


def process_of(item: Any) -> int | None:
    """Which fresh process measures a cell, from 1; None for the session's own."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("process") if callspec and is_cell(item) and is_ours(item, "process") else None


def experiment(item: Any) -> str:
    """Name a cell's experiment, after its file."""
    return str(item.path.stem.removeprefix("test_"))


def title(item: Any) -> str:
    """Name a cell's experiment as the tables of this session do, which tell files of one name apart."""
    stash = item.session.stash
    if EXPERIMENTS not in stash:
        stash[EXPERIMENTS] = owners((experiment(cell), cell.nodeid) for cell in item.session.items if is_cell(cell))
    return called(experiment(item), item.nodeid, stash[EXPERIMENTS])


def timer(request: pytest.FixtureRequest) -> Callable[[], float]:
    """The timer of this cell's rounds, so that start and stop are read on the same clock."""
    mark = request.node.get_closest_marker("benchmark")
    return mark.kwargs.get("timer", time.perf_counter) if mark else time.perf_counter
