"""The strategies, in the order of every table. To add one: write its file, then name its class here."""

import sys
from itertools import chain

from paceline import machine
from paceline.strategies.base import NotEnded, NotReady, Strategy, WorkerDied
from paceline.strategies.dask import Dask
from paceline.strategies.event_loop import Asyncio, AsyncioUvloop, Gevent, Trio
from paceline.strategies.executors import Loky, Processes
from paceline.strategies.interpreters import Interpreters
from paceline.strategies.loops import LoopsInProcesses, LoopsInThreads
from paceline.strategies.pool import PoolFork, PoolForkserver, PoolSpawn
from paceline.strategies.ray import Ray
from paceline.strategies.sequential import Sequential
from paceline.strategies.threads import Threads, ToThread
from paceline.workers.event_loop import LOOPS

STRATEGIES: tuple[type[Strategy], ...] = (
    Sequential,
    Threads,
    ToThread,
    Asyncio,
    AsyncioUvloop,
    PoolFork,
    PoolForkserver,
    PoolSpawn,
    Processes,
    Interpreters,
    LoopsInThreads,
    LoopsInProcesses,
    Loky,
    Trio,
    Gevent,
    Dask,
    Ray,
)

__all__ = ["STRATEGIES", "NotEnded", "NotReady", "Strategy", "WorkerDied", "by_name", "libraries"]


def by_name() -> dict[str, type[Strategy]]:
    """Return name -> strategy, in the order of every table."""
    return {strategy.name: strategy for strategy in STRATEGIES}


def libraries() -> list[str]:
    """Return the libraries whose versions can move a measurement, as every saved run has them."""
    loops = {loop.package for loop in LOOPS.values()} - sys.stdlib_module_names
    return sorted({*machine.LIBRARIES, *loops, *chain.from_iterable(strategy.libraries for strategy in STRATEGIES)})
