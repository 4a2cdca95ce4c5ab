"""From made-up comparisons to verdicts: each verdict, the canary, and what no shuffling of sides or units may
change.
"""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from paceline.ab.judging import Count, decided, judged, open_cells, open_suspects, suspects
from paceline.ab.record import CANARY, CellPlan, Comparison, Pair, SideFacts, Taken
from paceline.stats.comparison import MAIN_LOOKS, fresh_looks

# SciPy is imported in a first example, and a busy machine is no fault of the code
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])

A, B = "benchmarks/test_gate.py::test_cpu", "benchmarks/test_gate.py::test_threads"
SIDE = SideFacts(typed=".", place="working tree", commit=None, dirty=False, python="CPython 3.11.7")

QUIET = [place / 1000 * (-1) ** place for place in range(1, 15)]  # 14 pairs around 1, at most 1.4 % away
NOISY = [place / 50 * (-1) ** place for place in range(1, 15)]  # at most 28 % away
LITTLE = [0.01 + noise / 10 for noise in QUIET]  # certain, but 1 %
SLOW = [0.1 + noise for noise in QUIET]
FAST = [-log_ratio for log_ratio in SLOW]
SWAPPED = {"slower": "faster", "faster": "slower"}


def taken(seconds, **counts):
    return Taken(rounds=(seconds * 0.9, seconds, seconds * 1.2), counts=counts)


def pair(number, phase, cells):
    return Pair(
        number=number,
        phase=phase,
        first="baseline",
        order=tuple(cells),
        baseline=dict.fromkeys(cells, taken(1.0)),
        candidate={name: taken(math.exp(log_ratio)) for name, log_ratio in cells.items()},
        seconds=1.0,
    )


def phase_of(phase, cells):
    longest = max(map(len, cells.values()), default=0)
    return [
        pair(number, phase, {name: each[number] for name, each in cells.items() if number < len(each)})
        for number in range(longest)
    ]


def a_comparison(main, fresh=None, tolerance=0.03, **facts):
    """A comparison of log ratios by name, with one look at all pairs; the canary is quiet if nothing else is said."""
    main = {CANARY: QUIET[: max(map(len, main.values()), default=0)], **main}
    looks = {"looks": _one_look(main), "fresh_looks": _one_look(fresh or {})}
    return Comparison(
        baseline=SIDE,
        candidate=SIDE,
        fingerprint="here",
        datetime="2026-01-01T00:00:00+00:00",
        seed=1,
        tolerance=tolerance,
        arguments=(),
        pairs=(*phase_of("main", main), *phase_of("confirm", fresh or {})),
        **{**looks, **facts},
    )


def _one_look(cells):
    longest = max(map(len, cells.values()), default=0)
    return (longest,) if longest else ()


def turned(comparison):
    """The same comparison with the sides swapped."""
    return replace(
        comparison,
        pairs=tuple(replace(each, baseline=each.candidate, candidate=each.baseline) for each in comparison.pairs),
    )


def scaled(comparison, factor):
    """The same comparison in another unit."""

    def side(cells):
        return {name: replace(one, rounds=tuple(factor * time for time in one.rounds)) for name, one in cells.items()}

    pairs = tuple(
        replace(each, baseline=side(each.baseline), candidate=side(each.candidate)) for each in comparison.pairs
    )
    return replace(comparison, pairs=pairs)


def cell(comparison, name=A):
    return next(each for each in judged(comparison).cells if each.fullname == name)


some_ratios = some.lists(some.integers(-300, 300).map(lambda thousandths: thousandths / 1000), min_size=1, max_size=16)
some_comparisons = some.builds(
    a_comparison,
    some.fixed_dictionaries({A: some_ratios, B: some.sampled_from([SLOW, FAST, QUIET])}),
    some.fixed_dictionaries({A: some_ratios, B: some.sampled_from([SLOW, FAST, QUIET])}),
)


def test_a_quiet_cell_without_a_change_is_the_same():
    found = cell(a_comparison({A: QUIET}))
    assert found.verdict == "same"
    assert found.why == "within 3.0 % either way: +0.1 % (-0.4 % to +0.5 %) in 14 pairs"
    assert found.needed is None
    assert found.fresh is None


