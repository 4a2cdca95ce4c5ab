"""Claims about the GIL, judged from synthetic runs."""

import pytest
from claimed import cell, cells, run, verdicts

from paceline.claims.evidence import Evidence
from paceline.claims.parallel import gil_bound, gil_solved
from paceline.claims.waiting import gil_io

WORDS = {"c": "confirmed", "r": "refuted", "u": "unknown"}


def words(letters):
    return [WORDS[letter] for letter in letters]


def computing(strategy, speedup, kernel="squares", busy=1.0, cpus=2, processes=3):
    """Cells of a strategy that is `speedup` times as fast as a plain loop of 2 s."""
    found = cells("computing", "test_computing", strategy, 2.0 / speedup, processes=processes, kernel=kernel,
                  workers=1 if strategy == "sequential" else cpus)  # fmt: skip
    return [spent(one, busy) for one in found]


def spent(one, busy):
    """The same cell, with `busy` CPUs in use, a little more in each process."""
    extra = {"cpu_seconds": one.median * busy * (1 + one.process / 1000), "context_switches": 100 + one.process}
    return cell(one.experiment, "test_computing", one.strategy, one.median, one.process, one.workers, one.items,
                kernel=one.kernel, **extra)  # fmt: skip


def lesson(*, threads=1.0, asyncio=1.0, released=1.9, busy=1.0, cpus=2, processes=3, **facts):
    """A run in which threads and asyncio compute as fast as they are told to."""
    pace = {"cpus": cpus, "processes": processes}
    return run(
        *(computing("sequential", 1.0, kernel, **pace) for kernel in ("squares", "hash")),
        computing("threads", threads, busy=busy, **pace),
        computing("asyncio", asyncio, busy=busy, **pace),
        computing("threads", released, "hash", busy=1.9, **pace),
        computing("asyncio", 1.0, "hash", **pace),
        cpus=cpus,
        **facts,
    )


def judged(claim, *runs):
    return claim.judge(Evidence(runs))


def test_one_interpreter_that_gains_nothing_is_held_back():
    found = judged(gil_bound, lesson())
    assert found.verdict == "confirmed"
    assert verdicts(found) == words("ccccc")


def test_where_loops_took_turns_with_the_rounds_the_speedup_is_over_them():
    drifting = lesson(threads=1.9)  # by the times of cells that stood apart
    gains = {"squares": 1.0, "hash": 1.9}
    paired = [
        cell("computing", "test_computing", one.strategy, one.median, one.process, one.workers, kernel=one.kernel,
             cpu_seconds=one.median * (1 + one.process / 1000),
             speedup_over_loop=gains[one.kernel] + one.process / 1000)
        for one in drifting.cells
    ]  # fmt: skip
    assert judged(gil_bound, run(paired)).verdict == "confirmed"


def test_threads_that_gain_are_not_held_back():
    found = judged(gil_bound, lesson(threads=1.9, busy=1.9))
    assert found.verdict == "refuted"
    assert verdicts(found) == words("rcrrc")


def test_that_asyncio_has_one_thread_anyway_is_said():
    [warning] = judged(gil_bound, lesson()).warnings
    assert warning.startswith("one thread: asyncio gains as little on code that releases the GIL (1.0")


def test_where_not_even_released_work_gains_the_gil_can_not_be_blamed():
    found = judged(gil_bound, lesson(released=1.0))
    assert found.verdict == "unknown"
    assert "a machine whose CPUs do more than one alone" in found.parts[-1].missing


def test_one_cpu_can_not_tell_whether_the_gil_holds_anything_back():
    found = judged(gil_bound, lesson(cpus=1))
    assert found.verdict == "unknown"
    assert "at least 2 usable CPUs" in found.parts[0].missing


def test_two_processes_can_not_tell():
    assert judged(gil_bound, lesson(processes=2)).verdict == "unknown"


def test_workers_that_are_not_one_for_each_cpu_are_not_taken():
    assert judged(gil_bound, lesson(cpus=4)).verdict == "confirmed"
    scaled = lesson(cpus=4)
    scaled.machine_info["cpu"]["count"] = 2.0
    assert judged(gil_bound, scaled).verdict == "unknown"


def waiting(function, strategy, over, latencies=(0.0, 0.001, 0.005, 0.02, 0.1), late=None):
    """Cells that take `over` times their limit, with a bystander that was `late` seconds, if it is given."""
    return [
        cell("beside", function, strategy, one.median, one.process, 10, 20, latency=latency, limit=2 * latency,
             efficiency=2 * latency / one.median if latency else None, **bystander(late, one.process))
        for latency in latencies
        for one in cells("beside", function, strategy, (2 * latency or 0.01) * over, latency=latency)
    ]  # fmt: skip


def bystander(late, process):
    if late is None:
        return {}
    here = {"ticks": 100, "median": late * (1 + process / 1000), "p99": late * 2, "worst": late * 4 + process / 1e6,
            "worst_why": None, "blocked": 20, "starved": 1, "unknown": 0}  # fmt: skip
    return {"bystander": {"kind": "thread", "here": here, "apart": here}}


def beside(*, alone=1.05, factor=1.02, cpus=2, late=(None, None), **options):
    return run(
        *(waiting("test_alone", strategy, alone, late=late[0], **options) for strategy in ("threads", "asyncio")),
        *(
            waiting("test_beside_a_computing_thread", strategy, alone * factor, late=late[1], **options)
            for strategy in ("threads", "asyncio")
        ),
        cpus=cpus,
    )


