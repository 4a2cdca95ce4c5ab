"""Claims about downloads, threads and the network, judged from synthetic runs."""

import pytest
from claimed import cells, run, verdicts

from paceline.claims.evidence import Evidence
from paceline.claims.waiting import network_bottleneck, speedup_io, threads_knee


def judged(claim, *runs):
    return claim.judge(Evidence(runs))


def downloads(strategy, median, start=0.03, processes=3):
    return cells("downloads", "test_downloads", strategy, median, client="requests", processes=processes,
                 workers=1 if strategy == "sequential" else 10, start_seconds=start, stop_seconds=0.01)  # fmt: skip


def downloaded(pool=0.16, executor=0.16, start=0.03, processes=3):
    return run(
        downloads("sequential", 1.3, processes=processes),
        downloads("pool-fork", pool, start, processes),
        downloads("processes", executor, 0.5, processes),
    )


def test_processes_that_halve_the_time_are_a_significant_speedup():
    found = judged(speedup_io, downloaded())
    assert found.verdict == "confirmed"
    assert verdicts(found) == ["confirmed"] * 3
    assert found.evidence[0].value == pytest.approx(1.3 / 0.16, rel=0.05)


def test_processes_that_are_hardly_faster_are_none():
    assert verdicts(judged(speedup_io, downloaded(pool=1.0))) == ["refuted", "confirmed", "refuted"]


def test_processes_that_take_too_long_to_start_are_none():
    found = judged(speedup_io, downloaded(start=0.9))
    assert verdicts(found) == ["confirmed", "confirmed", "refuted"]


def test_the_best_sequential_round_is_what_counts():
    best = cells("downloads", "test_downloads", "sequential", workers=1, client="requests",
                 rounds=[(0.2, 1.3, 1.3), (0.201, 1.3, 1.3), (0.199, 1.3, 1.3)])  # fmt: skip
    pool = downloads("pool-fork", 0.16)
    assert verdicts(judged(speedup_io, run(best, pool)))[0] == "refuted"


def test_two_processes_can_not_tell_whether_the_speedup_is_significant():
    assert judged(speedup_io, downloaded(processes=2)).verdict == "unknown"


RATES = {1: 50.0, 10: 490.0, 32: 1500.0, 100: 3500.0, 320: 4000.0, 1000: 3800.0}
ENDLESS = {count: 48.0 * count for count in RATES}


def threads(rates, opened=None, processes=3):
    """Cells of so many threads, with the downloads per second that they reach."""
    return run(
        *(
            cells("threads_knee", "test_threads", "threads", 20 * workers / rate, workers=workers, items=20 * workers,
                  sessions=opened or workers, start_seconds=1e-4 * workers, processes=processes)
            for workers, rate in rates.items()
        )
    )  # fmt: skip


def test_threads_that_all_start_but_level_out_have_a_knee():
    found = judged(threads_knee, threads(RATES))
    assert found.verdict == "confirmed"
    [knee] = [figure for figure in found.evidence if figure.what == "the knee: threads"]
    assert (knee.value, knee.unit) == (320, "count")


def test_threads_that_never_level_out_have_none():
    assert verdicts(judged(threads_knee, threads(ENDLESS))) == ["confirmed", "refuted"]


def test_threads_that_do_not_all_start_are_not_as_many_as_one_likes():
    assert verdicts(judged(threads_knee, threads(RATES, opened=900))) == ["refuted", "confirmed"]


def test_a_rate_between_is_unknown():
    assert verdicts(judged(threads_knee, threads({**RATES, 1000: 4820.0})))[1] == "unknown"


def test_a_single_number_of_threads_has_nothing_to_be_compared_with():
    assert verdicts(judged(threads_knee, threads({1000: 4000.0}))) == ["confirmed", "unknown"]


def test_two_processes_can_not_tell_the_knee():
    assert judged(threads_knee, threads(RATES, processes=2)).verdict == "unknown"


LINKS = {"unlimited": None, "100 MB/s": 100e6, "10 MB/s": 10e6}


def payloads(slower, processes=3):
    """Make cells of 20 downloads of these sizes, each with the factors by which links slow it down."""
    return run(
        *(
            cells("bandwidth", "test_payload", "asyncio", 0.022 * factors.get(link, 1.0), size=size, link=link,
                  waiting_limit_seconds=0.02, carrying_limit_seconds=20 * size / speed if speed else 0.0,
                  bandwidth_bytes_per_second=speed, processes=processes, workers=10)
            for size, factors in slower.items()
            for link, speed in LINKS.items()
        )
    )  # fmt: skip


WIDE = {"100 MB/s": 5.0, "10 MB/s": 50.0}


def test_a_link_that_slows_every_download_is_the_bottleneck():
    found = judged(network_bottleneck, payloads({2**10: WIDE, 2**19: WIDE}))
    assert found.verdict == "confirmed"
    assert verdicts(found) == ["confirmed"] * 2


def test_a_link_that_slows_only_large_downloads_is_not_the_bottleneck_of_downloads():
    found = judged(network_bottleneck, payloads({2**10: {}, 2**15: {"10 MB/s": 3.0}, 2**19: WIDE}))
    assert found.verdict == "refuted"
    assert verdicts(found) == ["refuted", "refuted", "confirmed"]


def test_what_explains_the_time_stands_beside_it():
    part = judged(network_bottleneck, payloads({2**19: WIDE})).parts[0]
    assert [figure.what for figure in part.figures] == [
        "time at 100 MB/s over time without a limit",
        "time at 10 MB/s over time without a limit",
        "waiting alone at 100 MB/s",
        "carrying alone at 100 MB/s",
        "waiting alone at 10 MB/s",
        "carrying alone at 10 MB/s",
        "waiting alone without a limit",
    ]


def test_two_processes_can_not_tell_what_binds():
    assert judged(network_bottleneck, payloads({2**10: WIDE}, processes=2)).verdict == "unknown"


def test_without_the_unlimited_link_nobody_knows_what_binds():
    narrow = payloads({2**10: WIDE})
    without = run(*(one for one in narrow.cells if one.extra["link"] != "unlimited"))
    assert judged(network_bottleneck, without).verdict == "unknown"