def test_a_certain_change_below_the_tolerance_is_none():
    found = cell(a_comparison({A: LITTLE}))
    assert found.verdict == "same"
    assert found.main.p < 0.001


def test_a_change_that_fresh_pairs_bear_out_is_slower():
    comparison = a_comparison({A: SLOW, B: QUIET}, {A: SLOW[:10]})
    found = cell(comparison)
    assert found.verdict == "slower"
    assert found.why == (
        "slower, twice: +10.6 % (+10.1 % to +11.1 %) in 14 pairs, +10.6 % (+10.2 % to +10.9 %) in 10 fresh ones"
    )
    assert (found.main.pairs, found.fresh.pairs, found.needed) == (14, 10, None)
    assert judged(comparison).verdict == "slower"


def test_the_figures_are_ratios_of_candidate_to_baseline():
    found = cell(a_comparison({A: [math.log(1.25)] * 14}))
    assert (found.main.ratio, found.main.low, found.main.high) == pytest.approx((1.25, 1.25, 1.25))
    assert (found.baseline_seconds, found.candidate_seconds) == pytest.approx((1.0, 1.25))


def test_p_of_the_main_phase_is_corrected_over_all_cells_and_the_canary():
    assert cell(a_comparison({A: SLOW, B: QUIET})).main.p == pytest.approx(3 * 2 / 2**14)


def test_p_of_fresh_pairs_is_of_one_direction_and_corrected_over_what_is_under_suspicion():
    found = cell(a_comparison({A: SLOW, B: SLOW, "c": QUIET}, {A: SLOW[:10], B: SLOW[:10]}))
    assert found.fresh.p == pytest.approx(2 / 2**10)


def test_suspicion_without_fresh_pairs_yet_counts_as_a_test_all_the_same():
    found = cell(a_comparison({A: SLOW, B: SLOW}, {A: SLOW[:10]}))
    assert found.fresh.p == pytest.approx(2 / 2**10)


def test_a_gain_that_fresh_pairs_bear_out_is_faster_and_no_failure():
    comparison = a_comparison({A: FAST}, {A: FAST[:10]})
    assert cell(comparison).verdict == "faster"
    assert cell(comparison).why.startswith("faster, twice: -9.6 % (")
    assert judged(comparison).verdict == "faster"


def test_suspicion_before_there_are_fresh_pairs_is_unknown():
    comparison = a_comparison({A: SLOW, B: QUIET})
    assert suspects(comparison) == (A,)
    assert cell(comparison).verdict == "unknown"
    assert cell(comparison).why.endswith("in 14 pairs looks slower, but no fresh pairs were taken to bear it out")


@pytest.mark.parametrize(
    "fresh", [QUIET, FAST, NOISY, SLOW[:3]], ids=["no change", "the other way", "noisy", "too few"]
)
def test_suspicion_that_fresh_pairs_do_not_bear_out_is_unknown(fresh):
    comparison = a_comparison({A: SLOW}, {A: fresh})
    assert cell(comparison).verdict == "unknown"
    assert "looks slower, but fresh pairs did not bear it out: " in cell(comparison).why
    assert judged(comparison).verdict == "unknown"


def test_fresh_pairs_of_a_cell_without_suspicion_say_nothing():
    found = cell(a_comparison({A: QUIET}, {A: SLOW}))
    assert (found.verdict, found.fresh) == ("same", None)


def test_a_noisy_cell_is_unknown_and_says_how_many_pairs_would_do():
    found = cell(a_comparison({A: NOISY}))
    assert found.verdict == "unknown"
    assert found.needed > 100
    assert found.why.startswith("the interval -")
    assert found.why.endswith(f" of 14 pairs reaches beyond 3.0 %; about {found.needed} pairs would do")


