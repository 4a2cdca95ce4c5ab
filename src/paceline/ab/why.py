"""Where a cell changed: two sides' profiles of the same work, laid side by side.

The difference of the two totals is the sum, over all functions f, of what f itself answers for: the change of its own
time, and its new calls at what one of them costs. What a callee costs more is the callee's own share, and a function
that only one side calls is charged to its caller. So a new helper, or `len`, is never to blame.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from paceline.ab.profiles import FEWEST, SMALLEST, Clock, Function, Profile, SideProfiles, is_rewritten, shift
from paceline.text import formats

ARGUMENTS = (
    *("-c", "core.quotePath=false", "diff", "--unified=0", "--find-renames"),
    *("--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Git's, for a diff as it is read here; the two sides' revisions follow."""


_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Diff:
    """A diff, read.

    Attributes:
        renamed: the files that have another name in the candidate: old -> new.
    """

    def __init__(self, diff: str) -> None:
        self.renamed: dict[str, str] = {}
        self._old: dict[str, list[tuple[int, int]]] = {}
        self._new: dict[str, list[tuple[int, int]]] = {}
        old = new = ""
        lines = iter(diff.splitlines())
        for line in lines:
            if line.startswith(("--- ", "rename from ")):
                old = _named(line, "--- a/", "rename from ")
            elif line.startswith(("+++ ", "rename to ")):
                new = _named(line, "+++ b/", "rename to ") or old
                self.renamed.update({old: new} if old and old != new else {})
            elif found := _HUNK.match(line):
                first, count, other, more = (1 if number is None else int(number) for number in found.groups())
                self._old.setdefault(new, []).append((first, first + count - 1))
                self._new.setdefault(new, []).append((other, other + more - 1))
                for _ in range(count + more):  # which may begin like a header
                    next(lines, None)

    def touches(self, file: str, old: tuple[int, int], new: tuple[int, int]) -> bool:
        """Whether a line of the diff lies in a function, by the lines that it has on each side."""
        return any(
            first <= span[1] and span[0] <= last
            for hunks, span in ((self._old, old), (self._new, new))
            for first, last in hunks.get(file, ())
            if first <= last
        )


def _named(line: str, *prefixes: str) -> str:
    """Return the file that a line of a diff's head names; "" for none, which git calls /dev/null."""
    found = [line.removeprefix(prefix) for prefix in prefixes if line.startswith(prefix)]
    return found[0].rstrip("\t") if found else ""


PASSES = 5
"""Profiles of a side, in turns with the other side's: a difference counts if it is beyond what they differ by."""

_HIGHEST = 30  # calls above a function: those that call each other have no end
_LISTED = 5  # functions to blame
_COUNTED = 10  # functions whose calls changed
_NAMED = 3  # calls that a sentence names
_VARYING = "called now more, now less often than on the other side: no evidence"
_IN_C = re.compile(r"<(?:built-in )?method '?([\w.]+)'?(?: of '?([\w.]+)'?.*)?>")


@dataclass(frozen=True, kw_only=True)
class CallChange:
    """A function that is not called as often as before; counted, and no pair of profiles says otherwise."""

    name: str  # qualified; as Python describes it for one that is written in C
    file: str  # relative to where its side's code or environment begins; "" for one that is written in C
    line: int  # in the candidate, or in the baseline if only that calls it; 0 for one that is written in C
    baseline: float  # calls for each call of the benchmark's function
    candidate: float  # the same on the other side


@dataclass(frozen=True, kw_only=True)
class FunctionChange:
    """A function that answers for a part of the change."""

    name: str  # qualified
    file: str  # relative to where its side's code or environment begins
    baseline_line: int  # where it begins in the baseline
    candidate_line: int  # where it begins in the candidate
    in_diff: bool  # whether a line of the diff lies in it
    # whether it does something else than before, by its compiled code; None if that can't be told
    rewritten: bool | None
    share: float  # what it answers for, a fraction of the baseline's profiled time; below 0 for what it saves
    # own time of one call, candidate / baseline, new calls into C left out; None within the profiles' scatter
    own: float | None
    calls: tuple[CallChange, ...] = ()  # what it calls more or less often than before
    # functions below it that answer for a part though their code is the same: what they are given may differ. Their
    # shares are in its own
    through: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What two sides' profiles of one cell say."""

    functions: tuple[FunctionChange, ...] = ()  # that answer for the change, the likeliest first; at most a few
    # functions whose number of calls changed, those that cost most first; at most a few
    counts: tuple[CallChange, ...] = ()
    more_counts: int = 0  # how many functions changed beside `counts`
    # functions whose number of calls changes from one pair of profiles to the next, and so shows nothing
    varying: int = 0
    passes: int  # profiles of each side
    calls: int  # of the benchmark's function in each profile
    threads: bool = False  # whether something ran in other threads, unseen
    children: bool = False  # whether something ran in other processes, unseen


