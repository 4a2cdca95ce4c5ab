"""What runs say about the cost of workers, made up so that each claim is confirmed, refuted and left open."""

import pytest
from claimed import about, cells, run, verdicts

from paceline.claims import CLAIMS, Evidence
from paceline.claims.judging import command

MIB = 2**20
METHODS = ("pool-fork", "pool-forkserver", "pool-spawn")
OTHER = "darwin-x86_64-made-up-2cpu-cpython-3.11"
BY_ID = {claim.id: claim for claim in CLAIMS}


def judged(claim, *measured, **machine):
    return BY_ID[claim].judge(Evidence([run(*measured, **machine)]))


def started(strategy, seconds, **more):
    figures = {"cold_first_seconds": about(0.001), "stop_seconds": about(0.002), **more}
    return cells("starting", "test_starting", strategy, seconds, workers=8, **figures)


def starts(threads=0.001, **seconds):
    """Starts of 8 workers: 0.2 s for processes unless said otherwise."""
    by_method = {method: seconds.get(method.removeprefix("pool-"), 0.2) for method in METHODS}
    return [started("threads", threads), *(started(method, time) for method, time in by_method.items())]


def held(strategy, per_worker, workers=(1, 2, 4, 8), measure="pss_bytes"):
    """Memory that grows by so many MiB with each worker, over 40 MiB; a list gives each process its own growth."""
    each = per_worker if isinstance(per_worker, list) else about(per_worker, seed=strategy)
    return [
        cells("memory", "test_memory", strategy, workers=many, **{measure: [(40 + many * own) * MIB for own in each]})
        for many in workers
    ]


def trees(threads=0.1, fork=5.0, forkserver=12.0, spawn=15.0, **how):
    grown = {"threads": threads, "pool-fork": fork, "pool-forkserver": forkserver, "pool-spawn": spawn}
    return [one for strategy, size in grown.items() for one in held(strategy, size, **how)]


def curve(ratios, size=0):
    """Times of a pool over those of threads, by the length of an item."""
    return [
        one
        for length, ratio in ratios.items()
        for one in (
            cells("break_even", "test_break_even", "threads", 0.1, size=size, item_cpu_seconds=length),
            cells("break_even", "test_break_even", "pool-fork", 0.1 * ratio, size=size, item_cpu_seconds=length),
        )
    ]


def test_processes_that_start_slowly_cost_a_lot():
    finding = judged("start-cost", *starts())
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 6


def test_processes_that_nobody_waits_for_do_not_cost_a_lot_though_threads_are_faster_still():
    finding = judged("start-cost", *starts(fork=0.015))
    assert verdicts(finding) == ["confirmed", "confirmed", "confirmed", "refuted", "confirmed", "confirmed"]
    assert finding.verdict == "refuted"


@pytest.mark.parametrize("place", range(3))
def test_each_start_method_can_start_as_fast_as_threads(place):
    method = METHODS[place].removeprefix("pool-")
    finding = judged("start-cost", *starts(threads=0.2, **{method: 0.22}))
    assert finding.parts[place].verdict == "refuted"
    assert finding.parts[place + 3].verdict == "confirmed"


def test_a_start_about_twice_as_long_as_that_of_threads_leaves_the_claim_open():
    about_twice = [0.3, 0.4, 0.55]
    finding = judged("start-cost", *starts(threads=0.2, fork=about_twice, forkserver=0.6, spawn=0.6))
    assert verdicts(finding) == ["unknown", *["confirmed"] * 5]
    assert finding.verdict == "unknown"


def test_a_start_about_a_tenth_of_a_second_leaves_open_whether_it_is_a_lot():
    finding = judged("start-cost", *starts(spawn=[0.08, 0.1, 0.13]))
    assert verdicts(finding) == [*["confirmed"] * 5, "unknown"]


