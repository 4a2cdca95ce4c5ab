"""What is done to one item. Each is imported when it is asked for, as a worker needs its own alone."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paceline.workloads.call import Call
    from paceline.workloads.compute import Carry, Compute
    from paceline.workloads.fetch import Fetch
    from paceline.workloads.mixed import Mixed

__all__ = ["Call", "Carry", "Compute", "Fetch", "Mixed"]

_MODULES = {"Call": "call", "Carry": "compute", "Compute": "compute", "Fetch": "fetch", "Mixed": "mixed"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
