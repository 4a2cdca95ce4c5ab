"""Traces: on rounds that one can draw on paper, and on all others."""

import json
import math
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.stats import saved_traces, traces
from paceline.stats.traces import best_total


@dataclass(frozen=True)
class Drawn:
    item: int
    worker: int
    start: float
    end: float
    cpu_start: int | None = 0
    cpu_end: int | None = 0


def drawn(picture):
    """Spans from a picture: a line for each worker, a character for each second, a digit for each item."""
    return [
        Drawn(int(item), worker, line.index(item), line.rindex(item) + 1)
        for worker, line in enumerate(picture)
        for item in sorted(set(line) - {"."})
    ]


def on_cpus(*cpus, worker=0, first=0):
    """A worker's items, one after the other, each with the CPUs it began and ended on."""
    return [Drawn(first + place, worker, place, place + 1, *both) for place, both in enumerate(cpus)]


EVEN = drawn(["0022", "1133"])
STRAGGLER = drawn(["000000", "12345."])

GAPS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), max_size=8)
CPUS = st.integers(0, 3)


@st.composite
def rounds(draw):
    """Any round: workers that do one item at a time, items in any order, whole seconds so that sums are exact."""
    spans = []
    for worker in range(draw(st.integers(1, 4))):
        now = 0
        for gap, length in draw(GAPS):
            spans.append(Drawn(0, worker, now + gap, now + gap + length, draw(CPUS), draw(CPUS)))
            now += gap + length
    items = draw(st.permutations(range(len(spans))))
    return [replace(span, item=item) for span, item in zip(spans, items, strict=True)]


def test_workers_stand_in_item_order():
    assert traces.workers_in_item_order(EVEN) == [0, 1, 0, 1]
    assert traces.workers_in_item_order(STRAGGLER) == [0, 1, 1, 1, 1, 1]


def test_equal_items_stand_as_they_began():
    assert traces.workers_in_item_order([Drawn(7, 1, 2, 3), Drawn(7, 0, 1, 4)]) == [0, 1]


def test_the_makespan_goes_from_the_first_start_to_the_last_end():
    assert traces.makespan(EVEN) == 4
    assert traces.makespan(drawn(["..00", ".1.."])) == 3
    assert math.isnan(traces.makespan([]))


def test_idle_is_what_is_left_of_the_time():
    assert traces.idle_shares(EVEN, 0, 4) == {0: 0, 1: 0}
    assert traces.idle_shares(STRAGGLER, 0, 6) == {0: 0, 1: pytest.approx(1 / 6)}
    assert traces.idle_shares(drawn(["00..", ".1.2"]), 0, 4) == {0: 0.5, 1: 0.5}


def test_idle_is_looked_at_between_begin_and_end_only():
    assert traces.idle_shares(drawn(["000."]), 2, 4) == {0: 0.5}
    assert traces.idle_shares(drawn(["000."]), 3, 4) == {0: 1.0}
    assert traces.idle_shares(drawn(["000."]), -3, 3) == {0: 0.5}


def test_a_worker_without_an_item_is_idle_all_the_time():
    assert traces.idle_shares(EVEN, 0, 4, workers=3) == {0: 0, 1: 0, 2: 1}
    assert traces.idle_shares([], 0, 4, workers=1) == {0: 1}


def test_no_time_has_no_idle_share():
    assert math.isnan(traces.idle_shares(EVEN, 2, 2)[0])


@pytest.mark.parametrize(
    ("workers", "lengths"), [([], []), ([4], [1]), ([0, 0, 1, 1, 1, 0], [2, 3, 1]), ([0, 1, 2], [1, 1, 1])]
)
def test_runs_are_counted_one_after_the_other(workers, lengths):
    assert traces.run_lengths(workers) == lengths


@given(st.lists(st.integers(0, 3)))
def test_runs_add_up_to_all_items_and_part_where_the_worker_changes(workers):
    lengths = traces.run_lengths(workers)
    assert sum(lengths) == len(workers)
    assert len(lengths) == (1 + sum(a != b for a, b in pairwise(workers)) if workers else 0)