@pytest.mark.parametrize("slow", [[0.1], SLOW[:4]], ids=["one pair", "four pairs"])
def test_too_few_pairs_for_an_interval_are_unknown(slow):
    found = cell(a_comparison({A: slow}))
    assert (found.verdict, found.main.low, found.main.high) == ("unknown", None, None)
    assert f"{len(slow)} pair" in found.why
    assert "too few for an interval" in found.why


def test_pairs_too_few_for_an_interval_tell_no_spread_and_need_as_many_as_can_reject():
    found = cell(a_comparison({A: [0.0]}))
    assert found.needed == 6  # 2 x 2^-6 x 2 tests is below 10 %
    assert found.why == "1 pair is too few for an interval; about 6 pairs would do"


def test_pairs_too_few_to_reject_are_unknown_however_large_the_change_and_as_many_as_can_would_do():
    found = cell(a_comparison({A: SLOW[:5], B: QUIET[:5]}))
    assert found.verdict == "unknown"
    assert found.needed == 6  # 3 tests: 2 * 3 / 2^6 is below 10 %
    assert "is beyond 3.0 %, but chance is not excluded (p = 0.19, corrected); about 6 pairs would do" in found.why


def test_a_cell_right_at_the_edge_of_the_tolerance_needs_more_pairs_than_anybody_waits_for():
    found = cell(a_comparison({A: [math.log1p(0.0299) + noise for noise in QUIET]}))
    assert (found.verdict, found.needed) == ("unknown", None)


def test_an_unknown_cell_never_needs_as_many_pairs_as_it_has():
    found = cell(a_comparison({A: [0.02] * 13 + [0.3]}, tolerance=0.03))
    assert found.needed is None or found.needed > 14


@pytest.mark.parametrize("moved", [SLOW, FAST], ids=["slower", "faster"])
def test_a_canary_that_moves_twice_makes_nothing_comparable(moved):
    found = judged(a_comparison({CANARY: moved, A: SLOW}, {CANARY: moved[:10], A: SLOW[:10]}))
    assert found.verdict == "not comparable"
    assert found.canary.fullname == CANARY
    assert found.canary.verdict == ("slower" if moved is SLOW else "faster")


def test_a_canary_that_moves_only_once_does_not_keep_a_slower_cell_from_showing():
    comparison = a_comparison({CANARY: SLOW, A: SLOW}, {CANARY: QUIET[:10], A: SLOW[:10]})
    assert suspects(comparison) == (A, CANARY)
    assert judged(comparison).verdict == "slower"
    assert judged(comparison).canary.verdict == "unknown"


def test_a_noisy_canary_is_unknown_and_no_cell():
    found = judged(a_comparison({CANARY: NOISY, A: QUIET}))
    assert (found.canary.verdict, found.verdict) == ("unknown", "not slower")
    assert [each.fullname for each in found.cells] == [A]


def test_one_unknown_cell_makes_all_unknown_and_a_slower_one_is_said_first():
    assert judged(a_comparison({A: QUIET, B: NOISY})).verdict == "unknown"
    assert judged(a_comparison({A: SLOW, B: NOISY}, {A: SLOW})).verdict == "slower"


def test_cells_stand_in_the_order_of_their_names():
    assert [each.fullname for each in judged(a_comparison({B: QUIET, A: QUIET})).cells] == [A, B]


def test_a_comparison_without_the_canary_is_refused():
    with pytest.raises(ValueError, match="no main pair holds the canary on both sides"):
        judged(a_comparison({CANARY: [], A: QUIET}))


def test_a_pair_that_has_a_cell_on_one_side_only_says_nothing_about_it():
    comparison = a_comparison({A: SLOW, B: QUIET})
    first, second, *others = comparison.pairs
    one_sided = replace(first, candidate={name: each for name, each in first.candidate.items() if name != A})
    empty = replace(second, baseline={**second.baseline, A: Taken(rounds=())})
    found = replace(comparison, pairs=(one_sided, empty, *others))
    assert cell(found, A).main.pairs == 12
    assert cell(found, B).main.pairs == 14


def test_a_cell_that_one_side_never_has_is_not_judged():
    comparison = a_comparison({A: QUIET, B: QUIET})
    pairs = tuple(
        replace(each, baseline={name: one for name, one in each.baseline.items() if name != B})
        for each in comparison.pairs
    )
    assert [each.fullname for each in judged(replace(comparison, pairs=pairs)).cells] == [A]


