"""The GIL of a build that does without, and the library that switched it on."""

import re
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ExtensionFileLoader
from types import ModuleType

_WARNED = re.compile(r"enabled to load module '(.+?)'")  # as Python says it, in a RuntimeWarning

_CAN_DO_WITHOUT = "t" in getattr(sys, "abiflags", "")  # of a free-threaded build


def as_here() -> list[str]:
    """Return the option by which a new process is told of the GIL what this one was: only variables are inherited."""
    chosen = getattr(sys.flags, "gil", None)
    return ["-X", f"gil={chosen}"] if _CAN_DO_WITHOUT and chosen is not None else []


def switched_on_by() -> list[str]:
    """Name the compiled modules of this process, in the order of their import, if one of them switched the GIL on.

    Python switches it on for a module that doesn't declare that it can do without, unless it was told by
    `PYTHON_GIL=0` not to. There are none where `PYTHON_GIL=1` asked for the GIL, or the build has always one.
    """
    asked_for = getattr(sys.flags, "gil", None) == 1
    on = getattr(sys, "_is_gil_enabled", lambda: True)()
    return _compiled() if _CAN_DO_WITHOUT and on and not asked_for else []


def _compiled() -> list[str]:
    """Name what was loaded from a compiled file, and load no lazy module by asking."""
    modules = [(name, module) for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    specs = {name: object.__getattribute__(module, "__dict__").get("__spec__") for name, module in modules}
    return [name for name, spec in specs.items() if isinstance(getattr(spec, "loader", None), ExtensionFileLoader)]


def first_to_switch(names: Sequence[str]) -> str | None:
    """Import modules here, in a new interpreter, until the GIL is on; return the one for which it was switched.

    The warning that Python gave of it can't be waited for: it has long been shown, hidden or made an error.
    """
    for name in names:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                import_module(name)
            except Exception:  # noqa: BLE001, S112 - it may need what is not here; it came through where it was used
                continue
        if switched_on_by():
            said = (_WARNED.search(str(one.message)) for one in caught)
            return next((found[1] for found in said if found), name)
    return None
