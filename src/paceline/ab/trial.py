"""The trial of a comparison: which cells both sides have, and what is found by running each once."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paceline.ab import plan
from paceline.ab.origins import strangers
from paceline.ab.pair import PACKAGE, PairSpec, SideFailed, SideProcess, started
from paceline.ab.record import Which
from paceline.ab.sides import Side, has_instrument
from paceline.server.process import running
from paceline.stats import looks

TRIAL = 0.2
"""Of the time allowed, for the trial of either side."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """
    What the trial found.

    Args:
        collected: what each side has and runs on.
        facts: full name -> of a cell's trial on either side.
        missed: full name -> outcome and why there are no facts.
        modules: of all that each side had loaded in the end: full name -> file.
        cells: the full names that both sides have.
        instrument: URL of the server both use; None without one.
        cpus: those that a cell may be kept on.
        start_seconds: that a pair takes without any cell.
    """

    collected: Mapping[Which, Mapping[str, Any]]
    facts: Mapping[Which, Mapping[str, plan.Facts]]
    missed: Mapping[Which, Mapping[str, tuple[str, str]]]
    modules: Mapping[Which, Mapping[str, str]]
    cells: Sequence[str]
    instrument: str | None
    cpus: Sequence[int]
    start_seconds: float


def look_at_both(sides: Mapping[Which, Side], spec: PairSpec, stack: ExitStack, seconds: float | None) -> Looked:
    """
    Ask both sides which cells they have, and let them run each once, one side after the other.

    Args:
        sides: ready to be started.
        spec: what they are told.
        stack: on which a server is kept.
        seconds: for the whole comparison; what they don't suffice for is skipped. None for all the time it takes.

    Raises:
        SideFailed: if one can't say, would run code that is not its own, or dies or hangs.
    """
    within = _limits(seconds)
    begun = time.monotonic()
    with started(sides["baseline"], spec) as one, started(sides["candidate"], spec) as other:
        processes: dict[Which, SideProcess] = {"baseline": one, "candidate": other}
        collected = {word: process.collect() for word, process in processes.items()}
        start_seconds = time.monotonic() - begun
        if nowhere := set(collected["baseline"]["absent"]) & set(collected["candidate"]["absent"]):
            raise SideFailed(
                f"neither side has {', '.join(sorted(nowhere))}; name files, folders or node ids that are there"
            )
        url, cpus = _shared(sides["candidate"], collected, stack)
        known = set(collected["baseline"]["cells"])
        cells = [name for name in collected["candidate"]["cells"] if name in known]
        for process in processes.values():
            process.send({"say": "go", "order": cells, "instrument": url, **within})
            process.receive()
            refuse_strangers(process.side, process.modules)
        return Looked(
            collected=collected,
            facts={word: process.facts for word, process in processes.items()},
            missed={word: process.missed for word, process in processes.items()},
            modules={word: process.modules for word, process in processes.items()},
            cells=cells,
            instrument=url,
            cpus=cpus,
            start_seconds=start_seconds,
        )


def _limits(seconds: float | None) -> dict[str, float | None]:
    """Return the seconds of a trial, and those of a call that still allows two in each pair of the first look."""
    if seconds is None:
        return {"seconds": None, "longest": None}
    return {"seconds": TRIAL * seconds, "longest": seconds / (2 * looks.MAIN[0])}


def _shared(
    candidate: Side, collected: Mapping[Which, Mapping[str, Any]], stack: ExitStack
) -> tuple[str | None, list[int]]:
    """Start the instrument if a cell asks for it: the candidate's, or ours where it has none; return the CPUs left."""
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    cpus = cpus if len(cpus) > 1 else []
    if not any(each["needs_instrument"] for each in collected.values()):
        return None, cpus
    python, environment = candidate.python, candidate.environment
    own = has_instrument(python, candidate.folder, environment)
    server = stack.enter_context(running(python=python, environment=environment) if own else running())
    if cpus:
        os.sched_setaffinity(server.pid, {cpus[0]})
    return server.url, cpus[1:]


def outcomes(
    missed: Mapping[Which, Mapping[str, tuple[str, str]]], there: Mapping[Which, set[str]], when: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """
    Sort what was not measured.

    Args:
        missed: full name -> outcome and why, on either side.
        there: the full names of what was measured on either side.
        when: what goes before the reason.

    Returns:
        what fails on the candidate only, and all the rest; full name -> why.
    """
    failed, left_out = {}, {}
    for name in {**missed["baseline"], **missed["candidate"]}:
        before, after = missed["baseline"].get(name), missed["candidate"].get(name)
        if after and after[0] == "failed" and (name in there["baseline"] or (before and before[0] != "failed")):
            failed[name] = f"fails on the candidate only, {when}{after[1]}"
        elif before and after:
            left_out[name] = f"{_VERB[after[0]]} on both sides, {when}{after[1]}"
        else:
            word, (outcome, why) = ("baseline", before) if before else ("candidate", after)  # type: ignore[misc]
            left_out[name] = f"{_VERB[outcome]} on the {word} only, {when}{why}"
    return failed, left_out


_VERB = {"failed": "fails", "skipped": "skipped", "xfailed": "expected to fail"}


def alone(collected: Mapping[Which, Mapping[str, Any]]) -> dict[str, str]:
    """Return the cells that only one side has, and those that can't be compared anywhere, each with the reason."""
    baseline, candidate = (dict.fromkeys(collected[word]["cells"]) for word in ("baseline", "candidate"))
    return {
        **{name: "removed: only the baseline has it" for name in baseline if name not in candidate},
        **{name: "new: only the candidate has it" for name in candidate if name not in baseline},
        **collected["baseline"]["aside"],
        **collected["candidate"]["aside"],
    }


def file_of(fullname: str) -> str:
    """Return the file that a cell is in; a file's own name is that of what can't be collected."""
    return fullname.partition("::")[0]


def refuse_strangers(side: Side, modules: Mapping[str, str]) -> None:
    """
    Make sure that a side runs its own code, not an installed copy or the working tree's.

    Raises:
        SideFailed: naming what it imports from elsewhere.
    """
    for name in strangers(modules, side.code):
        raise SideFailed(
            f"the {side.word} ({side.wanted.typed}) imports {name} from {modules[name]}, which is code of this project "
            "but not this side's own; install the project by pip install -e, so that each side finds its own, or give "
            "revisions their own environments by --install; let neither PYTHONPATH nor pytest's arguments lead there"
        )


@contextmanager
def plugin_folder() -> Iterator[Path]:
    """Copy the sides' plugin to where nothing else is, so that a revision without it can import it."""
    spec = find_spec("paceline")
    assert spec is not None
    assert spec.origin is not None
    with TemporaryDirectory(prefix="paceline-ab-plugin-") as folder:
        package = Path(spec.origin).parent
        shutil.copytree(
            package / "plugin" / "side", Path(folder, PACKAGE), ignore=shutil.ignore_patterns("__pycache__")
        )
        for alone in (package / "tracers.py", package / "race" / "delays.py"):
            shutil.copy(alone, Path(folder, PACKAGE))
        yield Path(folder)
