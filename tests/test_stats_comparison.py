"""Effects, tests and verdicts from log ratios, against tables, textbook samples and cases that can be counted by
hand.
"""

import math
import statistics

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from paceline.stats import comparison
from paceline.stats.comparison import beyond, follow, holm, log_ratio, needed, pairs_to_reject
from paceline.stats.inference import Effect, effect, growth, sign_flip, within

# a busy machine is no fault of the code
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])

# Hamilton's depression scale after a tranquillizer minus before: Hollander and Wolfe, table 3.1
DEPRESSION = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010]
LIMIT = math.log1p(0.03)
JUST_ABOVE = math.nextafter(LIMIT, 1)

log_ratios = some.lists(some.integers(-2000, 2000).map(lambda thousandths: thousandths / 1000), min_size=1, max_size=20)


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
    assert effect([1.0, 2.0, 6.0], 0.95).estimate == 2.75  # 1, 1.5, 2, 3.5, 4, 6


def test_the_estimate_of_a_textbook_sample():
    assert effect(DEPRESSION, 0.95).estimate == pytest.approx(-0.46)


def test_the_interval_of_a_textbook_sample():
    found = effect(DEPRESSION, level=0.96)
    assert (found.low, found.high) == (pytest.approx(-0.786), pytest.approx(-0.010))


def test_six_pairs_have_an_interval_from_the_least_to_the_largest():
    found = effect([0.05, 0.01, 0.04, 0.02, 0.06, 0.03], 0.95)
    assert (found.low, found.high, found.pairs) == (0.01, 0.06, 6)


def test_five_pairs_have_no_interval_at_95_per_cent():
    found = effect([0.01, 0.02, 0.03, 0.04, 0.05], 0.95)
    assert (found.low, found.high) == (None, None)


def test_five_pairs_have_one_at_90_per_cent():
    assert effect([0.01, 0.02, 0.03, 0.04, 0.05], level=0.9).high == 0.05


@pytest.mark.parametrize(("pairs", "critical"), [(6, 0), (7, 2), (8, 3), (10, 8), (14, 21), (20, 52), (25, 89)])
def test_the_interval_leaves_out_as_many_averages_as_wilcoxons_table_says(pairs, critical):
    values = [2.0**place for place in range(pairs)]  # no two averages are the same
    averages = sorted((one + other) / 2 for place, one in enumerate(values) for other in values[place:])
    found = effect(values, 0.95)
    assert (averages.index(found.low), averages[::-1].index(found.high)) == (critical, critical)


def test_values_that_are_all_the_same_have_that_point_for_an_interval():
    found = effect([0.02] * 6, 0.95)
    assert (found.low, found.estimate, found.high) == (0.02, 0.02, 0.02)


def test_one_pair_has_no_interval():
    assert effect([0.02], 0.95) == Effect(0.02, None, None, 0.95, 1)


def test_no_pairs_have_no_effect():
    with pytest.raises(statistics.StatisticsError):
        effect([], 0.95)


def test_one_burst_moves_neither_estimate_nor_p_by_its_size():
    quiet = [0.001, -0.002, 0.003, -0.004, 0.005, -0.006, 0.007, -0.008, 0.009, 0.010]
    burst = [*quiet[:-1], 5.0]
    assert abs(effect(burst, 0.95).estimate) < 0.01
    assert sign_flip(burst) == sign_flip(quiet)


@unhurried
@given(log_ratios)
def test_swapping_the_sides_turns_the_effect_around(values):
    one, other = effect(values, 0.95), effect([-value for value in values], 0.95)
    assert other.estimate == -one.estimate
    assert (other.low, other.high) == ((None, None) if one.low is None else (-one.high, -one.low))


@unhurried
@given(log_ratios)
def test_the_estimate_lies_in_its_interval(values):
    found = effect(values, 0.95)
    if len(values) >= 6:
        assert found.low <= found.estimate <= found.high


@unhurried
@given(log_ratios, some.sampled_from([0.01, 0.3, 1.0]), some.sampled_from([0.8, 0.95, 0.99]))
def test_whether_the_interval_lies_within_a_limit_can_be_told_without_making_it(values, limit, level):
    found = effect(values, level)
    inside = found.low is not None and -limit <= found.low and found.high <= limit
    assert within(values, limit, level) == inside


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


def test_tests_that_do_not_reject_count_without_their_p():
    assert holm({"a": 0.01, "d": 0.005}, tests=4) == pytest.approx({"a": 0.03, "d": 0.02})


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
    assert beyond(estimate, 0.03) == side


@pytest.mark.parametrize(
    ("pairs", "tests", "level", "found"),
    [(9, 8, 0.1, "slower"), (9, 8, 8 * 2**-8, "slower"), (9, 8, 7 * 2**-8, "unknown"), (9, 1, 0.0, "unknown")],
)
def test_suspicion_needs_a_corrected_p_of_at_most_the_looks_level(pairs, tests, level, found):
    [one] = follow({"a": [0.1] * pairs}, [comparison.Look(pairs, level, 0.05)], tests, 0.03).values()
    assert (one.verdict, one.p) == (found, tests * 2.0 ** (1 - pairs))


def test_no_certainty_makes_a_small_change_suspicious():
    found = follow({"a": [LIMIT] * 20}, [comparison.Look(20, 0.1, 0.05)], 1, 0.03)["a"]
    assert (found.verdict, found.rejected) == ("same", True)


