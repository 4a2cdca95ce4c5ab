"""The strategies, in the order of every table. To add one: write its file, then name its class here."""

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

BY_NAME: dict[str, type[Strategy]] = {strategy.name: strategy for strategy in STRATEGIES}

__all__ = ["BY_NAME", "STRATEGIES", "NotEnded", "NotReady", "Strategy", "WorkerDied"]
