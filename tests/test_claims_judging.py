"""How figures become verdicts, and what evidence does with what is missing."""

import math

import pytest
from claimed import FINGERPRINT, cell, cells, run

from paceline import claims
from paceline.claims import judging
from paceline.claims.evidence import Evidence, Sample, added, counted, median, quotient, ratios, values
from paceline.claims.judging import Part, combine


def sample(*each):
    return Sample({(0, number): value for number, value in enumerate(each, 1)})


def figure(*each, unit="x"):
    return judging.figure("a figure", sample(*each), unit)


def above(*each, margin=1.5, unit="x"):
    return judging.above("a part", figure(*each, unit=unit), margin, "why", "computing")


def below(*each, margin=1.5):
    return judging.below("a part", figure(*each), margin, "why", "computing")


def part(verdict):
    return Part("a part", verdict, (figure(1.0, 1.1),), "a margin", None)


def test_an_interval_beyond_the_margin_confirms():
    assert above(1.8, 1.82, 1.79).verdict == "confirmed"
    assert below(1.0, 1.02, 0.99).verdict == "confirmed"


def test_an_interval_on_the_other_side_refutes():
    assert above(1.0, 1.02, 0.99).verdict == "refuted"
    assert below(1.8, 1.82, 1.79).verdict == "refuted"


def test_an_interval_across_the_margin_is_unknown_and_says_how_many_processes_would_do():
    judged = above(1.5, 1.7, 1.6, 1.65)
    assert judged.verdict == "unknown"
    assert judged.missing == (
        "pytest --benchmark-only --processes 5 benchmarks/test_computing.py "
        "(about 5 processes would tell, if they scatter as these do)"
    )


def test_a_figure_on_its_margin_asks_for_nothing_that_would_not_help():
    judged = above(1.4, 1.5, 1.6)
    assert judged.verdict == "unknown"
    assert "too close to its margin" in judged.missing


def test_two_processes_are_never_enough():
    judged = above(9.0, 9.1)
    assert judged.verdict == "unknown"
    assert judged.missing == "pytest --benchmark-only benchmarks/test_computing.py (3 processes at least, not 2)"


def test_without_any_process_the_experiment_is_named():
    judged = above()
    assert judged.verdict == "unknown"
    assert judged.missing == "pytest --benchmark-only benchmarks/test_computing.py"
    assert math.isnan(judged.figures[0].value)


def test_processes_that_agree_to_the_last_digit_are_not_believed():
    judged = above(2.0, 2.0, 2.0)
    assert judged.verdict == "unknown"
    assert "the very same value" in judged.missing


def test_the_margin_stands_with_its_reason():
    assert above(2.0, 2.1).margin == "above 1.5x: why"
    assert below(2.0, 2.1, margin=0.5).margin == "below 0.5x: why"
    assert above(0.5, 0.6, margin=0.25, unit="share").margin == "above 25 %: why"
    assert above(0.5, 0.6, margin=0.25, unit="s").margin == "above 0.25 s: why"


def test_ratios_are_averaged_as_ratios_and_shares_as_shares():
    assert figure(1.0, 4.0).value == pytest.approx(2.0)
    assert figure(0.0, 1.0, unit="share").value == 0.5


def test_a_count_has_its_middle_and_its_extremes():
    found = figure(8, 10, 9, unit="count")
    assert (found.value, found.low, found.high) == (9, 8, 10)


def test_a_count_of_an_even_number_of_processes_lies_between_the_two_middle_ones():
    assert figure(8, 12, 9, 30, unit="count").value == 10.5


def test_a_count_that_is_the_same_in_all_processes_is_believed():
    judged = judging.always("a part", [True] * 3, "all of them", "downloads", [figure(10, 10, 10, unit="count")])
    assert judged.verdict == "confirmed"
    assert judged.margin == "in every process: all of them"


def test_one_process_that_says_otherwise_refutes():
    assert judging.always("a part", [True, True, False], "all", "downloads").verdict == "refuted"
    assert judging.always("a part", [False], "all", "downloads").verdict == "refuted"