def test_counts_are_the_different_values_of_each_side():
    comparison = a_comparison({A: QUIET})
    pairs = tuple(
        replace(
            each,
            baseline={**each.baseline, A: taken(1.0, connections=4, requests=64, old=1)},
            candidate={**each.candidate, A: taken(1.0, connections=64, requests=64 + each.number % 2)},
        )
        for each in comparison.pairs
    )
    counts = cell(replace(comparison, pairs=pairs)).counts
    assert counts == {
        "connections": Count(baseline=(4,), candidate=(64,)),
        "requests": Count(baseline=(64,), candidate=(64, 65)),
    }
    assert [name for name, count in counts.items() if count.changed] == ["connections"]


def test_what_each_cell_would_be_called_is_told_from_the_first_pair_on():
    assert decided(a_comparison({})) == {}
    assert decided(a_comparison({A: [0.0]})) == {A: "unknown", CANARY: "unknown"}
    assert decided(a_comparison({A: QUIET, B: SLOW})) == {A: "same", B: "unknown", CANARY: "same"}


QUIETER = [log_ratio / 2 for log_ratio in QUIET]


def sequential(main, fresh=None, **facts):
    """A comparison with the usual looks."""
    return a_comparison(main, fresh, **{"looks": MAIN_LOOKS, "fresh_looks": (), **facts})


def planned(*names):
    return {name: CellPlan(calls=10, rounds=3, warmup=20, seconds=1e-4, pinned=True) for name in names}


def test_a_cell_is_decided_at_a_look_and_later_pairs_decide_nothing():
    found = cell(sequential({A: [*QUIETER[:6], *SLOW], CANARY: [0.0] * 20}))
    assert (found.verdict, found.main.pairs, found.main.level) == ("same", 6, 1 - 2 / 64)


@pytest.mark.parametrize(("pairs", "looked_at"), [(6, 6), (8, 6), (9, 9), (12, 9), (14, 13)])
def test_an_open_cell_is_told_from_the_last_look_that_its_pairs_reached(pairs, looked_at):
    assert cell(sequential({A: NOISY[:pairs]})).main.pairs == looked_at


def test_before_the_first_look_nothing_is_decided_however_clear():
    comparison = sequential({A: SLOW[:5], B: QUIETER[:5]})
    assert {each.verdict for each in judged(comparison).cells} == {"unknown"}
    assert cell(comparison).why == "5 pairs are fewer than the 6 of the first look; about 6 pairs would do"
    assert open_cells(comparison) == (A, B)


def test_the_open_cells_are_those_of_the_plan_until_a_look_decides_them():
    plan = planned(A, B, "c")
    assert open_cells(sequential({}, plan=plan)) == (A, B, "c")
    assert open_cells(sequential({A: QUIETER, B: NOISY, "c": SLOW}, plan=plan)) == (B,)
    assert open_cells(sequential({A: QUIETER[:6], B: NOISY[:6], "c": SLOW[:6]}, plan=plan)) == (B, "c")


def test_a_suspect_leaves_the_main_pairs_and_fresh_looks_decide_it():
    main = {A: [*SLOW[:9], *FAST], B: [0.0] * 23, CANARY: [0.0] * 23}
    suspected = sequential(main)
    assert (suspects(suspected), open_suspects(suspected)) == ((A,), (A,))
    looks = fresh_looks(1)
    for pairs, still_open in [(looks[0] - 1, (A,)), (looks[0], ())]:
        comparison = sequential(main, {A: SLOW[:pairs]}, fresh_looks=looks)
        assert open_suspects(comparison) == still_open
        assert cell(comparison).verdict == ("unknown" if still_open else "slower")
    assert (cell(comparison).main.pairs, cell(comparison).fresh.pairs) == (9, looks[0])


