"""What each worker used: CPU time and context switches; and whether its GIL was on."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paceline.contracts import Flavour, Workload, Wrapper
from paceline.workers import gil


@dataclass(frozen=True)
class Usage:
    """CPU seconds (user and system) and context switches (voluntary or not)."""

    cpu_seconds: float = 0.0
    context_switches: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_seconds + other.cpu_seconds, self.context_switches + other.context_switches)

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_seconds - other.cpu_seconds, self.context_switches - other.context_switches)


def usage() -> Usage:
    now = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(now.ru_utime + now.ru_stime, now.ru_nvcsw + now.ru_nivcsw)


@dataclass(frozen=True)
class Metered(Wrapper):
    """Has each worker write down, between opening and closing the workload, what its process used.

    Each appends one line to the file `ledger`; the process that measures, whose id is `home`, counts its own use.
    """

    workload: Workload
    ledger: Path
    home: int

    @contextmanager
    def around(self, run: Any, flavour: Flavour, places: int) -> Iterator[Any]:
        del flavour, places
        before = usage()
        yield run
        if not self.ledger.parent.is_dir():  # on another machine, where it would not be read
            return
        known = {"pid": os.getpid(), "used": asdict(usage() - before), "gil": gil.switched_on_by()}
        line = json.dumps(known) + "\n"
        with self.ledger.open("a") as ledger:  # one short write: lines of several workers don't mix
            ledger.write(line)

    def used(self) -> Usage:
        """Add up what the worker processes wrote down; complete once they have ended."""
        return sum((Usage(**line["used"]) for line in self._lines() if line["pid"] != self.home), Usage())

    def sessions(self) -> int:
        """Count how often a worker opened the workload; complete once they have all closed it."""
        return len(self._lines())

    def gil_switched_on_by(self) -> list[str]:
        """Name the compiled modules of the first worker in which one of them switched the GIL on."""
        return next((line["gil"] for line in self._lines() if line["gil"]), [])

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []
