"""
Effects, tests and verdicts from log ratios, against tables, textbook samples and cases that can be counted by hand.
"""

import math
import statistics

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from paceline.stats import comparison
from paceline.stats.comparison import ALPHA, beyond, holm, log_ratio, pairs_needed, suspected, verdict, within
from paceline.stats.signed_rank import Effect, effect, sign_flip

# SciPy is imported in a first example, and a busy machine is no fault of the code
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])

# Hamilton's depression scale after a tranquillizer minus before: Hollander and Wolfe, table 3.1
DEPRESSION = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010]
LIMIT = math.log1p(0.03)
JUST_ABOVE = math.nextafter(LIMIT, 1)

log_ratios = some.lists(some.integers(-2000, 2000).map(lambda thousandths: thousandths / 1000), min_size=1, max_size=20)
effects = some.builds(
    lambda low, middle, high: Effect(middle, low, high, 0.01, 14),
    some.floats(-0.3, 0),
    some.just(0.0),
    some.floats(0, 0.3),
)


def an_effect(estimate, low=None, high=None):
    return Effect(estimate, low, high, 0.01, 14)


def test_a_log_ratio_is_that_of_rounds_taken_in_the_same_turn():
    fast_and_slow = [1.0, 1.0, 7.0, 7.0, 1.0, 7.0]
    assert log_ratio(fast_and_slow, [2 * each for each in fast_and_slow]) == pytest.approx(math.log(2))


def test_one_odd_turn_moves_a_log_ratio_no_further_than_its_neighbours():
    assert log_ratio([1.0] * 5, [2.0, 2.0, 2.0, 2.0, 1000.0]) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("baseline", "candidate", "complaint"),
    [
        ([1.0], [0.0], "a round of 0.0 s has no ratio"),
        ([1.0], [1.0, 3.0], "1 rounds and 2 make no turns"),
        ([], [], "0 rounds and 0 make no turns"),
    ],
    ids=["no time", "other numbers of rounds", "no rounds"],
)
def test_rounds_without_a_ratio_are_refused(baseline, candidate, complaint):
    with pytest.raises(ValueError, match=complaint):
        log_ratio(baseline, candidate)


turns = some.lists(some.tuples(some.floats(1e-6, 100), some.floats(1e-6, 100)), min_size=1, max_size=9)


@unhurried
@given(turns)
def test_swapping_the_sides_only_turns_the_sign_of_the_log_ratio(both):
    baseline, candidate = zip(*both, strict=True)
    assert log_ratio(baseline, candidate) == -log_ratio(candidate, baseline)


@unhurried
@given(turns, some.floats(0.01, 100))
def test_a_machine_that_is_slower_for_both_sides_changes_no_log_ratio(both, factor):
    baseline, candidate = zip(*both, strict=True)
    scaled = log_ratio([factor * each for each in baseline], [factor * each for each in candidate])
    assert scaled == pytest.approx(log_ratio(baseline, candidate), abs=1e-9)


def test_the_estimate_is_the_median_of_all_averages_of_two():
    assert effect([1.0, 2.0, 6.0]).estimate == 2.75  # 1, 1.5, 2, 3.5, 4, 6


def test_the_estimate_of_a_textbook_sample():
    assert effect(DEPRESSION).estimate == pytest.approx(-0.46)


def test_the_interval_of_a_textbook_sample():
    found = effect(DEPRESSION, level=0.96)
    assert (found.low, found.high) == (pytest.approx(-0.786), pytest.approx(-0.010))


def test_six_pairs_have_an_interval_from_the_least_to_the_largest():
    found = effect([0.05, 0.01, 0.04, 0.02, 0.06, 0.03])
    assert (found.low, found.high, found.pairs) == (0.01, 0.06, 6)


def test_five_pairs_have_no_interval_at_95_per_cent():
    found = effect([0.01, 0.02, 0.03, 0.04, 0.05])
    assert (found.low, found.high) == (None, None)


def test_five_pairs_have_one_at_90_per_cent():
    assert effect([0.01, 0.02, 0.03, 0.04, 0.05], level=0.9).high == 0.05


@pytest.mark.parametrize(("pairs", "critical"), [(6, 0), (7, 2), (8, 3), (10, 8), (14, 21), (20, 52), (25, 89)])
def test_the_interval_leaves_out_as_many_averages_as_wilcoxons_table_says(pairs, critical):
    values = [2.0**place for place in range(pairs)]  # no two averages are the same
    averages = sorted((one + other) / 2 for place, one in enumerate(values) for other in values[place:])
    found = effect(values)
    assert (averages.index(found.low), averages[::-1].index(found.high)) == (critical, critical)


def test_values_that_are_all_the_same_have_that_point_for_an_interval():
    found = effect([0.02] * 6)
    assert (found.low, found.estimate, found.high, found.spread) == (0.02, 0.02, 0.02, 0.0)


def test_one_pair_has_no_spread():
    assert effect([0.02]) == Effect(0.02, None, None, None, 1)


def test_no_pairs_have_no_effect():
    with pytest.raises(statistics.StatisticsError):
        effect([])


def test_one_burst_moves_neither_estimate_nor_p_by_its_size():
    quiet = [0.001, -0.002, 0.003, -0.004, 0.005, -0.006, 0.007, -0.008, 0.009, 0.010]
    burst = [*quiet[:-1], 5.0]
    assert abs(effect(burst).estimate) < 0.01
    assert sign_flip(burst) == sign_flip(quiet)


@unhurried
@given(log_ratios)
def test_swapping_the_sides_turns_the_effect_around(values):
    one, other = effect(values), effect([-value for value in values])
    assert other.estimate == -one.estimate
    assert (other.low, other.high) == ((None, None) if one.low is None else (-one.high, -one.low))
    assert other.spread == one.spread


@unhurried
@given(log_ratios)
def test_the_estimate_lies_in_its_interval(values):
    found = effect(values)
    if len(values) >= 6:
        assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize(("alternative", "p"), [("two-sided", 2 / 64), ("greater", 1 / 64), ("less", 1.0)])
def test_six_pairs_of_one_sign_are_as_rare_as_six_heads(alternative, p):
    assert sign_flip([0.01, 0.02, 0.03, 0.04, 0.05, 0.06], alternative) == p


@pytest.mark.parametrize(("alternative", "p"), [("two-sided", 4 / 64), ("greater", 2 / 64), ("less", 63 / 64)])
def test_one_small_sign_against_five_counts_one_more_way(alternative, p):
    assert sign_flip([-0.01, 0.02, 0.03, 0.04, 0.05, 0.06], alternative) == p


def test_the_p_of_a_textbook_sample():
    assert sign_flip(DEPRESSION, "less") == pytest.approx(0.01953, abs=5e-6)


def test_equal_sizes_share_their_ranks():
    # ranks 1.5, 1.5, 3, the sum 4.5: of 8 ways to set the signs, two of the pair's and the one seen
    assert sign_flip([-0.01, 0.01, 0.02], "greater") == 3 / 8


def test_pairs_that_are_all_equal_are_tested_exactly_however_many():
    assert sign_flip([0.01] * 40, "greater") == 2**-40


def test_zeros_are_left_out():
    values = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    assert sign_flip([0.0, *values, 0.0]) == sign_flip(values)


@pytest.mark.parametrize("values", [[], [0.0], [0.0] * 14])
def test_nothing_but_zeros_rejects_nothing(values):
    assert sign_flip(values) == 1.0


def test_one_ratio_of_different_times_ties_whatever_its_last_digit():
    fourth = math.log(3) - math.log(1)
    assert sign_flip([fourth, -math.nextafter(fourth, 9), 2.0]) == sign_flip([fourth, -fourth, 2.0])