def explained(
    baseline: Sequence[Profile], candidate: Sequence[Profile], *, tops: tuple[Path, Path], diff: str = ""
) -> Explanation:
    """Lay the profiles of a cell on both sides side by side.

    Args:
        baseline: at least one; times count from three on.
        candidate: as many, of the same number of calls; each taken beside the baseline's at the same place, with the
            same hash seed.
        tops: where the baseline's and the candidate's own code begins.
        diff: what git says with `ARGUMENTS`, baseline to candidate; "" without one.
    """
    read = Diff(diff)
    before, after = SideProfiles.of(baseline, tops[0], read.renamed), SideProfiles.of(candidate, tops[1], {})
    calls = baseline[0].calls
    changes = sorted(_changes(before, after, read, calls), key=_likeliest)
    counts = sorted(_counts(before, after, calls), key=lambda each: -each[0])
    moved = [shift(before.calls(key), after.calls(key)) for key in before.functions() | after.functions()]
    every = (*baseline, *candidate)
    return Explanation(
        functions=tuple(changes[:_LISTED]),
        counts=tuple(change for _, change in counts[:_COUNTED]),
        more_counts=max(0, len(counts) - _COUNTED),
        varying=moved.count(None),
        passes=len(baseline),
        calls=calls,
        threads=any(profile.threads for profile in every),
        children=any(profile.children for profile in every),
    )


def _likeliest(change: FunctionChange) -> tuple[int, float]:
    """Put first what the diff touches, unless it does the same as before; then what is rewritten; then by share."""
    if change.in_diff and change.rewritten is not False:
        return 0, -abs(change.share)
    return (1 if change.rewritten else 2), -abs(change.share)


@dataclass(frozen=True)
class _Weight:
    """What a function answers for: its share, the ratio of its own times, and whom it calls more or less often."""

    share: float
    own: float | None
    callees: list[Function]


def _changes(before: SideProfiles, after: SideProfiles, diff: Diff, per: int) -> Iterator[FunctionChange]:
    """Weigh each function that both sides call, and keep those that answer for enough."""
    both = [key for key in before.functions() & after.functions() if key[0]]
    clock = Clock(before, after, both)
    rewritten = {key: is_rewritten(before, after, key) for key in both}
    weights = {key: _weight(before, after, key, clock, rewritten[key]) for key in both}
    through = _through(after, weights, rewritten)
    for key, weight in weights.items():
        share = weight.share + sum(through[key].values())
        counted = weight.callees and rewritten[key] is not False
        if counted or abs(share) >= SMALLEST:
            old, new = before.lines[key], after.lines[key]
            yield FunctionChange(
                name=key[1],
                file=key[0],
                baseline_line=old[0],
                candidate_line=new[0],
                in_diff=diff.touches(key[0], old, new),
                rewritten=rewritten[key],
                share=share,
                own=weight.own,
                calls=tuple(_between(before, after, key, callee, per) for callee in weight.callees),
                through=tuple(name for _, name in sorted(through[key], key=lambda each: -abs(through[key][each]))),
            )


def _weight(before: SideProfiles, after: SideProfiles, key: Function, clock: Clock, rewritten: bool | None) -> _Weight:  # noqa: FBT001 - of three values
    calls = sorted(_new_calls(before, after, key), key=lambda each: -abs(each[1]))
    in_c = sum(cost for callee, cost in calls if not callee[0])
    own, ratio = clock.compared(key, in_c, rewritten=rewritten)
    share = (own + sum(cost for _, cost in calls)) / clock.total
    return _Weight(share, ratio, [callee for callee, _ in calls])


def _through(
    after: SideProfiles, weights: Mapping[Function, _Weight], rewritten: Mapping[Function, bool | None]
) -> dict[Function, dict[Function, float]]:
    """Charge what functions with the same code as before answer for to those above them whose code differs.

    A function that is given other work to do is not to blame; what gives it may be. Returns function -> what is charged
    to it, by the function whose share it is.
    """
    charged: dict[Function, dict[Function, float]] = {key: {} for key in weights}
    callers = after.callers()
    for key, weight in weights.items():
        if rewritten[key] is False and abs(weight.share) >= SMALLEST:
            for above, part in _above(callers, key, rewritten).items():
                charged[above][key] = weight.share * part
    return charged


def _above(
    callers: Mapping[Function, Mapping[Function, float]], key: Function, rewritten: Mapping[Function, bool | None]
) -> dict[Function, float]:
    """Return the nearest functions above one whose code differs, each with its part of the calls that lead there."""
    found: dict[Function, float] = {}
    reached = {key: 1.0}
    for _ in range(_HIGHEST):
        onward: dict[Function, float] = {}
        for callee, part in reached.items():
            those = {caller: calls for caller, calls in callers.get(callee, {}).items() if caller in rewritten}
            whole = sum(those.values())
            for caller, calls in those.items():
                parts = found if rewritten[caller] else onward
                parts[caller] = parts.get(caller, 0.0) + part * calls / whole
        reached = onward
    return found