def test_start_methods_that_nobody_measured_are_named_by_what_to_run():
    finding = judged("start-cost", started("threads", 0.001), started("pool-fork", 0.2))
    assert finding.verdict == "unknown"
    assert finding.missing == (command("starting"),)


def test_ways_to_start_that_decide_nothing_stand_beside_or_are_missed_aloud():
    finding = judged("start-cost", *starts(), started("interpreters", 0.03))
    assert "interpreters: time until 8 are ready" in [figure.what for figure in finding.evidence]
    assert finding.warnings == ("missing: no figures of processes, asyncio",)


def test_a_start_is_compared_with_threads_in_the_same_process():
    finding = judged("start-cost", started("threads", [0.001, 0.002, 0.004]), started("pool-fork", [0.01, 0.02, 0.04]))
    assert finding.parts[0].figures[0].values == pytest.approx((10, 10, 10))


def test_processes_that_grow_faster_than_threads_need_more_memory():
    finding = judged("memory-cost", *trees())
    assert finding.verdict == "confirmed"
    assert finding.parts[0].figures[0].value == pytest.approx(4.9 * MIB, rel=0.02)


def test_the_memory_of_threads_may_be_nil():
    finding = judged("memory-cost", *trees(threads=[0.0, 0.0, 0.0]))
    assert finding.verdict == "confirmed"


@pytest.mark.parametrize(("place", "method"), [(0, "fork"), (1, "forkserver"), (2, "spawn")])
def test_each_start_method_can_need_no_more_memory_than_threads(place, method):
    finding = judged("memory-cost", *trees(**{method: [0.2, 0.05, 0.1]}))
    assert finding.parts[place].verdict == "refuted"
    assert verdicts(finding).count("confirmed") == 2
    assert finding.verdict == "refuted"


@pytest.mark.parametrize(("place", "method"), [(0, "fork"), (1, "forkserver"), (2, "spawn")])
def test_memory_close_to_the_margin_leaves_the_claim_open(place, method):
    finding = judged("memory-cost", *trees(**{method: [0.8, 1.1, 1.5]}))
    assert finding.parts[place].verdict == "unknown"
    assert finding.verdict == "unknown"


def test_two_numbers_of_workers_make_no_slope():
    finding = judged("memory-cost", *trees(workers=(1, 8)))
    assert finding.verdict == "unknown"
    assert finding.missing == (command("memory"),)


def test_a_process_that_lacks_part_of_the_sweep_has_no_slope():
    measured = [one for group in trees() for one in group]
    finding = judged("memory-cost", [one for one in measured if (one.workers, one.process) != (4, 2)])
    assert finding.verdict == "unknown"
    assert finding.parts[0].figures[0].processes == 2


def test_without_pss_the_memory_of_its_own_decides_and_a_warning_says_so():
    finding = judged("memory-cost", *trees(measure="uss_bytes"))
    assert finding.verdict == "confirmed"
    assert [warning.partition(":")[0] for warning in finding.warnings] == ["USS"]


def test_memory_that_no_system_told_is_no_memory():
    finding = judged("memory-cost", *trees(measure="rss_bytes"))
    assert finding.verdict == "unknown"


LIGHT = {10e-6: 4.0, 1e-3: 2.0, 10e-3: 0.5, 100e-3: 0.5}


def test_threads_are_the_light_way_where_overhead_shows_and_then_is_lost():
    finding = judged("threads-light", *starts(), *curve(LIGHT))
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 3


