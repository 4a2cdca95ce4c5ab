"""How verdicts look: a colour, a shape beside it, and the word itself in the legend."""

from collections.abc import Mapping, Sequence

import altair as alt

from paceline.report.page import look

_LOOKS: Mapping[str, tuple[str, str]] = {
    "confirmed": ("#2a8ad0", "circle"),
    "refuted": ("#d9601a", "triangle-down"),
    "slower": ("#d9601a", "triangle-right"),
    "faster": ("#2a8ad0", "triangle-left"),
    "same": ("#1d9a73", "circle"),
    "unknown": (look.PACE, "square"),
}
"""Each colour reads on white and on black; blue and orange, as colour-blind people can tell them apart."""


def hue(words: Sequence[str]) -> alt.Color:
    """Encode a row's `verdict` as its colour.

    Args:
        words: the verdicts there may be, as the legend names them.
    """
    colours = [_LOOKS[word][0] for word in words]
    return alt.Color("verdict:N").scale(domain=list(words), range=colours).legend(_legend())


def sign(words: Sequence[str]) -> alt.Shape:
    """Encode a row's `verdict` as its shape; the legend is that of the colour."""
    shapes = [_LOOKS[word][1] for word in words]
    return alt.Shape("verdict:N").scale(domain=list(words), range=shapes).legend(_legend())


def _legend() -> alt.Legend:
    return alt.Legend(title="verdict", orient="bottom", columns=2, symbolLimit=0, symbolOpacity=1)
