"""A claim: a sentence, the experiments that can tell, and the judge."""

from collections.abc import Callable
from dataclasses import dataclass

from paceline.claims.evidence import Evidence
from paceline.claims.finding import Finding


@dataclass(frozen=True)
class Claim:
    """A sentence about concurrency that a run can confirm or refute.

    Attributes:
        id: a short name, as typed.
        claim: the sentence.
        experiments: names of the experiments it is judged from.
        judge: says what the evidence comes to; it never raises for evidence that is missing.
    """

    id: str
    claim: str
    experiments: tuple[str, ...]
    judge: Callable[[Evidence], Finding]
