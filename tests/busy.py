"""Keeps a strategy busy until somebody ends this process: python busy.py STRATEGY LOG SECONDS."""

import sys
from pathlib import Path

from on_loops import EVERY
from probes import Probe

if __name__ == "__main__":
    name, log, seconds = sys.argv[1:]
    chosen = {strategy.name: strategy for strategy in EVERY}[name]
    with chosen(Probe(Path(log)), workers=3) as strategy:
        strategy.map([("sleep", float(seconds), None)] * 6)
