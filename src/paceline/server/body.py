"""What an item's answer holds: a pure function of (item, size), so every answer can be checked."""


def body(item: int, size: int) -> bytes:
    """Return the body of an item: the line that names it, repeated and cut to size.

    The line starts with the item's number, so bodies of different items differ from `len(str(item)) + 1` bytes on.
    """
    return piece(item, 0, size)


def piece(item: int, start: int, stop: int) -> bytes:
    """Cut the bytes from `start` to `stop` out of an item's endless body, without making the rest of it."""
    line = b"%d item\n" % item
    first = start - start % len(line)
    lines = -(-(stop - first) // len(line))
    return (line * lines)[start - first : stop - first]