def test_many_pairs_have_a_tiny_p_not_a_rounded_one():
    assert sign_flip([place / 100 for place in range(1, 61)], "greater") == pytest.approx(2**-60)


@unhurried
@given(log_ratios)
def test_swapping_the_sides_swaps_the_tails_and_keeps_the_two_sided_p(values):
    turned = [-value for value in values]
    assert sign_flip(turned) == sign_flip(values)
    assert sign_flip(turned, "less") == sign_flip(values, "greater")


@unhurried
@given(some.lists(some.integers(-3, 3), min_size=1, max_size=8))
def test_the_test_with_ties_is_scipys_permutation_test(values):
    from scipy.stats import PermutationMethod, wilcoxon

    directed = [value for value in values if value]
    assume(len(directed) > 1)
    expected = wilcoxon(directed, method=PermutationMethod()).pvalue
    assert sign_flip([float(value) for value in values]) == pytest.approx(expected)


def test_holms_correction_of_four_tests():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )


def test_holms_correction_keeps_the_order_of_the_names():
    assert list(holm({"b": 0.5, "a": 0.01})) == ["b", "a"]


def test_one_test_needs_no_correction_and_none_gives_none():
    assert holm({"a": 0.04}) == {"a": 0.04}
    assert holm({}) == {}


@unhurried
@given(some.dictionaries(some.text(max_size=3), some.floats(0, 1), max_size=9))
def test_holms_correction_never_lowers_reorders_or_passes_one(ps):
    found = holm(ps)
    assert all(ps[name] <= found[name] <= 1 for name in ps)
    assert sorted(ps, key=ps.get) == sorted(ps, key=lambda name: (found[name], ps[name]))


@pytest.mark.parametrize(
    ("estimate", "side"),
    [(0.0, None), (LIMIT, None), (-LIMIT, None), (JUST_ABOVE, "slower"), (-JUST_ABOVE, "faster")],
)
def test_a_change_of_just_the_tolerance_does_not_exceed_it(estimate, side):
    assert beyond(an_effect(estimate), 0.03) == side


@pytest.mark.parametrize(
    ("p", "side"), [(ALPHA, "slower"), (math.nextafter(ALPHA, 0), "slower"), (math.nextafter(ALPHA, 1), None)]
)
def test_suspicion_needs_a_p_of_at_most_alpha(p, side):
    assert suspected(an_effect(0.1), p, 0.03) == side


def test_no_certainty_makes_a_small_change_suspicious():
    assert suspected(an_effect(LIMIT, 0.02, 0.03), 0.0, 0.03) is None


@pytest.mark.parametrize(
    ("low", "high", "lies_within"),
    [
        (-LIMIT, LIMIT, True),
        (0.01, 0.02, True),
        (-JUST_ABOVE, 0.0, False),
        (0.0, JUST_ABOVE, False),
        (0.04, 0.05, False),
        (None, None, False),
    ],
)
def test_an_interval_lies_within_the_tolerance_up_to_its_edges(low, high, lies_within):
    assert within(an_effect(0.0, low, high), 0.03) is lies_within


@pytest.mark.parametrize(("sign", "word"), [(1, "slower"), (-1, "faster")])
def test_a_change_that_fresh_pairs_bear_out_is_one(sign, word):
    assert verdict(an_effect(sign * 0.1), 0.01, 0.03, an_effect(sign * 0.09), 0.01) == word
    assert verdict(an_effect(sign * JUST_ABOVE), ALPHA, 0.03, an_effect(sign * JUST_ABOVE), ALPHA) == word


