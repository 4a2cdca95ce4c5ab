"""Which tests are left to `make test-all`, and how a session names them."""

import re
from collections import Counter

import pytest

from paceline.strategies import STRATEGIES

SLOW = {key for strategy in STRATEGIES if strategy.slow_start for key in (strategy, strategy.name)}
ALIKE = (  # whose new processes other tests start in the same way
    *("benchmarks/test_bystander.py", "benchmarks/test_plain.py", "benchmarks/test_timeline.py"),
    "tests/test_measuring_bystander.py",
)
NEW_PROCESSES = {key for each in STRATEGIES if each.pickles and not each.forks for key in (each, each.name)}
NOT_NIGHTLY = "not nightly"  # what the Makefile gives to -m
A_NUMBER = re.compile(r"-?\b[a-z]+=\d[^-\]]*")  # of an experiment's cell, in its node id: workers=8


def nightly(*values):
    """Return a parameter that is left to the nightly line; a sibling of it is not."""
    return pytest.param(*values, marks=pytest.mark.nightly)


def mark_nightly(items):
    """Mark what is left to the nightly line.

    Of strategies that take seconds to start, it is all but the core of their contract. Of the cells of an experiment
    that differ in numbers only, it is all but the first: in a session of tests each takes the same way. Of strategies
    that start new Pythons, it is the tests that begin as others do.
    """
    kinds = set()
    for item in items:
        kind = A_NUMBER.sub("", item.nodeid)
        again = item.nodeid.startswith("benchmarks/") and kind in kinds
        if again or _is_slow_beside_the_core(item) or (item.nodeid.startswith(ALIKE) and _has(item, NEW_PROCESSES)):
            item.add_marker(pytest.mark.nightly)
        kinds.add(kind)


def _is_slow_beside_the_core(item):
    return not item.get_closest_marker("core") and _has(item, SLOW)


def _has(item, known):
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(value in known for value in values if isinstance(value, str | type))


class LeftOut:
    """Counts what a session leaves out, by file, and names it at the end; pytest-xdist's workers hand theirs on."""

    def __init__(self):
        self.files = Counter()

    def pytest_deselected(self, items):
        self.files.update(item.nodeid.partition("::")[0] for item in items if item.get_closest_marker("nightly"))

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["left_out"] = dict(self.files)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.files |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))  # each worker leaves out the same

    def pytest_terminal_summary(self, terminalreporter, config):
        if self.files and config.option.markexpr == NOT_NIGHTLY:
            files = ", ".join(f"{file} ({count})" for file, count in sorted(self.files.items()))
            terminalreporter.line(f"left to make test-all ({self.files.total()}): {files}")