def test_two_processes_that_agree_confirm_nothing():
    judged = judging.always("a part", {(0, 1): True, (0, 2): True}, "all", "downloads")
    assert judged.verdict == "unknown"
    assert "3 processes at least, not 2" in judged.missing


def test_checks_are_asked_of_each_process():
    assert judging.checked(sample(1, 2), lambda value: value > 1) == {(0, 1): False, (0, 2): True}


def several(*groups):
    return judging.above("a part", [figure(*each) for each in groups], 1.5, "why", "computing")


def test_of_several_figures_all_must_hold():
    fast, slow, unsure = (1.8, 1.82, 1.79), (1.0, 1.02, 0.99), (1.0, 2.0, 1.5)
    assert several(fast, fast).verdict == "confirmed"
    assert several(fast, unsure, slow).verdict == "refuted"
    assert several(fast, unsure).verdict == "unknown"
    assert several(fast, unsure).missing
    assert several(fast, slow).missing is None
    assert len(several(fast, slow).figures) == 2


def test_no_figure_at_all_is_unknown():
    assert several().verdict == "unknown"
    assert several().missing == "pytest --benchmark-only benchmarks/test_computing.py"
    assert judging.below("a part", [], 1.5, "why", "computing").verdict == "unknown"


def test_a_control_that_does_not_hold_refutes_nothing():
    failed = judging.control(above(1.0, 1.02, 0.99), "another machine")
    assert failed.verdict == "unknown"
    assert failed.missing == "another machine"
    assert judging.control(above(1.8, 1.82, 1.79), "another machine").verdict == "confirmed"


def test_a_refuted_part_refutes_the_claim_and_an_unknown_one_leaves_it_open():
    assert combine([part("confirmed"), part("unknown"), part("refuted")]).verdict == "refuted"
    assert combine([part("confirmed"), part("unknown")]).verdict == "unknown"
    assert combine([part("confirmed")]).verdict == "confirmed"


def test_a_claim_without_parts_is_not_confirmed():
    with pytest.raises(ValueError, match="one part"):
        combine([])


def test_a_finding_gathers_the_evidence_of_its_parts():
    found = combine([part("confirmed"), part("refuted")], ["doubt", "doubt"])
    assert len(found.evidence) == 2
    assert found.warnings == ("doubt",)


def computing(strategy="threads", process=1, **more):
    return cell("computing", "test_computing", strategy, process=process, kernel="squares", **more)


def test_evidence_needs_a_run():
    with pytest.raises(ValueError, match="one run"):
        Evidence([])


def test_cells_of_the_session_itself_are_no_evidence():
    assert Evidence([run(computing(process=None))]).cells("computing") == []


def test_cells_are_found_by_what_they_measured():
    wanted = computing(workers=4, link="narrow")
    evidence = Evidence([run(wanted, computing("asyncio"), cell("downloads", "test_downloads", "threads"))])
    assert [one.cell for one in evidence.cells("computing", "test_computing", strategy="threads")] == [wanted]
    assert [one.cell for one in evidence.cells("computing", link="narrow", size=None)] == [wanted]
    assert evidence.cells("computing", "test_other") == []
    assert evidence.workers("computing", "test_computing") == [2, 4]


def test_runs_of_one_machine_are_replicates_of_each_other():
    evidence = Evidence([run(cells("computing", "test_computing", "threads")), run(computing())])
    assert sorted(values(evidence.cells("computing"), median).values) == [(0, 1), (0, 2), (0, 3), (1, 1)]


def test_runs_of_another_machine_stand_apart():
    evidence = Evidence([run(computing()), run(computing(), fingerprint="another")])
    assert [one.fingerprint for one in evidence.runs] == [FINGERPRINT]
    assert [one.fingerprint for one in evidence.elsewhere] == ["another"]
    assert len(evidence.replicates) == 1


def test_figures_are_paired_by_run_and_process():
    one = run(computing("sequential", median=2.0, workers=1), computing(median=1.0))
    other = run(computing("sequential", median=9.0, workers=1), computing(median=3.0))
    evidence = Evidence([one, other])
    found = ratios(evidence.cells("computing", strategy="sequential"), evidence.cells("computing", workers=2), median)
    assert found.values == {(0, 1): 2.0, (1, 1): 3.0}
    assert found.warnings == ()