def test_chance_brings_runs_of_n_over_n_minus_1():
    assert traces.expected_run(2) == 2
    assert traces.expected_run(4) == pytest.approx(4 / 3)
    assert traces.expected_run(1) == math.inf


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_the_mean_over_every_order_of_workers_comes_near_what_chance_brings(workers):
    items = 6
    every = [[number // workers**place % workers for place in range(items)] for number in range(workers**items)]
    runs = sum(len(traces.run_lengths(order)) for order in every) / len(every)
    assert runs == pytest.approx(1 + (items - 1) / traces.expected_run(workers))


@pytest.mark.parametrize(
    ("picture", "share"),
    [
        (["00", "11"], 0.0),  # both at once, done at once
        (["000", "11."], 1.0),
        (["0000", "1122"], 0.5),  # 1 overtakes 0, 2 does not; 1 and 2 never meet
        (["0000", "12.."], 1.0),
        (["1100", ".222"], 0.0),  # 0 came after 1 and is done with 2
        (["000", "11.", "2.."], 1.0),
    ],
)
def test_an_inversion_is_a_later_item_done_before_an_earlier_one_that_was_under_way(picture, share):
    assert traces.inversions(drawn(picture)) == share


def naive_inversions(spans):
    pairs = list(combinations(sorted(spans, key=lambda span: (span.item, span.start)), 2))
    met = [(one, other) for one, other in pairs if one.start < other.end and other.start < one.end]
    return sum(other.end < one.end for one, other in met) / len(met) if met else math.nan


def naive_disorder(spans):
    pairs = list(combinations(sorted(spans, key=lambda span: (span.item, span.start)), 2))
    return sum(other.end < one.end for one, other in pairs) / len(pairs) if pairs else math.nan


def naive_repeats(spans, workers):
    every = {span.worker for span in spans} if workers is None else set(range(workers))
    ordered = sorted(spans, key=lambda span: (span.item, span.start))
    repeats = [other for one, other in pairwise(ordered) if one.worker == other.worker]
    busy = [{span.worker for span in spans if span.start <= again.start < span.end} for again in repeats]
    forced = sum(own >= every - {again.worker} for own, again in zip(busy, repeats, strict=True))
    return forced / len(repeats) if repeats else math.nan


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), max_size=12), st.none() | st.integers(0, 7))
def test_pairs_are_counted_as_by_looking_at_each(drawn, workers):
    spans = [Drawn(item, worker, start, start + length) for item, worker, start, length in drawn]
    assert traces.inversions(spans) == pytest.approx(naive_inversions(spans), abs=0, rel=0, nan_ok=True)
    assert traces.disorder(spans) == pytest.approx(naive_disorder(spans), abs=0, rel=0, nan_ok=True)
    found = traces.share_of_repeats_from_idle(spans, workers)
    assert found == pytest.approx(naive_repeats(spans, workers), abs=0, rel=0, nan_ok=True)


def counting(name):
    def compare(moment, other):
        Counted.compared += 1
        return getattr(float, name)(moment, other)

    return compare


class Counted(float):
    """A moment that counts how often moments are compared."""

    compared = 0
    __lt__, __le__, __gt__, __ge__, __eq__ = map(counting, ("__lt__", "__le__", "__gt__", "__ge__", "__eq__"))
    __hash__ = float.__hash__


