"""A pytest plugin that makes cells slower by a share of their own time: for one side of a comparison, to be found out.

`SLOWER=0.10` adds ten per cent of the wall time that a round took, as more work by its main thread; `SLOWER_CELL`
picks the cells whose node id holds it. `. PYTHONPATH=tests SLOWER=0.10 -p slower` is the SIDE.
"""

import os
import time

SHARE = float(os.environ.get("SLOWER", "0"))
CELL = os.environ.get("SLOWER_CELL", "")


def pytest_runtest_call(item):
    """Put the extra work into what the benchmark is given to time."""
    benchmark = getattr(item, "funcargs", {}).get("benchmark")
    if benchmark is not None and CELL in item.nodeid:
        benchmark.pedantic = slowed(benchmark.pedantic)


def slowed(pedantic):
    """A `pedantic` whose target takes longer."""

    def slower(target, *arguments, **options):
        def longer(*args, **kwargs):
            begun = time.perf_counter()
            result = target(*args, **kwargs)
            until = begun + (time.perf_counter() - begun) * (1 + SHARE)
            while time.perf_counter() < until:
                pass
            return result

        return pedantic(longer, *arguments, **options)

    return slower
