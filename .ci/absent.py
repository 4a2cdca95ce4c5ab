"""Say what the tests skipped on this Python, and why: strategies, and what needs hosts of our own."""

import sys
from pathlib import Path

from paceline.strategies import STRATEGIES

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from apparatus.namespaces import WHY_NOT

if __name__ == "__main__":
    skipped = [(strategy.name, strategy.unavailable()) for strategy in STRATEGIES]
    for what, why in [*skipped, ("three hosts", WHY_NOT)]:
        if why:
            print(f"not tested: {what} ({why})")  # noqa: T201 - it is all this script is for