@pytest.mark.parametrize(
    ("fresh", "fresh_p"),
    [
        (None, 1.0),
        (an_effect(0.1), math.nextafter(ALPHA, 1)),
        (an_effect(LIMIT, 0.02, 0.04), 0.001),
        (an_effect(-0.1), 0.001),
        (an_effect(0.0, -0.01, 0.01), 1.0),
    ],
    ids=["none yet", "may be chance", "just the tolerance", "the other way", "no change"],
)
def test_a_change_that_fresh_pairs_do_not_bear_out_is_unknown(fresh, fresh_p):
    assert verdict(an_effect(0.1, 0.05, 0.15), 0.001, 0.03, fresh, fresh_p) == "unknown"


def test_a_certain_change_within_the_tolerance_is_none():
    assert verdict(an_effect(0.02, 0.015, 0.025), 0.001, 0.03) == "same"


def test_an_interval_beyond_the_tolerance_without_certainty_is_unknown():
    assert verdict(an_effect(0.05, 0.04, 0.06), 0.06, 0.03) == "unknown"
    assert verdict(an_effect(0.0, -0.04, 0.01), 1.0, 0.03) == "unknown"


def test_fresh_pairs_alone_make_nothing_slower():
    assert verdict(an_effect(0.02, 0.01, 0.03), 1.0, 0.05, an_effect(0.2), 0.001) == "same"


@unhurried
@given(effects, some.floats(0.001, 0.2), some.floats(0.001, 0.2))
def test_a_wider_tolerance_keeps_what_is_the_same(main, one, other):
    narrow, wide = sorted((one, other))
    if verdict(main, 1.0, narrow) == "same":
        assert verdict(main, 1.0, wide) == "same"


@unhurried
@given(some.floats(-0.3, 0.3), some.floats(0, 0.1), some.floats(-0.3, 0.3), some.floats(0, 0.1))
def test_swapping_the_sides_swaps_slower_and_faster(main, p, fresh, fresh_p):
    swapped = {"slower": "faster", "faster": "slower"}
    one = verdict(an_effect(main, main, main), p, 0.03, an_effect(fresh), fresh_p)
    other = verdict(an_effect(-main, -main, -main), p, 0.03, an_effect(-fresh), fresh_p)
    assert other == swapped.get(one, one)


@pytest.mark.parametrize("spread", [0.02, 0.03, 0.05])
def test_the_pairs_needed_are_the_fewest_that_keep_both_ends_inside(spread):
    from scipy.stats import t

    def reach(pairs):
        quantiles = t.ppf(0.975, pairs - 1) + t.ppf(0.9, pairs - 1)
        return quantiles * spread / math.sqrt(pairs * 3 / math.pi)

    found = pairs_needed(spread, LIMIT)
    assert reach(found) <= LIMIT < reach(found - 1)


@pytest.mark.parametrize("spread", [0.0, 0.001])
def test_however_quiet_a_cell_is_six_pairs_are_needed(spread):
    assert pairs_needed(spread, LIMIT) == comparison.LEAST_PAIRS == 6


def test_a_cell_too_noisy_for_anybody_to_wait_has_no_number_of_pairs():
    assert pairs_needed(1.0, LIMIT) is None


def test_more_power_or_a_higher_level_takes_more_pairs():
    usual = pairs_needed(0.05, LIMIT)
    assert pairs_needed(0.05, LIMIT, power=0.95) > usual
    assert pairs_needed(0.05, LIMIT, level=0.99) > usual


@unhurried
@given(some.floats(0, 0.2), some.floats(0, 0.2))
def test_more_spread_never_takes_fewer_pairs(one, other):
    low, high = (pairs_needed(spread, LIMIT) or math.inf for spread in sorted((one, other)))
    assert low <= high


@pytest.mark.parametrize(("tests", "pairs"), [(1, 6), (8, 9), (30, 11)])
def test_the_test_can_reject_from_the_first_number_of_pairs_whose_p_survives_the_correction(tests, pairs):
    assert comparison.pairs_to_reject(tests) == pairs
    assert sign_flip([place / 100 for place in range(1, pairs + 1)]) * tests <= ALPHA
    assert sign_flip([place / 100 for place in range(1, pairs)]) * tests > ALPHA
