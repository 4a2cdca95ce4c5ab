"""`asyncio` on each other loop that is installed, each as a strategy with a name of its own, for tests."""

from importlib.util import find_spec
from types import MappingProxyType

from paceline.strategies import STRATEGIES
from paceline.strategies.event_loop import Asyncio
from paceline.workers.event_loop import LOOPS


def on_loop(name):
    """Return a strategy like `asyncio-uvloop`, on the loop of that name."""
    own = {"name": f"asyncio-{name}", "defaults": MappingProxyType({}), "fixed": MappingProxyType({"loop": name})}
    return type(f"AsyncioOn_{name}", (Asyncio,), own)


NAMED_ALREADY = ("asyncio", "uvloop")  # by strategies of Paceline's own
OTHER_LOOPS = tuple(on_loop(each.name) for each in LOOPS.values()
                    if each.name not in NAMED_ALREADY and find_spec(each.package))  # fmt: skip
EVERY = (*STRATEGIES, *OTHER_LOOPS)