def test_a_process_with_only_one_of_two_figures_is_told():
    found = quotient(sample(1.0, 2.0), sample(2.0))
    assert found.values == {(0, 1): 0.5}
    assert found.warnings == ("unpaired: 1 of 2 processes have only one of the two figures",)


def test_nothing_is_divided_by_nothing():
    assert quotient(sample(1.0), sample(0.0)).values == {}


def test_a_missing_figure_is_told_and_never_0():
    evidence = Evidence([run(computing(links=3), computing(process=2))])
    found = values(evidence.cells("computing"), added("links"))
    assert found.values == {(0, 1): 3.0}
    assert found.warnings == ("missing: 1 of 2 cells lack a figure that this needs",)


def test_a_word_where_a_number_should_be_is_missing():
    evidence = Evidence([run(computing(links="three", ledger={"requests": True}))])
    assert len(values(evidence.cells("computing"), added("links"))) == 0
    assert len(values(evidence.cells("computing"), counted("requests"))) == 0


def test_of_two_cells_that_fit_in_one_process_none_is_taken():
    evidence = Evidence([run(computing(items=20), computing(items=40), computing(process=2))])
    found = values(evidence.cells("computing"), median)
    assert list(found.values) == [(0, 2)]
    assert found.warnings == ("ambiguous: 1 of 2 processes measured more than one cell that fits, none was taken",)


def test_the_marks_of_cells_travel_with_the_figure_and_the_part():
    evidence = Evidence([run(cells("computing", "test_computing", "threads", warnings=("noisy: 12 %",)))])
    found = judging.figure("time", values(evidence.cells("computing"), median), "s")
    judged = judging.above("a part", found, 0.01, "why", "computing")
    assert judged.warnings == ("noisy: 3 of 3 cells",)


def test_marks_that_differ_from_figure_to_figure_are_counted():
    one, other = (Sample({(0, 1): 2.0}, (f"noisy: {count} of 3 cells",)) for count in (1, 2))
    judged = judging.above("a part", [judging.figure("a", one), judging.figure("b", other)], 1.0, "why", "x")
    assert judged.warnings == ("noisy: cells of 2 of 2 figures",)


def test_marks_of_the_two_cells_that_a_figure_is_made_of_stand_side_by_side():
    one = Sample({(0, 1): 2.0}, ("noisy: 1 of 3 cells", "limit: 3 of 3 cells", "noisy: 2 of 3 cells"))
    judged = judging.above("a part", judging.figure("a", one), 1.0, "why", "x")
    assert judged.warnings == ("noisy: 1 of 3 cells; 2 of 3 cells", "limit: 3 of 3 cells")


def test_facts_of_the_machine_come_from_the_run():
    evidence = Evidence([run(computing(), cpus=4.5, system="Darwin", python="3.14.2")])
    assert (evidence.cpus, evidence.system) == (4, "Darwin")
    assert evidence.version == (3, 14, 2)
    assert evidence.gil


def test_a_run_that_says_little_of_its_machine_is_no_error():
    bare = run(computing(), gil="off")
    bare.machine_info.clear()
    evidence = Evidence([bare])
    assert (evidence.cpus, evidence.system, evidence.version, evidence.gil) == (None, None, (), False)


def test_every_claim_has_a_name_of_its_own_and_its_experiments():
    assert len({claim.id for claim in claims.CLAIMS}) == 24
    assert all(claim.experiments and claim.claim for claim in claims.CLAIMS)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_a_run_without_its_cells_leaves_a_claim_unknown_and_says_what_to_run(claim):
    found = claim.judge(Evidence([run(computing(process=None))]))
    assert found.verdict == "unknown"
    assert all(one.missing and one.margin and one.part for one in found.parts)


def test_findings_come_in_the_order_asked_for():
    assert list(claims.findings([run(computing())])) == [claim.id for claim in claims.CLAIMS]
