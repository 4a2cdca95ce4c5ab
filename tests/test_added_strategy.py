"""What is known of a strategy stands in its class: one that is added is known to every room."""

import sys

import pytest
from claimed import cell
from predicted import GRID, TWO_CPUS, WAITING, cells

from paceline import strategies
from paceline.predict.groups import Setting, by_group, fitted
from paceline.race import choosing
from paceline.race.judging import LaneResult, recommend
from paceline.race.messages import Findings
from paceline.report import charts
from paceline.strategies.base import Look
from paceline.strategies.sequential import Sequential
from paceline.tables.rows import ordered

FINDINGS = Findings(face="blocking", seconds=0.1, cpu_share=0.1, stable=True)


class Added(Sequential):
    """Somebody's own, in a file of its own."""

    name = "added"
    look = Look("#123456", "#abcdef", "M0,0L1,1L0,1Z")
    simplicity_rank = 5
    computes_in = "interpreter"
    most_workers = None
    libraries = ("requests", "werkzeug", "packaging")


@pytest.fixture(autouse=True)
def _added(monkeypatch):
    """Put it into the tuple, right after `threads`; whoever has the tuple has it."""
    known = strategies.STRATEGIES
    place = [each.name for each in known].index("threads") + 1
    for module in list(sys.modules.values()):
        if module.__name__.startswith("paceline") and getattr(module, "STRATEGIES", None) is known:
            monkeypatch.setattr(module, "STRATEGIES", (*known[:place], Added, *known[place:]))


def parts(strategy, setting=TWO_CPUS):
    known = by_group(cells(WAITING, GRID[:4], strategy=strategy))
    return fitted((strategy, "raw"), known, setting).parts


def test_it_races():
    [entry] = [entry for entry in choosing.planned_lanes(FINDINGS, 10) if entry.name == Added.name]
    assert (entry.workers, entry.why_not) == (10, None)


def test_it_races_without_what_it_can_not_run(monkeypatch):
    monkeypatch.setattr(Added, "pickles", True)
    monkeypatch.setattr(Added, "slow_start", True)
    unpicklable = Findings(face="blocking", seconds=0.1, cpu_share=0.1, stable=True, unpicklable="its results")
    found = (unpicklable, FINDINGS)
    reasons = [{each.name: each.why_not for each in choosing.planned_lanes(one, 10)} for one in found]
    assert [each[Added.name] for each in reasons] == [
        "can't be pickled: its results",
        "takes seconds to start; ask for it: --strategy added",
    ]


def test_the_simplest_of_those_that_are_level_is_recommended():
    lanes = [
        LaneResult(name, 1, start_seconds=0.0, rounds=[seconds] * 5)
        for name, seconds in [("sequential", 1.0), ("threads", 0.5), ("added", 0.5)]
    ]
    assert recommend(lanes, cpu_share=0.1, item_seconds=0.1).strategy == "added"


def test_the_model_knows_what_computes_at_once(monkeypatch):
    assert parts(Added.name).contention == 1.0
    assert parts(Added.name, Setting(2.0, gil=False)).contention == 0.0
    monkeypatch.setattr(Added, "computes_in", "thread")
    assert parts(Added.name, Setting(2.0, gil=False)).contention == 1.0
    monkeypatch.setattr(Added, "computes_in", "processes")
    assert parts(Added.name).contention == 0.0
    assert parts("of-somebody-else").contention == 0.0


def test_it_has_its_own_colour_and_shape_in_charts():
    place = list(strategies.by_name()).index(Added.name)
    assert [charts.colours(night=night)[place] for night in (False, True)] == ["#123456", "#abcdef"]
    domain = list(strategies.by_name())
    _, shape = (each.to_dict() for each in charts.by_strategy(domain, [cell("workers", "test_waiting", Added.name)]))
    assert dict(zip(shape["scale"]["domain"], shape["scale"]["range"], strict=True))[Added.name] == Added.look.shape


def test_it_has_its_place_in_tables():
    measured = [cell("workers", "test_waiting", name) for name in ("to-thread", "added", "threads")]
    rows = ordered(measured, list(strategies.by_name()))
    assert [each.strategy for each in rows] == ["threads", "added", "to-thread"]


def test_runs_record_what_it_stands_on():
    named = strategies.libraries()
    assert "packaging" in named
    assert named == sorted(set(named))


def test_no_two_are_equally_simple():
    ranks = [strategy.simplicity_rank for strategy in strategies.STRATEGIES]
    assert len(set(ranks)) == len(ranks)


def test_one_fork_is_all_there_is():
    assert [strategy.name for strategy in strategies.STRATEGIES if strategy.forks] == ["pool-fork"]
