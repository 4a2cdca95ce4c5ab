"""How the latency varies from item to item."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from paceline.server.draw import lognormal_factor, uniform_factor
from paceline.server.parameters import ParameterError, number, short, within

FACTORS: dict[str, tuple[Callable[[int, int, float], float], float]] = {
    "uniform": (uniform_factor, 1.0),
    "lognormal": (lognormal_factor, 2.0),
}
"""Kind of jitter -> (what draws the factor, the largest amount)."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """How the latency varies from item to item; its mean over many items stays the set latency.

    Args:
        kind: `uniform` (evenly from `1 - amount` to `1 + amount` times the latency) or `lognormal` (the logarithm of
            the factor has the standard deviation `amount`).
        amount: from 0 to 1 for uniform, from 0 to 2 for lognormal.
    """

    kind: Literal["uniform", "lognormal"]
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in FACTORS:
            raise ParameterError("jitter", self, "must be uniform:F or lognormal:S")
        within(f"jitter {self.kind}", self.amount, 0.0, FACTORS[self.kind][1])

    def __str__(self) -> str:
        return f"{self.kind}:{short(self.amount)}"

    def factor(self, seed: int, item: int) -> float:
        """Draw what the latency of an item is multiplied by."""
        return FACTORS[self.kind][0](seed, item, self.amount)


def read_jitter(name: str, text: str) -> Jitter:
    """Read `uniform:F` or `lognormal:S`."""
    kind, colon, amount = text.partition(":")
    if kind not in FACTORS or not colon:
        raise ParameterError(name, text, "must be uniform:F or lognormal:S")
    return Jitter(cast(Literal["uniform", "lognormal"], kind), number(name, amount))
