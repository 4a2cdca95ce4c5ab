"""What a session of tests leaves to the nightly line, and that it names it."""

from types import SimpleNamespace

from nightly import NOT_NIGHTLY, LeftOut, mark_nightly

from paceline.strategies.dask import Dask
from paceline.strategies.threads import Threads


class Item:
    """A collected test as `mark_nightly` sees it."""

    def __init__(self, nodeid, *marks, **params):
        self.nodeid, self.marks, self.callspec = nodeid, {mark: mark for mark in marks}, SimpleNamespace(params=params)

    def get_closest_marker(self, name):
        return self.marks.get(name)

    def add_marker(self, mark):
        self.marks[mark.name] = mark


def left(*items):
    """The node ids of those that are left to the nightly line."""
    mark_nightly(items)
    return [item.nodeid for item in items if item.get_closest_marker("nightly")]


def test_of_cells_that_differ_in_numbers_only_the_first_stays():
    cell = "benchmarks/test_latency.py::test_latency[{}-raw-workers={}-items=6-latency={}]".format
    cells = [cell("threads", 1, "0"), cell("threads", 8, "2ms"), cell("asyncio", 8, "2ms"), cell("asyncio", 8, "1ms")]
    assert left(*map(Item, cells)) == [cells[1], cells[3]]


def test_tests_that_differ_in_numbers_only_stay():
    assert left(Item("tests/test_x.py::test[n=1]"), Item("tests/test_x.py::test[n=2]")) == []


def test_of_a_strategy_that_takes_seconds_to_start_the_core_stays():
    for slow in (Dask, Dask.name):
        items = [Item("a", strategy=slow), Item("b", "core", strategy=slow), Item("c", strategy=Threads)]
        assert left(*items) == ["a"]


def test_a_session_names_what_it_leaves_out_by_file():
    session, lines = LeftOut(), []
    terminal, config = SimpleNamespace(line=lines.append), SimpleNamespace(option=SimpleNamespace(markexpr=NOT_NIGHTLY))
    session.pytest_deselected(
        [Item("tests/b.py::x", "nightly"), Item("tests/b.py::y", "nightly"), Item("tests/a.py::z")]
    )
    for _ in range(3):  # what each of pytest-xdist's workers hands on
        session.pytest_testnodedown(SimpleNamespace(workeroutput={"left_out": {"tests/b.py": 2, "tests/c.py": 1}}))
    session.pytest_terminal_summary(terminal, config)
    assert lines == ["left to make test-all (3): tests/b.py (2), tests/c.py (1)"]
