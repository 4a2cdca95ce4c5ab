"""Where a cell changed: two sides' profiles of the same work, laid side by side.

The difference of the two totals is the sum, over all functions f, of what f itself answers for: the change of its own
time, and its new calls at what one of them costs. What a callee costs more is the callee's own share, and a function
that only one side calls is charged to whoever calls it. So a new helper, or `len`, is never to blame.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from paceline.ab.profiles import Function, Profile, Side
from paceline.report import figures
from paceline.report.escaping import text as escaped

DIFF = ("-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--src-prefix=a/")
"""Git's arguments for a diff as `explained` reads it; the two sides' revisions follow."""
PASSES = 5
"""Profiles of a side, in turns with the other side's: a difference counts if it is beyond what they differ by."""

_SMALLEST = 0.005  # of the profiled time: a smaller share is nobody's reason
_ANCHOR = 0.2  # of the profiled time: how much unchanged code it needs to tell a slow moment by it
_LISTED = 5  # functions to blame
_COUNTED = 10  # functions whose calls changed
_NAMED = 3  # calls that a sentence names

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_IN_C = re.compile(r"<(?:built-in )?method '?([\w.]+)'?(?: of '?([\w.]+)'?.*)?>")


@dataclass(frozen=True, kw_only=True)
class CallChange:
    """A function that is not called as often as before; exact, as every profile of a side agrees.

    Args:
        name: qualified; as Python describes it for one that is written in C.
        file: relative to where its side's code or environment begins; "" for one that is written in C.
        line: in the candidate, or in the baseline if only that calls it; 0 for one that is written in C.
        baseline: calls for each call of the benchmark's function.
        candidate: the same on the other side.
    """

    name: str
    file: str
    line: int
    baseline: float
    candidate: float