@pytest.mark.parametrize("workers", [1, 8])
def test_a_round_of_twice_as_many_items_needs_little_more_than_twice_the_comparisons(workers):
    def comparisons(items):
        spans = [Drawn(k, k % workers, Counted(k // workers), Counted(k // workers + 1 + k % 3)) for k in range(items)]
        Counted.compared = 0
        traces.figures(spans)
        return Counted.compared

    assert comparisons(1600) < 3 * comparisons(800)


def test_items_that_never_meet_say_nothing_about_order():
    assert math.isnan(traces.inversions(drawn(["0123"])))
    assert math.isnan(traces.inversions([]))


@pytest.mark.parametrize(
    ("picture", "share"), [(["0123"], 0.0), (["10"], 1.0), (["1100", ".222"], 1 / 3), (["2301"], 4 / 6)]
)
def test_disorder_counts_pairs_that_never_met_as_well(picture, share):
    assert traces.disorder(drawn(picture)) == pytest.approx(share)


def test_a_single_item_has_no_order():
    assert math.isnan(traces.disorder(drawn(["0"])))


@given(rounds())
def test_inverting_the_order_of_submission_inverts_every_pair(spans):
    different = [replace(span, end=span.end + place / 100) for place, span in enumerate(spans)]  # no two end together
    share = traces.inversions(different)
    turned = traces.inversions([replace(span, item=-span.item) for span in different])
    assert share + turned == pytest.approx(1, nan_ok=True) or math.isnan(share)


@pytest.mark.parametrize(
    ("picture", "most"), [([], 0), (["01"], 1), (["0011", "2222"], 2), (["00..", "..11"], 1), (["0", "1", "2"], 3)]
)
def test_most_in_flight_is_where_most_spans_lie_over_each_other(picture, most):
    assert traces.most_in_flight(drawn(picture)) == most


@given(rounds())
def test_never_more_in_flight_than_workers(spans):
    assert traces.most_in_flight(spans) <= len(traces.by_worker(spans))


@pytest.mark.parametrize(
    ("picture", "share"),
    [
        (["000000", "12345."], 1.0),  # the straggler's worker was never free
        (["0.....", "12345."], 0.0),  # the other one was
        (["0000..", "123456"], 3 / 5),  # 2, 3 and 4 had no choice; 0 was done when 5 and 6 began
        (["00.11.", "22..33"], 0.5),  # 1 could have gone to the other, 3 could not
    ],
)
def test_a_repeat_comes_from_idleness_if_nobody_else_was_free(picture, share):
    assert traces.share_of_repeats_from_idle(drawn(picture)) == pytest.approx(share)


def test_a_worker_that_did_nothing_was_free():
    assert traces.share_of_repeats_from_idle(STRAGGLER, workers=3) == 0


def test_without_repeats_there_is_no_share_of_them():
    assert math.isnan(traces.share_of_repeats_from_idle(EVEN))
    assert math.isnan(traces.share_of_repeats_from_idle([]))


def test_migrations_are_counted_within_items_and_between_them():
    assert traces.migrations(on_cpus((0, 0), (0, 0))) == 0
    assert traces.migrations(on_cpus((0, 1), (1, 1))) == 1
    assert traces.migrations(on_cpus((0, 0), (1, 1))) == 1
    assert traces.migrations(on_cpus((0, 1), (0, 1))) == 3
    assert traces.migrations(on_cpus((0, 0)) + on_cpus((1, 1), worker=1, first=1)) == 0
    assert traces.migrations([]) == 0


def test_each_worker_has_the_cpus_it_was_seen_on():
    assert traces.cpus_per_worker(on_cpus((0, 1), (3, 3)) + on_cpus((2, 2), worker=1, first=2)) == {
        0: {0, 1, 3},
        1: {2},
    }


def test_an_unknown_cpu_makes_migrations_unknown():
    spans = on_cpus((0, 0), (None, None))
    assert traces.migrations(spans) is None
    assert math.isnan(traces.worker_is_cpu_share(spans))
    assert traces.cpus_per_worker(spans) == {0: {0}}


def test_workers_that_keep_their_cpus_can_be_named_after_them():
    crossed = on_cpus((1, 1), (1, 1)) + on_cpus((0, 0), worker=1, first=2)
    assert traces.worker_is_cpu_share(crossed) == 1


def test_two_workers_on_one_cpu_can_not_both_be_named_after_it():
    assert traces.worker_is_cpu_share(on_cpus((0, 0), (0, 0)) + on_cpus((0, 0), worker=1, first=2)) == 2 / 3


def test_an_item_that_changed_its_cpu_ran_on_none_that_could_name_it():
    assert traces.worker_is_cpu_share(on_cpus((0, 1), (0, 0))) == 0.5


@given(
    st.integers(1, 4).flatmap(
        lambda columns: st.lists(st.lists(st.integers(0, 9), min_size=columns, max_size=columns), max_size=5)
    )
)
def test_the_best_assignment_is_the_best_of_all(gains):
    rows, columns = len(gains), len(gains[0]) if gains else 0
    wide = [[*row, *[0] * max(0, rows - columns)] for row in gains]
    places = range(max(rows, columns))
    best = max(sum(row[place] for row, place in zip(wide, order, strict=False)) for order in permutations(places))
    assert best_total(gains) == best


def test_the_figures_of_a_round_by_hand():
    assert traces.figures(STRAGGLER) == {
        "idle_share": pytest.approx(1 / 12),
        "longest_run": 5,
        "mean_run": 3.0,
        "expected_run": 2.0,
        "repeats_from_idle_share": 1.0,
        "inversion_share": 1.0,
        "disorder_share": pytest.approx(1 / 3),
        "most_in_flight": 2,
        "migrations": 0,
        "cpus_per_worker": 1.0,
        "worker_is_cpu_share": pytest.approx(5 / 6),
        "makespan_seconds": 6,
    }


def test_workers_without_items_count_among_the_figures():
    figures = traces.figures(STRAGGLER, workers=3)
    assert figures["idle_share"] == pytest.approx((1 / 6 + 1) / 3)
    assert figures["expected_run"] == 1.5
    assert figures["repeats_from_idle_share"] == 0


def test_what_can_not_be_told_is_no_figure():
    assert set(traces.figures(drawn(["012"]))) == {
        "idle_share", "longest_run", "mean_run", "repeats_from_idle_share", "most_in_flight",
        "migrations", "cpus_per_worker", "worker_is_cpu_share", "makespan_seconds", "disorder_share",
    }  # fmt: skip
    unknown = [replace(span, cpu_start=None) for span in EVEN]
    assert not {"migrations", "cpus_per_worker", "worker_is_cpu_share"} & set(traces.figures(unknown))
    assert traces.figures([]) == {}


@given(rounds())
def test_every_figure_is_a_number_and_every_share_a_fraction(spans):
    figures = traces.figures(spans)
    assert all(math.isfinite(value) for value in figures.values())
    assert all(-1e-9 <= value <= 1 for name, value in figures.items() if name.endswith("_share"))


@given(rounds(), st.randoms())
def test_the_order_in_which_spans_come_changes_nothing(spans, random):
    mixed = list(spans)
    random.shuffle(mixed)
    assert traces.figures(mixed) == pytest.approx(traces.figures(spans))


SAVED = [[0, 0, 3, 3, 0.0, 0.01], [2, 1, None, 2, 0.000001, 0.5], [1, 0, 3, 0, 0.01, 0.0125]]


def test_a_round_is_written_down_from_its_first_start_in_whole_microseconds():
    spans = [
        Drawn(1, 0, 7.0100004, 7.0125, 3, 0),
        Drawn(0, 0, 7.0, 7.0099996, 3, 3),
        Drawn(2, 1, 7.000001, 7.5, None, 2),
    ]
    assert saved_traces.as_saved(spans) == SAVED
    assert saved_traces.as_saved([]) == []


def test_what_is_written_down_reads_as_a_trace():
    first, second, third = saved_traces.spans(SAVED)
    assert first == saved_traces.TracedSpan(item=0, worker=0, cpu_start=3, cpu_end=3, start=0.0, end=0.01)
    assert (second.cpu_start, second.cpu_end, third.item) == (None, 2, 1)
    assert traces.makespan([first, second, third]) == 0.5
    assert saved_traces.spans([]) == ()


@given(rounds())
def test_any_round_comes_back_as_it_was_saved_through_json(spans):
    saved = json.loads(json.dumps(saved_traces.as_saved(spans)))
    assert saved_traces.as_saved(saved_traces.spans(saved)) == saved
    assert traces.figures(saved_traces.spans(saved)) == pytest.approx(traces.figures(spans))


def test_entries_in_another_order_are_put_in_theirs():
    assert saved_traces.spans(SAVED[::-1]) == saved_traces.spans(SAVED)


@pytest.mark.parametrize(
    ("saved", "trouble"),
    [
        (None, "a trace is a list of items, not None"),
        ({"item": 0}, "a trace is a list of items, not a dict of 1"),
        ("x\x1b" * 100, r"a trace is a list of items, not 'x\\x1b"),
        ([7], r"trace\[0\] is not \[item, worker, cpu_start, cpu_end, start, end\] but 7"),
        ([[0, 0, 0, 0, 0.0]], r"trace\[0\] is not .* but a list of 5"),
        ([[0, 0, 0, 0, 0.0, 1.0], [-1, 0, 0, 0, 2.0, 3.0]], r"trace\[1\]: its item can't be -1"),
        ([[True, 0, 0, 0, 0.0, 1.0]], "its item can't be True"),
        ([[1.0, 0, 0, 0, 0.0, 1.0]], "its item can't be 1.0"),
        ([[10**5000, 0, 0, 0, 0.0, 1.0]], "its item can't be a number so large"),
        ([[0, None, 0, 0, 0.0, 1.0]], "its worker can't be None"),
        ([[0, 10**9, 0, 0, 0.0, 1.0]], "its worker can't be 1000000000"),
        ([[0, 0, "0", 0, 0.0, 1.0]], "its cpu_start can't be '0'"),
        ([[0, 0, 0, [[]], 0.0, 1.0]], "its cpu_end can't be a list of 1"),
        ([[0, 0, 0, 0, -0.5, 1.0]], "its start can't be -0.5"),
        ([[0, 0, 0, 0, math.nan, 1.0]], "its start can't be nan"),
        ([[0, 0, 0, 0, 0.0, math.inf]], "its end can't be inf"),
        ([[0, 0, 0, 0, 0.0, 10**400]], "its end can't be a number so large"),
        ([[0, 0, 0, 0, 0.0, None]], "its end can't be None"),
        ([[5, 0, 0, 0, 1.0, 0.5]], "item 5 ends before it starts"),
        ([[0, 0, 0, 0, 0.0, 1.0], [0, 1, 0, 0, 0.0, 1.0]], "the trace has item 0 twice"),
        ([[0, 0, 0, 0, 0.0, 1.0], [1, 0, 0, 0, 0.5, 2.0]], "worker 0 does items 0 and 1 at once"),
    ],
)
def test_what_is_no_trace_is_named_with_its_fault(saved, trouble):
    with pytest.raises(ValueError, match=trouble) as caught:
        saved_traces.spans(saved)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(ANYTHING | st.lists(st.lists(ANYTHING, min_size=6, max_size=6), max_size=3))
def test_anything_out_of_a_file_is_a_trace_or_a_value_error(saved):
    try:
        read = saved_traces.spans(saved)
    except ValueError:
        return
    assert len(read) == len(saved)
