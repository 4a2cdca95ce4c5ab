"""What a library means for every figure that switched the GIL on where a build does without."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from paceline.workers import gil

_TIMEOUT = 60.0  # seconds for the imports of a whole process


def doubt(compiled: Sequence[str] = ()) -> str | None:
    """Return in a sentence that the GIL was switched on in this process, or in one of its workers, and by what.

    Args:
        compiled: the modules of a worker in which one of them did so.
    """
    modules = gil.switched_on_by() or compiled
    if not modules:
        return None
    return f"{_culprit(tuple(modules)) or 'a library'} switched the GIL on, so that threads compute one at a time"


@cache
def _culprit(modules: Sequence[str]) -> str | None:
    from paceline.child import processes  # here: it brings psutil, and next to nobody needs to know

    with suppress(processes.LostError):
        found: str | None = processes.call("paceline.workers.gil:first_to_switch", modules, timeout=_TIMEOUT)
        return found
    return None
