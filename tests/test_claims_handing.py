"""What runs say about how items are handed out, made up so that each claim is confirmed, refuted and left open."""

import pytest
from claimed import about, cells, run, verdicts

from paceline.claims import CLAIMS, Evidence
from paceline.claims.handing import CHUNKS, HANDINGS, ONE_BY_ONE
from paceline.claims.judging import command

LIMIT, LATENCY = 0.105, 0.005
BY_ID = {claim.id: claim for claim in CLAIMS}


def judged(claim, *measured, **machine):
    return BY_ID[claim].judge(Evidence([run(*measured, **machine)]))


def handed(handing, behind=0, **figures):
    """A round of 40 items with a straggler, behind which so many items wait."""
    strategy = "processes" if handing == "executor" else "pool-fork"
    medians = about(LIMIT + 0.001 + behind * LATENCY, seed=handing)
    known = {"items": 40, "workers": 4, "latency": LATENCY, "limit": LIMIT, "handing": handing, **figures}
    return cells("handing_out", "test_straggler", strategy, medians, **known)


def repeated(single_share=0.9, single_run=1.3, chunk_run=1.3):
    """Runs of items on one worker, at chunk size 1 and in chunks."""
    known = {"expected_run": 4 / 3, "longest_run": 3}
    return [
        handed(ONE_BY_ONE, repeats_from_idle_share=single_share, mean_run=about(single_run), **known),
        handed(CHUNKS, repeats_from_idle_share=0.9, mean_run=about(chunk_run), **known),
    ]


def ordered(strategy, alike, varied):
    return [
        cells("jitter", "test_order", strategy, items=100, workers=10, jitter=jitter, inversion_share=share)
        for jitter, share in (("none", alike), ("uniform:0.9", varied))
    ]


def ordered_in_chunks(alike, varied):
    return [
        cells("jitter", "test_order_in_chunks", "pool-fork", items=100, workers=10, jitter=jitter, disorder_share=share)
        for jitter, share in (("none", alike), ("uniform:0.9", varied))
    ]


def watched(strategy, share, **figures):
    known = {"kernel": "squares", "items": 40, "migrations": 3, "cpus_per_worker": 1.5, **figures}
    computed = cells("watching", "test_who_ran_what", strategy, worker_is_cpu_share=share, **known)
    return [*computed, *cells("watching", "test_who_downloaded_what", strategy, worker_is_cpu_share=share, **known)]


def test_items_that_never_wait_behind_a_straggler_go_to_the_idle():
    finding = judged("next-to-idle", *(handed(handing) for handing in HANDINGS))
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 4


def test_two_items_that_wait_in_the_default_chunk_refute_the_claim_as_it_stands():
    finding = judged("next-to-idle", handed(CHUNKS, behind=2), *(handed(handing) for handing in HANDINGS[1:]))
    assert finding.verdict == "refuted"
    assert verdicts(finding) == ["refuted", "confirmed", "confirmed", "confirmed"]


@pytest.mark.parametrize("place", range(len(HANDINGS)))
def test_each_way_to_hand_out_can_refute_on_its_own(place):
    finding = judged("next-to-idle", *(handed(each, behind=2 * (place == at)) for at, each in enumerate(HANDINGS)))
    assert finding.parts[place].verdict == "refuted"
    assert verdicts(finding).count("confirmed") == 3


def test_a_way_to_hand_out_that_nobody_measured_leaves_the_claim_open():
    finding = judged("next-to-idle", *(handed(handing) for handing in HANDINGS[:3]))
    assert finding.verdict == "unknown"
    assert finding.missing == (command("handing_out"),)


def test_a_round_without_a_limit_is_no_evidence():
    finding = judged("next-to-idle", *(handed(handing, limit=None) for handing in HANDINGS))
    assert finding.verdict == "unknown"
    assert any("lack a figure" in warning for warning in finding.parts[0].warnings)


def test_repeats_of_freed_workers_come_from_being_freed():
    finding = judged("repeats-from-idle", *repeated())
    assert finding.verdict == "confirmed"
    assert verdicts(finding) == ["confirmed"] * 3


