"""From bytes to a `Run`, or to a sentence that says why not.

Whatever the bytes are, the outcome is one of these two. Nothing in a file is executed, imported or unpickled.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from paceline.history import checking, files
from paceline.history.checking import Unfit
from paceline.history.errors import UnreadableRun
from paceline.history.run import Cell, Glimpse, Run
from paceline.history.schema import Origin

_TAIL = 2**14  # bytes; what follows the benchmarks in a file of ours takes two or three thousand
_DATE = b'\n    "datetime":'  # as a file of ours has it, and the first key after its benchmarks


def load(path: Path) -> Run:
    """Read one saved run.

    Raises:
        UnreadableRun: it is not there, not a file, too large, damaged, or not ours.
    """
    return from_json(files.content(path, UnreadableRun), path)


def load_native(path: Path) -> dict[str, Any]:
    """Read one saved run to compare with, as pytest-benchmark knows it: the objects of its JSON.

    Raises:
        UnreadableRun: as for `load`, or it was measured beside a tracer.
    """
    content = files.content(path, UnreadableRun)
    with _reasons(path, content):
        data = files.decoded(content, dict[str, Any])
        if tracer := checking.run(data, path).tracer:
            raise Unfit(f"it was measured beside a tracer, and is never compared: {tracer}")
    return data


def glance(path: Path) -> Glimpse:
    """Read when and where a run was measured, from the end of the file where that is enough.

    Raises:
        UnreadableRun: it doesn't say, or is no JSON.
    """
    end = files.content(path, UnreadableRun, last=_TAIL)
    try:  # from any other place than the top level this is no JSON
        origin = msgspec.json.decode(b"{" + end[end.rindex(_DATE) :], type=Origin)
    except (msgspec.DecodeError, ValueError):
        whole = files.content(path, UnreadableRun)
        with _reasons(path, whole):
            origin = files.decoded(whole, Origin)
    with _reasons(path, end):
        return checking.glimpse(origin)


def from_json(data: bytes | Mapping[str, Any], path: Path | None = None) -> Run:
    """Make a run out of a file's content, or of the objects that pytest-benchmark is about to save.

    Args:
        data: JSON, or what it decodes to.
        path: where it comes from, for messages and for its number.

    Raises:
        UnreadableRun: it is not JSON, not a run of Paceline's, or holds a wrong type or an impossible value.
    """
    with _reasons(path, data):
        return checking.run(files.decoded(data, object) if isinstance(data, bytes) else data, path)


def cells(benchmarks: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """Make cells out of what pytest-benchmark's `as_dict(include_data=True)` gave; what is no cell is left out.

    Raises:
        UnreadableRun: as for `from_json`.
    """
    with _reasons(None, None):
        return checking.sorted_out(benchmarks)[0]


@contextlib.contextmanager
def _reasons(path: Path | None, data: object) -> Iterator[None]:
    """Turn whatever a decoder can raise into the one error that callers know."""
    with files.decoding(data, path, UnreadableRun):
        try:
            yield
        except Unfit as unfit:
            raise UnreadableRun(path, str(unfit)) from None