def test_downloads_that_nothing_disturbs_have_no_problem_with_the_gil():
    found = judged(gil_io, beside())
    assert found.verdict == "confirmed"
    assert verdicts(found) == words("cccc")


def test_downloads_that_a_computing_thread_slows_down_have_one():
    found = judged(gil_io, beside(factor=4.0))
    assert found.verdict == "refuted"
    assert verdicts(found) == words("ccrr")


def test_downloads_far_above_their_limit_have_one_too():
    assert verdicts(judged(gil_io, beside(alone=2.0))) == words("rrcc")


def test_latencies_at_which_nothing_waits_are_shown_and_decide_nothing():
    part = judged(gil_io, beside()).parts[0]
    assert [figure.what.rpartition(" at ")[2] for figure in part.figures] == ["5 ms", "20 ms", "100 ms", "1 ms"]
    assert judged(gil_io, beside(latencies=(0.0, 0.001))).verdict == "unknown"


def test_beside_a_computing_thread_one_cpu_can_not_tell():
    assert verdicts(judged(gil_io, beside(cpus=1))) == words("ccuu")


IN_TIME, FROZEN = 0.0002, 0.006


def test_a_bystander_that_gets_its_turn_whatever_waits_has_no_problem_either():
    found = judged(gil_io, beside(late=(IN_TIME, IN_TIME)))
    assert found.verdict == "confirmed"
    assert verdicts(found) == words("cccccccc")


def test_a_bystander_that_a_computing_thread_freezes_has_one_where_downloads_have_none():
    found = judged(gil_io, beside(late=(IN_TIME, FROZEN)))
    assert found.verdict == "refuted"
    assert verdicts(found) == words("ccccccrr")
    assert found.parts[-1].margin.startswith("below 0.003 s: ")


def test_how_late_a_bystander_was_at_worst_and_what_held_it_up_is_shown_and_decides_nothing():
    part = judged(gil_io, beside(late=(IN_TIME, FROZEN), latencies=(0.001, 0.005))).parts[-1]
    assert [figure.what for figure in part.deciding] == ["lateness of a bystander at 5 ms"]
    assert [figure.what for figure in part.figures[1:]] == [
        "worst lateness of a bystander at 5 ms",
        "share of its turns that the loop or the GIL held up at 5 ms",
        "lateness of a bystander at 1 ms",
    ]
    assert [figure.unit for figure in part.figures] == ["s", "s", "share", "s"]


def test_without_a_bystander_nobody_speaks_of_one():
    parts = [part.part for part in judged(gil_io, beside()).parts]
    assert not [part for part in parts if "something else" in part]


def test_beside_a_computing_thread_one_cpu_can_not_tell_of_a_bystander():
    assert judged(gil_io, beside(cpus=1, late=(IN_TIME, FROZEN))).verdict == "unknown"


@pytest.mark.parametrize("damaged", [None, [], "x", {"here": {"median": "long"}}, {"here": {"median": True}}], ids=str)
def test_a_damaged_bystander_leaves_open_what_it_would_have_told(damaged):
    made = beside(late=(IN_TIME, IN_TIME))
    for one in made.cells:
        if one.process == 1:
            one.extra["bystander"] = damaged
    found = judged(gil_io, made)
    assert verdicts(found) == words("ccccuuuu")
    assert "missing: 1 of 3 cells lack a figure that this needs" in found.parts[-1].warnings


def solved(*, held=1.8, released=1.9, busy=1.9, crowded=None, cpus=2, processes=3, **facts):
    pace = {"cpus": cpus, "processes": processes}
    return run(
        *(computing("sequential", 1.0, kernel, **pace) for kernel in ("squares", "hash")),
        *(computing(strategy, held, "squares", busy, **pace) for strategy in ("pool-fork", "processes")),
        *(computing(strategy, released, "hash", busy, **pace) for strategy in ("pool-fork", "processes")),
        computing("threads", 1.0, **pace),
        computing("threads", 1.9, "hash", crowded or 1.9, **pace),
        cpus=cpus,
        **facts,
    )


def test_processes_that_compute_at_once_whatever_the_gil_have_solved_it():
    found = judged(gil_solved, solved())
    assert found.verdict == "confirmed"
    assert verdicts(found) == words("cccc")


def test_processes_that_compute_one_at_a_time_have_not():
    assert verdicts(judged(gil_solved, solved(busy=1.0))) == words("rrcc")


def test_processes_on_a_machine_that_is_busy_otherwise_can_not_tell():
    found = judged(gil_solved, solved(busy=1.0, crowded=1.0))
    assert verdicts(found) == words("uucc")
    assert "a machine that is otherwise idle" in found.parts[0].missing


def test_processes_that_gain_less_where_the_gil_is_held_have_not():
    assert verdicts(judged(gil_solved, solved(held=1.0))) == words("ccrr")


def test_context_switches_are_shown():
    figures = judged(gil_solved, solved()).parts[0].figures
    assert [figure.what for figure in figures[1:]] == [
        "context switches per CPU second, pool-fork",
        "context switches per CPU second, threads",
    ]


def test_without_a_gil_there_is_nothing_to_solve():
    found = judged(gil_solved, solved(gil="off"))
    assert found.verdict == "unknown"
    assert found.parts[0].missing == "a Python whose GIL is on"


@pytest.mark.parametrize("facts", [{"cpus": 1}, {"processes": 2}], ids=str)
def test_whether_processes_solve_it_takes_cpus_and_processes(facts):
    assert judged(gil_solved, solved(**facts)).verdict == "unknown"
