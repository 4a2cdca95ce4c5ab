"""
The strategies, in the order of every table. To add one: write its file, then name its class here.
"""

from paceline.strategies.base import NotReady, Strategy, WorkerDied
from paceline.strategies.event_loop import Asyncio
from paceline.strategies.pool import PoolFork, PoolForkserver, PoolSpawn
from paceline.strategies.sequential import Sequential
from paceline.strategies.threads import Threads

STRATEGIES: tuple[type[Strategy], ...] = (
    Sequential,
    Threads,
    Asyncio,
    PoolFork,
    PoolForkserver,
    PoolSpawn,
)

__all__ = ["STRATEGIES", "NotReady", "Strategy", "WorkerDied"]