def test_runs_as_long_as_a_chunk_come_from_the_chunk():
    finding = judged("repeats-from-idle", *repeated(chunk_run=3.2))
    assert verdicts(finding) == ["confirmed", "confirmed", "refuted"]
    assert finding.verdict == "refuted"


def test_repeats_while_others_are_idle_do_not_come_from_being_freed_early():
    finding = judged("repeats-from-idle", *repeated(single_share=about(0.2), single_run=2.5))
    assert verdicts(finding) == ["refuted", "refuted", "confirmed"]


def test_a_share_of_repeats_about_a_half_leaves_the_claim_open():
    finding = judged("repeats-from-idle", *repeated(single_share=[0.4, 0.5, 0.62]))
    assert verdicts(finding) == ["unknown", "confirmed", "confirmed"]
    assert finding.verdict == "unknown"


def test_a_round_without_any_repeat_says_nothing_about_where_repeats_come_from():
    finding = judged("repeats-from-idle", *repeated(single_share=[None, 0.0, None]))
    assert finding.parts[0].verdict == "unknown"
    assert "in 1 of 3 processes only" in finding.parts[0].missing


@pytest.mark.parametrize(
    ("alike", "varied", "verdict"),
    [
        ([0.05, 0.06, 0.04], [0.40, 0.41, 0.39], "confirmed"),
        (0.0, [0.40, 0.41, 0.39], "confirmed"),
        ([0.38, 0.41, 0.40], [0.40, 0.41, 0.39], "refuted"),
        ([0.15, 0.21, 0.26], [0.40, 0.41, 0.39], "unknown"),
        (0.0, 0.0, "unknown"),
        (None, None, "unknown"),
    ],
    ids=["a tenth is left", "none is left", "as much", "about half", "no disorder at all", "no figures"],
)
def test_order_is_judged_by_the_disorder_left_without_jitter(alike, varied, verdict):
    strategies = ("pool-fork", "threads", "asyncio")
    one_by_one = [each for name in strategies for each in ordered(name, alike, varied)]
    finding = judged("order-from-server", *one_by_one, *ordered_in_chunks(alike, varied))
    assert verdicts(finding) == [verdict] * 4
    assert finding.verdict == verdict


def test_disorder_that_chunks_bring_refutes_that_it_comes_from_the_server():
    strategies = ("pool-fork", "threads", "asyncio")
    one_by_one = [each for name in strategies for each in ordered(name, 0.0, [0.40, 0.41, 0.39])]
    finding = judged("order-from-server", *one_by_one, *ordered_in_chunks([0.4, 0.41, 0.42], [0.4, 0.4, 0.43]))
    assert verdicts(finding) == ["confirmed"] * 3 + ["refuted"]
    assert finding.verdict == "refuted"


def test_the_disorder_is_paired_by_process():
    finding = judged("order-from-server", *ordered("pool-fork", [0.1, 0.2, 0.3], [0.3, 0.6, 0.9]))
    assert finding.parts[0].figures[0].values == pytest.approx((1 / 3, 1 / 3, 1 / 3))


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        ([1.0, 0.99, 0.98], "confirmed"),
        (1.0, "confirmed"),
        ([0.6, 0.7, 0.65], "refuted"),
        (0.6, "refuted"),
        ([1.0, 0.8, 0.95], "unknown"),
    ],
)
def test_a_workers_number_is_judged_by_the_cpus_it_ran_on(share, verdict):
    finding = judged("worker-is-cpu", watched("pool-fork", share), watched("threads", [0.5, 0.55, 0.6]))
    assert finding.verdict == verdict
    assert "threads: items on the worker's own CPU" in [figure.what for figure in finding.evidence]


def test_on_one_cpu_a_workers_number_says_nothing():
    finding = judged("worker-is-cpu", watched("pool-fork", 1.0), cpus=1)
    assert finding.verdict == "unknown"
    assert "two usable CPUs" in finding.missing[0]


def test_a_system_that_names_no_cpus_leaves_the_claim_open():
    finding = judged("worker-is-cpu", watched("pool-fork", None))
    assert finding.verdict == "unknown"
    assert "on which CPU" in finding.missing[0]
