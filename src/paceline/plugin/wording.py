"""The words of the line at a terminal."""

from paceline.text.formats import duration, plain

_SHORTEST = 12  # signs of a cell's name that still say something
_DOTS = "..."


def sentence(cell: str, name: str, rounds: str, left: float | None, room: int) -> str:
    """Put the line together, in ASCII: "cell 12 of 92, test_waiting[threads], round 2 of 5, about 1 min 10 s left".

    Args:
        cell: which one of how many.
        name: its name, the first to be shortened.
        rounds: which one of how many; "" if nobody knows.
        left: seconds; None if nobody knows.
        room: signs that it may have.
    """
    time_left = "" if left is None else f"about {duration(left)} left"
    name = plain(name).encode("ascii", "backslashreplace").decode()
    fits = room - len(", ".join(filter(None, [cell, rounds, time_left]))) - len(", ")
    if len(name) > fits:
        name = name[: fits - len(_DOTS)] + _DOTS if fits >= _SHORTEST else ""
    return ", ".join(filter(None, [cell, name, rounds, time_left]))[: max(room, 0)]