def test_what_was_rejected_at_one_look_stays_so_when_its_estimate_grows():
    small_then_large = [0.02] * 9 + [0.2, -0.19] * 2 + [0.2] * 12
    levels = [comparison.Look(9, 0.1, 0.0), comparison.Look(25, 0.0, 0.0)]
    found = follow({"a": small_then_large}, levels, 1, 0.03)["a"]
    assert (found.verdict, found.pairs, found.p) == ("slower", 25, 2 / 2**9)


def test_a_cell_that_was_rejected_is_no_longer_counted_and_one_that_is_the_same_is():
    quiet, late = [0.0] * 20, [0.1, -0.1] * 4 + [0.1] * 12
    levels = [comparison.Look(9, 0.1, 0.05), comparison.Look(20, 0.1, 0.05)]
    alone = follow({"b": late}, levels, 1, 0.03)["b"].p
    for beside, tests in (([0.1] * 20, 1), (quiet, 2)):
        assert follow({"a": beside, "b": late}, levels, 2, 0.03)["b"].p == pytest.approx(tests * alone)


@pytest.mark.parametrize(("direction", "found"), [("slower", "slower"), ("faster", "unknown")])
def test_fresh_pairs_have_to_show_the_direction_of_the_suspicion(direction, found):
    levels = comparison.confirming_looks(comparison.fresh_looks(1), 1)
    assert follow({"a": [0.1] * 40}, levels, 1, 0.03, {"a": direction})["a"].verdict == found


def test_fresh_pairs_never_make_a_cell_the_same():
    levels = comparison.confirming_looks(comparison.fresh_looks(1), 1)
    assert follow({"a": [0.0] * 40}, levels, 1, 0.03, {"a": "slower"})["a"].verdict == "unknown"


@pytest.mark.parametrize("tests", [1, 2, 9, 78, 501])
@pytest.mark.parametrize("pairs", [comparison.MAIN_LOOKS, (14,), (3, 4, 200)], ids=["the usual", "one", "odd ones"])
def test_looks_spend_all_of_both_levels_and_no_more(pairs, tests):
    found = comparison.main_looks(pairs, tests)
    assert sum(each.rejection for each in found) == pytest.approx(0.10)
    assert sum(each.miss for each in found) == pytest.approx(0.05, rel=1e-4)
    assert sum(each.miss for each in found) <= 0.05


@pytest.mark.parametrize(("tests", "pairs"), [(2, 9), (8, 9), (25, 13), (78, 13), (501, 19)])
def test_the_first_look_that_spends_is_the_first_at_which_a_clear_change_is_told_from_chance(tests, pairs):
    spending = next(each for each in comparison.main_looks(comparison.MAIN_LOOKS, tests) if each.rejection)
    assert spending.pairs == pairs
    assert tests * sign_flip([0.1] * pairs) <= spending.rejection


@pytest.mark.parametrize(("suspects", "first"), [(1, 5), (2, 6), (4, 7), (25, 10), (500, 14)])
def test_fresh_pairs_are_looked_at_as_soon_as_all_suspects_can_be_borne_out(suspects, first):
    pairs = comparison.fresh_looks(suspects)
    level = comparison.confirming_looks(pairs, suspects)[0].rejection
    assert pairs[0] == first
    assert suspects * 2.0**-first <= level < suspects * 2.0 ** (1 - first)


def needs(*log_ratios, tests=2):
    return needed(effect(log_ratios, 0.95), 0.03, tests)


def test_a_noisier_cell_needs_more_pairs_and_one_too_noisy_has_no_number():
    quiet = [place / 1000 * (-1) ** place for place in range(1, 15)]
    numbers = [needs(*(factor * each for each in quiet)) for factor in (1, 5, 10)]
    assert numbers == sorted(numbers)
    assert 15 == numbers[0] < numbers[1] < numbers[2]
    assert needs(*(100 * each for each in quiet)) is None


def test_a_cell_at_the_edge_of_the_tolerance_needs_more_pairs_than_anybody_waits_for():
    assert needs(*(LIMIT + place / 1000 * (-1) ** place for place in range(1, 15))) is None


def test_pairs_without_an_interval_need_as_many_as_can_reject():
    assert needs(0.1, tests=30) == 10
    assert needs(*[0.1] * 4, tests=1) == 5


@pytest.mark.parametrize(("tests", "pairs"), [(1, 5), (8, 8), (30, 10)])
def test_one_look_can_reject_from_the_first_number_of_pairs_whose_p_survives_the_correction(tests, pairs):
    assert pairs_to_reject(tests) == pairs
    assert sign_flip([place / 100 for place in range(1, pairs + 1)]) * tests <= comparison.REJECTION
    assert sign_flip([place / 100 for place in range(1, pairs)]) * tests > comparison.REJECTION


GROWING = [(1.0, 1.1, 1.2, 1.3, 1.4, 1.5)] * 6


@pytest.mark.parametrize(
    ("rounds", "found"),
    [
        (GROWING, 1.45 / 1.05 - 1),
        ([tuple(reversed(each)) for each in GROWING], None),
        (GROWING[:4], None),
        ([*GROWING, *[(1.5, 1.0, 1.0, 0.9)] * 3], None),
        ([each[:3] for each in GROWING], None),
        ([(1.0, 1.0, 1.0, 1.04)] * 20, None),
        ([], None),
    ],
    ids=["grows", "shrinks", "too few pairs", "not in all", "too few rounds", "a little", "no pairs"],
)
def test_rounds_grow_if_they_certainly_do_and_by_much(rounds, found):
    assert growth(rounds) == (found and pytest.approx(found))