@dataclass(frozen=True, kw_only=True)
class FunctionChange:
    """A function that answers for a part of the change.

    Args:
        name: qualified.
        file: relative to where its side's code or environment begins.
        baseline_line: where it begins in the baseline.
        candidate_line: where it begins in the candidate.
        in_diff: whether a line of the diff lies in it.
        rewritten: whether it does something else than before, by its compiled code; None if that can't be told.
        share: what it answers for, a fraction of the baseline's profiled time; below 0 for what it saves.
        own: own time of one call, candidate / baseline, new calls into C left out; None within the profiles' scatter.
        calls: what it calls more or less often than before.
    """

    name: str
    file: str
    baseline_line: int
    candidate_line: int
    in_diff: bool
    rewritten: bool | None
    share: float
    own: float | None
    calls: tuple[CallChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What two sides' profiles of one cell say.

    Args:
        functions: that answer for the change, the likeliest first; at most a few.
        counts: functions whose number of calls changed, those that cost most first; at most a few.
        more_counts: how many functions changed beside `counts`.
        passes: profiles of each side.
        calls: of the benchmark's function in each profile.
        threads: whether something ran in other threads, unseen.
        children: whether something ran in other processes, unseen.
    """

    functions: tuple[FunctionChange, ...] = ()
    counts: tuple[CallChange, ...] = ()
    more_counts: int = 0
    passes: int
    calls: int
    threads: bool = False
    children: bool = False


def explained(
    baseline: Sequence[Profile], candidate: Sequence[Profile], *, tops: tuple[Path, Path], diff: str = ""
) -> Explanation:
    """Lay the profiles of a cell on both sides side by side.

    Args:
        baseline: at least one; their order says nothing.
        candidate: as many, of the same number of calls.
        tops: where the baseline's and the candidate's own code begins.
        diff: what git says with `DIFF`, baseline to candidate; "" without one.
    """
    read = _Diff(diff)
    before, after = Side.of(baseline, tops[0], read.renamed), Side.of(candidate, tops[1], {})
    calls = baseline[0].calls
    changes = sorted(_changes(before, after, read, calls), key=_likeliest)
    counts = sorted(_counts(before, after, calls), key=lambda each: -each[0])
    every = (*baseline, *candidate)
    return Explanation(
        functions=tuple(changes[:_LISTED]),
        counts=tuple(change for _, change in counts[:_COUNTED]),
        more_counts=max(0, len(counts) - _COUNTED),
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


def _changes(before: Side, after: Side, diff: "_Diff", per: int) -> Iterator[FunctionChange]:
    """Weigh each function that both sides call, and keep those that answer for enough."""
    both = [key for key in before.functions() & after.functions() if key[0]]
    clock = _Clock(before, after, both)
    for key in both:
        calls = list(_new_calls(before, after, key))
        own, ratio = clock.compared(key, sum(cost for callee, cost in calls if not callee[0]))
        share = (own + sum(cost for _, cost in calls)) / before.total()
        if abs(share) >= _SMALLEST:
            calls.sort(key=lambda each: -abs(each[1]))
            old, new = before.lines[key], after.lines[key]
            yield FunctionChange(
                name=key[1],
                file=key[0],
                baseline_line=old[0],
                candidate_line=new[0],
                in_diff=diff.touches(key[0], old, new),
                rewritten=_rewritten(before, after, key),
                share=share,
                own=ratio,
                calls=tuple(_between(before, after, key, callee, per) for callee, _ in calls),
            )


def _new_calls(before: Side, after: Side, caller: Function) -> Iterator[tuple[Function, float]]:
    """Find the calls that a function makes beyond what it made before, and the seconds that they take.

    Below 0 for calls that it makes no longer. A function that is called twice as often is expected to call twice as
    often.
    """
    was, now = before.calls(caller), after.calls(caller)
    if not was or not now:
        return
    for callee in before.callees(caller) | after.callees(caller):
        earlier, later = before.edge_calls(caller, callee), after.edge_calls(caller, callee)
        if earlier is not None and later is not None and not math.isclose(earlier * now, later * was):
            price = (before if earlier else after).price(caller, callee)
            yield callee, (later - earlier * now / was) * price


def _between(before: Side, after: Side, caller: Function, callee: Function, per: int) -> CallChange:
    earlier, later = (side.edge_calls(caller, callee) or 0.0 for side in (before, after))
    return _call_change(before, after, callee, earlier / per, later / per)


def _call_change(before: Side, after: Side, key: Function, baseline: float, candidate: float) -> CallChange:
    line, _ = after.lines.get(key) or before.lines[key]
    return CallChange(name=key[1], file=key[0], line=line, baseline=baseline, candidate=candidate)


def _counts(before: Side, after: Side, per: int) -> Iterator[tuple[float, CallChange]]:
    """Find the functions that are not called as often as before, and the seconds that the difference takes."""
    for key in before.functions() | after.functions():
        earlier, later = before.calls(key), after.calls(key)
        if earlier is not None and later is not None and earlier != later:
            cost = abs(after.cumulative(key) - before.cumulative(key))
            yield cost, _call_change(before, after, key, earlier / per, later / per)


def _rewritten(before: Side, after: Side, key: Function) -> bool | None:
    """Whether a function's compiled code differs; two Pythons compile the same to something else."""
    one, other = before.code[key], after.code[key]
    known = one and other and one.partition(":")[0] == other.partition(":")[0]
    return one != other if known else None


class _Clock:
    """Own times of both sides, made comparable: each profile is timed by what unchanged functions took in it.

    A moment in which the machine is slow slows all of a profile, and would pass for a change.
    """

    def __init__(self, before: Side, after: Side, both: Iterable[Function]) -> None:
        self._sides = before, after
        own = {key: (before.own(key), after.own(key)) for key in both}
        self._own = {key: times for key, times in own.items() if all(map(any, times))}
        self._usual = {key: median(self._own[key][0]) for key in self._own if _same_work(before, after, key)}

    def compared(self, key: Function, in_c: float) -> tuple[float, float | None]:
        """Return by how many seconds a function's own time grew, new calls into C left out, and its ratio.

        Returns:
            0 and None if that is within what the profiles of one side differ by.
        """
        if key not in self._own:
            return 0.0, None
        was, now = (side.typical_calls(key) for side in self._sides)
        earlier, later = (self._in_time(key, which) for which in (0, 1))
        expected = [each * now / was for each in earlier]
        found = [each - in_c for each in later]
        if not _apart(expected, found):
            return 0.0, None
        before, after = median(expected), median(found)
        return after - before, after / before

    def _in_time(self, key: Function, side: int) -> list[float]:
        """Return a function's own times as they would be at the others' usual pace."""
        others = {other: usual for other, usual in self._usual.items() if other != key and usual > 0}
        if sum(others.values()) < _ANCHOR * self._sides[0].total():
            return self._own[key][side]
        paces = (
            _middle([(self._own[other][side][turn] / usual, usual) for other, usual in others.items()])
            for turn in range(len(self._own[key][side]))
        )
        return [each / pace for each, pace in zip(self._own[key][side], paces, strict=True)]


def _middle(weighted: Iterable[tuple[float, float]]) -> float:
    """Return the weighted median of (value, weight): one function that changed can't move it far."""
    ordered = sorted(weighted)
    reached = list(accumulate(weight for _, weight in ordered))
    return ordered[bisect_left(reached, reached[-1] / 2)][0]


def _same_work(before: Side, after: Side, key: Function) -> bool:
    """Whether a function can't have changed: the same code, as far as that is known, called as often."""
    called = before.calls(key)
    return called is not None and called == after.calls(key) and not _rewritten(before, after, key)


def _apart(earlier: Sequence[float], later: Sequence[float]) -> bool:
    """Whether two sides' times differ by more than the times of each do."""
    low, high = sorted((sorted(earlier), sorted(later)), key=median)
    return low[-1] < high[0] and median(high) - median(low) > max(low[-1] - low[0], high[-1] - high[0])


class _Diff:
    """Which lines of which files a diff touches, on both sides."""

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


def measured(explanation: Explanation) -> str:
    """Say what an explanation rests on."""
    calls, passes = (figures.many(explanation.calls, "call"), figures.many(explanation.passes, "profile"))
    return f"by {passes} of {calls} on each side"


def text(explanation: Explanation) -> list[str]:
    """Write an explanation in sentences, the likeliest function first; no more than was seen."""
    timed = not explanation.counts and explanation.functions
    return [
        *(["nothing differs but time"] if timed else []),
        *map(_blamed, explanation.functions),
        *([_counted(explanation)] if explanation.counts else []),
        *([] if explanation.functions else [_nothing(explanation)]),
        *_unseen(explanation),
    ]


def markdown(explanation: Explanation) -> list[str]:
    """Write an explanation in sentences of Markdown; no name in them can become markup."""
    return [escaped(sentence) for sentence in text(explanation)]


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    return asdict(explanation)


def _blamed(change: FunctionChange) -> str:
    where = f"{change.name} ({change.file}:{change.candidate_line})"
    rewritten = {True: "its code differs", False: "its code is the same", None: ""}[change.rewritten]
    own = "" if change.own is None else f"own time {figures.change(change.own)}"
    calls = [_called(each) for each in change.calls[:_NAMED]]
    said = [own, *calls, "a line of the diff is in it" if change.in_diff else rewritten]
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
    return f"{number:,.0f}" if float(number).is_integer() else figures.digits(number)


def _nothing(explanation: Explanation) -> str:
    counts = (
        "no function that both sides call answers for it" if explanation.counts else "each function was called as often"
    )
    several = f"the {explanation.passes} profiles of one side" if explanation.passes > 1 else "profiles of one side"
    return f"nobody to blame: {counts}, and no own time differs by more than {several} do"


def _unseen(explanation: Explanation) -> Iterator[str]:
    others = [("other threads", explanation.threads), ("other processes", explanation.children)]
    names = [name for name, ran in others if ran]
    if names:
        yield f"what ran in {' and '.join(names)} can't be seen in these profiles"
