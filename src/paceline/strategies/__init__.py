"""
The strategies, in the order of every table. To add one: write its file, then name its class here.
"""

from paceline.strategies.base import NotReady, Strategy, WorkerDied
from paceline.strategies.event_loop import Asyncio, AsyncioUvloop
from paceline.strategies.interpreters import Interpreters
from paceline.strategies.loops_in_processes import LoopsInProcesses
from paceline.strategies.loops_in_threads import LoopsInThreads
from paceline.strategies.pool import PoolFork, PoolForkserver, PoolSpawn
from paceline.strategies.processes import Processes
from paceline.strategies.sequential import Sequential
from paceline.strategies.threads import Threads
from paceline.strategies.to_thread import ToThread

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
)

__all__ = ["STRATEGIES", "NotReady", "Strategy", "WorkerDied"]