def _new_calls(before: SideProfiles, after: SideProfiles, caller: Function) -> Iterator[tuple[Function, float]]:
    """Find the calls that a function makes beyond what it made before, and their seconds, below 0 for those gone.

    A function that is called twice as often is expected to call twice as often.
    """
    was, now = before.calls(caller), after.calls(caller)
    for callee in before.callees(caller) | after.callees(caller) if all(was) and all(now) else ():
        earlier, later = before.edge_calls(caller, callee), after.edge_calls(caller, callee)
        expected = [calls * new / old for calls, old, new in zip(earlier, was, now, strict=True)]
        if excess := shift(expected, later):
            yield callee, excess * (before if any(earlier) else after).price(caller, callee)


def _between(before: SideProfiles, after: SideProfiles, caller: Function, callee: Function, per: int) -> CallChange:
    earlier, later = (median(side.edge_calls(caller, callee)) for side in (before, after))
    return _call_change(before, after, callee, earlier / per, later / per)


def _call_change(
    before: SideProfiles, after: SideProfiles, key: Function, baseline: float, candidate: float
) -> CallChange:
    line, _ = after.lines.get(key) or before.lines[key]
    return CallChange(name=key[1], file=key[0], line=line, baseline=baseline, candidate=candidate)


def _counts(before: SideProfiles, after: SideProfiles, per: int) -> Iterator[tuple[float, CallChange]]:
    """Find the functions that are not called as often as before, and the seconds that the difference takes."""
    for key in before.functions() | after.functions():
        earlier, later = before.calls(key), after.calls(key)
        if shift(earlier, later):
            cost = abs(after.cumulative(key) - before.cumulative(key))
            yield cost, _call_change(before, after, key, median(earlier) / per, median(later) / per)


def measured(explanation: Explanation) -> str:
    """Return what an explanation rests on."""
    calls, passes = (formats.many(explanation.calls, "call"), formats.many(explanation.passes, "profile"))
    return f"by {passes} of {calls} on each side"


def text(explanation: Explanation) -> list[str]:
    """Write an explanation in sentences, the likeliest function first; no more than was seen."""
    timed = explanation.functions and not explanation.counts and not explanation.varying
    return [
        *(["nothing differs but time"] if timed else []),
        *map(_blamed, explanation.functions),
        *([_counted(explanation)] if explanation.counts else []),
        *([] if explanation.functions else [_nothing(explanation)]),
        *([f"{formats.many(explanation.varying, 'function')} {_VARYING}"] if explanation.varying else []),
        *_unseen(explanation),
    ]


def _blamed(change: FunctionChange) -> str:
    where = f"{change.name} ({change.file}:{change.candidate_line})"
    own = "" if change.own is None else f"own time {formats.change(change.own)}"
    calls = [_called(each) for each in change.calls[:_NAMED]]
    through = f"{', '.join(change.through[:_NAMED])} below it, with the same code as before" if change.through else ""
    touched = "a line of the diff is in it" if change.in_diff else "its code differs" if change.rewritten else ""
    same = "its code is the same" if change.rewritten is False else ""
    said = [own, *calls, through, touched, same]
    return f"{where}: {change.share * 100:+.1f} % of the profiled time; {'; '.join(filter(None, said))}"


def _counted(explanation: Explanation) -> str:
    more = f"; and {explanation.more_counts} more" if explanation.more_counts else ""
    return f"called not as often: {'; '.join(map(_called, explanation.counts))}{more}"


def _called(change: CallChange) -> str:
    """Write "read_head (app/head.py:3): 0 calls, now 100", for each call of the benchmark's function."""
    where = f" ({change.file}:{change.line})" if change.file else ""
    alone = ""
    if not change.baseline or not change.candidate:
        alone = f", by the {'candidate' if change.candidate else 'baseline'} only"
    return f"{_spoken(change.name)}{where}: {_many(change.baseline)} calls, now {_many(change.candidate)}{alone}"


def _spoken(name: str) -> str:
    """Return "list.append" for "<method 'append' of 'list' objects>"."""
    found = _IN_C.fullmatch(name)
    if not found:
        return name
    return f"{found[2]}.{found[1]}" if found[2] else found[1].removeprefix("builtins.")


def _many(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else formats.digits(number)


def _nothing(explanation: Explanation) -> str:
    """Return that no function is to blame, and no more than that."""
    counts = "" if explanation.counts or explanation.varying else "each function was called as often, and "
    times = f"no own time differs by more than the {explanation.passes} profiles of one side do"
    if explanation.passes < FEWEST:
        times = f"it takes {FEWEST} profiles of each side to compare own times"
    return f"nobody to blame: {counts}{times}"


def _unseen(explanation: Explanation) -> Iterator[str]:
    others = [("other threads", explanation.threads), ("other processes", explanation.children)]
    names = [name for name, ran in others if ran]
    if names:
        yield f"what ran in {' and '.join(names)} can't be seen in these profiles"
