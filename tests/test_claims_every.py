"""What holds for every claim, whatever its family."""

import pytest
from claimed import run

from paceline.claims import CLAIMS, Evidence
from paceline.claims.judging import command

ELSEWHERE = "the same run on another system, given beside this one: "


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_an_empty_run_leaves_every_claim_open_and_says_what_to_run(claim):
    finding = claim.judge(Evidence([run()]))
    assert finding.verdict == "unknown"
    elsewhere = ELSEWHERE if claim.id == "os-differs" else ""
    assert set(finding.missing) == {elsewhere + command(experiment) for experiment in claim.experiments}
    assert all(part.margin for part in finding.parts)
