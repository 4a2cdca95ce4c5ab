"""What was decided on the way, and what stood in it, in sentences below a race's table."""

from paceline.race import choosing
from paceline.text.formats import many, percent, seconds, setting
from paceline.workers import tracers

BUSY = 0.2  # share of the CPU time from which on other work is worth a word


def busy(share: float) -> list[str]:
    """Warn of a machine where other work takes a large share, 0 to 1, of all CPU time."""
    if share < BUSY:
        return []
    return [
        f"other work took {percent(share)} of this machine's CPU time before the race: computing gains less beside it"
    ]


def fewer(rounds: int, turn: float) -> list[str]:
    """Return why there are fewer rounds of each lane than usual, where a turn, one of each, takes so many seconds."""
    if rounds >= choosing.ROUNDS:
        return []
    why = f"to take about {setting(choosing.BUDGET)} in all"
    if turn > choosing.BUDGET:
        why = f"as one of each strategy takes {seconds(turn)} in all"
    return [f"{rounds} instead of {choosing.ROUNDS} rounds, {why}"]


def few_beside(items: int, count: int, turn: float) -> list[str]:
    """Return why not all of `count` items were done beside a bystander, where a turn takes so many seconds."""
    if items == count:
        return []
    found = f"worst stalls are of {many(items, 'item')}" if items else "no worst stalls"
    return [f"{found}, as a round of each strategy takes {seconds(turn)} in all"]


def traced(names: list[str]) -> list[str]:
    """Warn of what environment variables put on in every lane."""
    return [f"{tracers.doubt(names)}: race again without"] if names else []
