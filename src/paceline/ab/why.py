"""Where a cell changed: two sides' profiles of the same work, laid side by side.

The difference of the two totals is the sum, over all functions f, of what f itself answers for: the change of its own
time, and its new calls at what one of them costs. What a callee costs more is the callee's own share, and a function
that only one side calls is charged to whoever calls it. So a new helper, or `len`, is never to blame.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from paceline.ab.diff import Diff
from paceline.ab.profiles import Function, Profile, Side
from paceline.report import figures
from paceline.report.escaping import text as escaped

PASSES = 5
"""Profiles of a side, in turns with the other side's: a difference counts if it is beyond what they differ by."""

_SMALLEST = 0.005  # of the profiled time: a smaller share is nobody's reason
_ANCHOR = 0.2  # of the profiled time: how much unchanged code it needs to tell a slow moment by it
_SLIGHT = 0.05  # of a function's own time: less comes of where its code lies in memory
_FEWEST = 3  # pairs of profiles, below which no time counts, and functions, below which they tell no pace
_WITH_REASON = 0.5  # of the scatter that a change must exceed, where the function's code differs
_HIGHEST = 30  # calls above a function: those that call each other have no end
_LISTED = 5  # functions to blame
_COUNTED = 10  # functions whose calls changed
_NAMED = 3  # calls that a sentence names

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
        through: functions below it that answer for a part though their code is the same: what they are given may
            differ. Their shares are in its own.
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
    through: tuple[str, ...] = ()


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
        baseline: at least one; times count from three on.
        candidate: as many, of the same number of calls; each taken beside the baseline's at the same place, with the
            same hash seed.
        tops: where the baseline's and the candidate's own code begins.
        diff: what git says with `diff.ARGUMENTS`, baseline to candidate; "" without one.
    """
    read = Diff(diff)
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


@dataclass(frozen=True)
class _Weight:
    """What a function answers for: its share, the ratio of its own times, and whom it calls more or less often."""

    share: float
    own: float | None
    callees: list[Function]


def _changes(before: Side, after: Side, diff: Diff, per: int) -> Iterator[FunctionChange]:
    """Weigh each function that both sides call, and keep those that answer for enough."""
    both = [key for key in before.functions() & after.functions() if key[0]]
    clock = _Clock(before, after, both)
    rewritten = {key: _rewritten(before, after, key) for key in both}
    weights = {key: _weight(before, after, key, clock, rewritten[key]) for key in both}
    through = _through(after, weights, rewritten)
    for key, weight in weights.items():
        share = weight.share + sum(through[key].values())
        if abs(share) >= _SMALLEST:
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


def _weight(before: Side, after: Side, key: Function, clock: "_Clock", rewritten: bool | None) -> _Weight:  # noqa: FBT001 - of three values
    calls = sorted(_new_calls(before, after, key), key=lambda each: -abs(each[1]))
    in_c = sum(cost for callee, cost in calls if not callee[0])
    own, ratio = clock.compared(key, in_c, rewritten=rewritten)
    share = (own + sum(cost for _, cost in calls)) / before.total()
    return _Weight(share, ratio, [callee for callee, _ in calls])


def _through(
    after: Side, weights: Mapping[Function, _Weight], rewritten: Mapping[Function, bool | None]
) -> dict[Function, dict[Function, float]]:
    """Charge what functions with the same code as before answer for to those above them whose code differs.

    Who is given other work to do is not to blame; whoever gives it may be.

    Returns:
        Function -> what is charged to it, by the function whose share it is.
    """
    charged: dict[Function, dict[Function, float]] = {key: {} for key in weights}
    for key, weight in weights.items():
        if rewritten[key] is False and abs(weight.share) >= _SMALLEST:
            for above, part in _above(after, key, rewritten).items():
                charged[above][key] = weight.share * part
    return charged


def _above(after: Side, key: Function, rewritten: Mapping[Function, bool | None]) -> dict[Function, float]:
    """Return the nearest functions above one whose code differs, each with its part of the calls that lead there."""
    found: dict[Function, float] = {}
    reached = {key: 1.0}
    for _ in range(_HIGHEST):
        onward: dict[Function, float] = {}
        for callee, part in reached.items():
            callers = {caller: calls for caller, calls in after.callers(callee).items() if caller in rewritten}
            whole = sum(callers.values())
            for caller, calls in callers.items():
                parts = found if rewritten[caller] else onward
                parts[caller] = parts.get(caller, 0.0) + part * calls / whole
        reached = onward
    return found


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

    def compared(self, key: Function, in_c: float, *, rewritten: bool | None) -> tuple[float, float | None]:
        """Return by how many seconds a function's own time grew, new calls into C left out, and its ratio.

        Args:
            key: the function.
            in_c: seconds of the calls into C that are new; they are counted, and need no clock.
            rewritten: whether its code differs: half the evidence will do for one that has a reason.

        Returns:
            0 and None if that is within what the profiles of one side differ by.
        """
        if key not in self._own:
            return 0.0, None
        was, now = (side.typical_calls(key) for side in self._sides)
        earlier, later = (self._in_time(key, which) for which in (0, 1))
        expected = [each * now / was for each in earlier]
        grown = [after - in_c - before for before, after in zip(expected, later, strict=True)]
        usual, change = median(expected), median(grown)
        enough = (max(grown) - min(grown)) * (_WITH_REASON if rewritten else 1)
        alike = len(grown) >= _FEWEST and min(grown) * max(grown) > 0
        if not alike or abs(change) <= max(enough, _SLIGHT * usual):
            return 0.0, None
        return change, 1 + change / usual

    def _in_time(self, key: Function, side: int) -> list[float]:
        """Return a function's own times as they would be at the others' usual pace."""
        others = {other: usual for other, usual in self._usual.items() if other != key and usual > 0}
        if len(others) < _FEWEST or sum(others.values()) < _ANCHOR * self._sides[0].total():
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
    own = "" if change.own is None else f"own time {figures.change(change.own)}"
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