def test_the_length_at_which_processes_catch_up_lies_between_two_lengths():
    finding = judged("threads-light", *starts(), *curve(LIGHT), *curve({10e-6: 4.0, 100e-3: 2.0}, size=2**20))
    told = {figure.what: figure for figure in finding.parts[2].figures}
    assert told["length of an item from which processes are faster, no payload"].value == pytest.approx(
        3.16e-3, rel=0.1
    )
    never = told["length of an item from which processes are faster, 1024 KiB in and out"]
    assert never.processes == 0
    assert never.warnings == ("no crossing: in 3 of 3 processes the two do not change places",)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ([*starts(threads=0.2), *curve(LIGHT)], ["refuted", "confirmed", "confirmed"]),
        ([*starts(), *curve({**LIGHT, 10e-6: 1.0})], ["confirmed", "refuted", "confirmed"]),
        ([*starts(), *curve({**LIGHT, 100e-3: 1.4})], ["confirmed", "confirmed", "refuted"]),
    ],
    ids=["processes start as fast", "short items cost nothing", "long items still cost"],
)
def test_each_statement_about_light_threads_can_refute_the_claim(measured, expected):
    finding = judged("threads-light", *measured)
    assert verdicts(finding) == expected
    assert finding.verdict == "refuted"


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ([*starts(threads=0.1, fork=[0.15, 0.2, 0.3]), *curve(LIGHT)], ["unknown", "confirmed", "confirmed"]),
        ([*starts(), *curve({10e-3: 0.5, 100e-3: 0.5})], ["confirmed", "unknown", "confirmed"]),
        ([*starts(), *curve({10e-6: 4.0, 10e-3: 0.5})], ["confirmed", "confirmed", "unknown"]),
    ],
    ids=["start about the margin", "no short items", "no long items"],
)
def test_each_statement_about_light_threads_can_be_left_open(measured, expected):
    finding = judged("threads-light", *measured)
    assert verdicts(finding) == expected
    assert finding.verdict == "unknown"


def test_threads_that_compute_side_by_side_are_the_light_way_too():
    finding = judged("threads-light", *starts(), *curve({10e-6: 4.0, 100e-3: 1.001}), free_threaded=True)
    assert finding.verdict == "confirmed"


def here(spawn=0.5, switches=(40, 41, 42)):
    return [started("pool-spawn", about(spawn, seed="here")), computed(switches)]


def computed(switches):
    return cells("computing", "test_computing", "pool-fork", kernel="squares", context_switches=list(switches))


def compared(*there, **machine):
    elsewhere = run(*there, **{"system": "Darwin", "fingerprint": OTHER, **machine})
    return BY_ID["os-differs"].judge(Evidence([run(*here()), elsewhere]))


def test_one_system_alone_cannot_tell_whether_systems_differ():
    finding = judged("os-differs", *here())
    assert finding.verdict == "unknown"
    assert all("another system" in missing for missing in finding.missing)


def test_a_run_of_another_python_is_no_other_system():
    elsewhere = run(*here(spawn=2.0), python="3.14.0", fingerprint="linux-x86_64-made-up-2cpu-cpython-3.14")
    finding = BY_ID["os-differs"].judge(Evidence([run(*here()), elsewhere]))
    assert finding.verdict == "unknown"


@pytest.mark.parametrize("spawn", [1.5, 0.1], ids=["slower there", "faster there"])
def test_systems_that_start_and_schedule_otherwise_differ(spawn):
    finding = compared(*here(spawn=spawn, switches=(400, 410, 390)))
    assert finding.verdict == "confirmed"
    assert all(figure.value > 1 for figure in finding.evidence)


@pytest.mark.parametrize(
    ("spawn", "switches", "expected"),
    [
        (0.51, (400, 410, 390), ["refuted", "confirmed"]),
        (1.5, (41, 42, 40), ["confirmed", "refuted"]),
        (1.5, (30, 60, 70), ["confirmed", "unknown"]),
    ],
)
def test_start_and_scheduling_are_judged_apart(spawn, switches, expected):
    assert verdicts(compared(*here(spawn=spawn, switches=switches))) == expected


def test_another_machine_with_another_system_is_shown_and_not_judged():
    finding = compared(*here(spawn=1.5), cpus=8)
    assert finding.verdict == "unknown"
    assert "CPU" in finding.missing[0]
    assert finding.parts[0].figures[0].value == pytest.approx(3, rel=0.05)