def test_fewer_fresh_pairs_than_their_first_look_takes_are_said_to_be_too_few():
    comparison = sequential({A: SLOW, B: [0.0] * 14}, {A: SLOW[:3]}, fresh_looks=fresh_looks(1))
    assert "looks slower, but there are too few fresh pairs to bear it out: +10.4 % in 3 fresh ones" in (
        cell(comparison).why
    )


def test_more_cells_wait_for_a_later_look_until_a_clear_change_can_be_told_from_chance():
    few, many = ({A: SLOW, **{str(index): [0.0] * 14 for index in range(others)}} for others in (6, 23))
    assert cell(sequential({**few, A: SLOW})).main.pairs == 9
    assert cell(sequential({**many, A: SLOW})).main.pairs == 13


@pytest.mark.parametrize("where", ["left_out", "failed"])
def test_a_cell_that_is_gone_halfway_is_judged_only_if_it_was_decided_before(where):
    comparison = sequential({A: NOISY[:9], B: QUIETER[:9], "c": QUIET}, **{where: {A: "it broke", B: "it broke"}})
    assert [each.fullname for each in judged(comparison).cells] == [B, "c"]
    assert open_cells(comparison) == ()
    assert judged(comparison).failed == comparison.failed


@pytest.mark.parametrize(("last", "grown"), [(1.2, 0.2), (1.04, None)])
def test_rounds_that_grow_are_marked_beside_the_verdict(last, grown):
    comparison = sequential({A: QUIETER[:6]}, plan=planned(A))
    grows = Taken(rounds=(1.0, 1.0, 1.1, 1.1, last, last))
    pairs = tuple(
        replace(each, baseline={**each.baseline, A: grows}, candidate={**each.candidate, A: grows})
        for each in comparison.pairs
    )
    found = cell(replace(comparison, pairs=pairs))
    assert found.verdict == "same"
    assert found.growth == (grown and pytest.approx(grown))
    assert len(found.remarks) == (grown is not None)
    assert all(remark.startswith("its rounds grow by 20 % from first to last") for remark in found.remarks)


@unhurried
@given(some_comparisons)
def test_swapping_the_sides_inverts_the_ratio_and_swaps_the_verdict(comparison):
    one, other = judged(comparison), judged(turned(comparison))
    for cell_, swapped in zip(one.cells, other.cells, strict=True):
        assert swapped.verdict == SWAPPED.get(cell_.verdict, cell_.verdict)
        assert swapped.main.ratio == pytest.approx(1 / cell_.main.ratio, rel=1e-12)
        assert (swapped.main.p, swapped.needed) == (cell_.main.p, cell_.needed)
        if cell_.main.low is not None:
            assert swapped.main.low == pytest.approx(1 / cell_.main.high, rel=1e-12)
            assert swapped.main.high == pytest.approx(1 / cell_.main.low, rel=1e-12)


@unhurried
@given(some_comparisons, some.sampled_from([1e-6, 0.1, 3.0, 7.0, 1e3]))
def test_another_unit_changes_nothing(comparison, factor):
    one, other = judged(comparison), judged(scaled(comparison, factor))
    assert one.verdict == other.verdict
    for before, after in zip(one.cells, other.cells, strict=True):
        assert (before.verdict, before.main.p) == (after.verdict, after.main.p)
        assert after.main.ratio == pytest.approx(before.main.ratio, rel=1e-12)
        assert after.candidate_seconds == pytest.approx(before.candidate_seconds * factor)


@unhurried
@given(some_comparisons)
def test_identical_sides_are_never_slower_or_faster(comparison):
    same = replace(comparison, pairs=tuple(replace(each, candidate=each.baseline) for each in comparison.pairs))
    found = judged(same)
    assert suspects(same) == ()
    assert {each.verdict for each in (*found.cells, found.canary)} <= {"same", "unknown"}
    assert all(each.main.ratio == 1.0 for each in found.cells)


@unhurried
@given(some_comparisons)
def test_only_a_cell_under_suspicion_is_ever_slower_or_faster(comparison):
    found = judged(comparison)
    moved = {each.fullname for each in (*found.cells, found.canary) if each.verdict in SWAPPED}
    assert moved <= set(suspects(comparison))
