"""The trial of `paceline ab --why`: slow-downs in random functions, each beside harmless edits in nine others.

Each is put into one of two checkouts, of public libraries and of small example projects. Both sides are profiled in
turns, in processes of their own, and the right function should come first: with the diff, with the diff hidden, and
(harder than that) by counts and times alone, without what the compiled code says.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from blame_edits import KINDS, TWICE, Edit, Source, harmless, slowed
from blame_side import BENCHMARKS

import paceline.plugin.side.profiling
from paceline.ab import differences, why
from paceline.ab.why import Explanation, Profile

HERE = Path(__file__).parent
PURE = {"YARL_NO_EXTENSIONS": "1", "MULTIDICT_NO_EXTENSIONS": "1"}
SMALLEST, LARGEST = 0.05, 0.20  # of a call's time
HARMLESS = 9
CHECKED = 30  # calls whose results are compared
TIMED = 20  # calls in a share of a timing
TIMINGS = 5  # of each side, in turns
WISHED_LEAST, WISHED_MOST = SMALLEST + 0.02, LARGEST - 0.03
UNIT = 40e-9  # seconds that one more of what slows down may take; to begin with
FITTINGS = 3  # attempts at the right amount
ATTEMPTS = 60  # functions tried for a case


@dataclass(frozen=True)
class Bench:
    """A benchmark's function on two checkouts of its library."""

    library: str
    name: str
    baseline: Path
    candidate: Path
    calls: int

    def run(self, what: str, side: Path, calls: int | None = None, hash_seed: int = 0) -> Any:
        """Run one side in a process of its own."""
        wanted = {"library": self.library, "benchmark": self.name, "what": what, "calls": calls or self.calls}
        path = os.pathsep.join([str(side), str(side.parent)])
        environment = {**os.environ, **PURE, "PYTHONPATH": path, "PYTHONHASHSEED": str(hash_seed)}
        command = [sys.executable, str(HERE / "blame_side.py")]
        done = subprocess.run(
            command, input=json.dumps(wanted), env=environment, capture_output=True, text=True, check=False
        )
        return json.loads(done.stdout) if done.returncode == 0 else None

    def profiles(self, passes: int) -> tuple[list[Profile], list[Profile]]:
        """Profile both sides in turns."""
        sides: tuple[list[Profile], list[Profile]] = [], []
        for turn in range(passes):
            for which in (0, 1) if turn % 2 else (1, 0):
                rows = self.run("profile", (self.baseline, self.candidate)[which], hash_seed=turn)
                sides[which].append(Profile(rows, self.calls))
        return sides

    def slowdown(self) -> tuple[float, float]:
        """Measure how much slower the candidate is, without a profiler: fractions, by two estimates.

        Returns:
            By the quickest of each side, and by the median of the ratios of those taken one after the other.
        """
        times: tuple[list[float], list[float]] = [], []
        for turn in range(2 * TIMINGS):
            which = (turn + turn // 2) % 2
            times[which].append(self.run("timed", (self.baseline, self.candidate)[which], TIMED))
        ratios = [after / before for before, after in zip(*times, strict=True)]
        return min(times[1]) / min(times[0]) - 1, statistics.median(ratios) - 1

    def changes(self) -> str:
        """Return what git says of the candidate."""
        return git(self.candidate, *differences.ARGUMENTS, "HEAD")

    def restore(self) -> None:
        """Put the candidate back to what the baseline is."""
        git(self.candidate, "checkout", "--quiet", "--", ".")


@dataclass(frozen=True)
class Case:
    """A slow-down that was found again, or not."""

    library: str
    function: str
    kind: str
    slower: float
    with_diff: int | None
    hidden: int | None
    alone: int | None


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout


def checkouts(library: str, source: Path, folder: Path) -> tuple[Path, Path]:
    """Make two checkouts of a clone, or of an example project's file."""
    places = folder / library / "baseline", folder / library / "candidate"
    for place in places:
        if source.is_file():
            place.mkdir(parents=True)
            shutil.copy(source, place)
            git(place, "init", "--quiet")
            git(place, "add", ".")
            git(place, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "As it is")
        else:
            git(folder, "clone", "--quiet", str(source), str(place))
    shutil.copy(paceline.plugin.side.profiling.__file__, folder / library / "paceline_profiling.py")
    return places


def called(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    """Return the library's functions that the benchmark calls: file, row of a profile."""
    rows = bench.run("profile", bench.baseline, CHECKED)
    inside = [row for row in rows if Path(row["file"]).is_relative_to(bench.baseline) and "<" not in row["name"]]
    found = [(str(Path(row["file"]).relative_to(bench.baseline)), row) for row in inside if row["calls"] >= CHECKED]
    return sorted(found, key=lambda each: (each[0], each[1]["line"]))


def trial(bench: Bench, kind: str, chance: Random, passes: int) -> Case | None:
    """Slow one random function down beside harmless edits in others, and see who is blamed; None if it can't be had."""
    functions = called(bench)
    seconds = bench.run("timed", bench.baseline, TIMED)
    for _ in range(ATTEMPTS):
        file, row = chance.choice(functions)
        plant = Plant(bench, functions, (file, row["line"]), kind, chance.random())
        slower = fitted(plant, chance.uniform(WISHED_LEAST, WISHED_MOST), seconds * CHECKED / row["calls"])
        if slower is not None:
            return judged(bench, (file, row["name"]), kind, slower, passes)
        bench.restore()
    return None


def fitted(plant: "Plant", wished: float, seconds: float) -> float | None:
    """Find the amount that makes the candidate about as much slower as wished, and leave it so.

    Args:
        plant: what slows it down.
        wished: how much slower, a fraction.
        seconds: the benchmark's, for each call of the function.

    Returns:
        How much slower it is; None if it can't be had.
    """
    amount = 1 if plant.kind == TWICE else max(1, round(wished * seconds / UNIT))
    for _ in range(FITTINGS):
        if not plant.put(amount):
            return None
        slower, again = plant.bench.slowdown()
        if min(slower, again) >= SMALLEST and max(slower, again) <= LARGEST:
            return slower
        if plant.kind == TWICE or (amount == 1 and slower > LARGEST):
            return None
        amount = max(1, round(amount * min(10, wished / max(slower, 0.01))))
    return None


@dataclass(frozen=True)
class Plant:
    """A slow-down of a function, if it has a kind, and harmless edits in nine others."""

    bench: Bench
    functions: list[tuple[str, dict[str, Any]]]
    target: tuple[str, int]
    kind: str | None
    seed: float

    def put(self, amount: int) -> bool:
        """Write the candidate's files, and say whether all is as wished and every result as it was."""
        edits = self._edits(amount)
        for file, (source, made) in edits.items():
            (self.bench.candidate / file).write_bytes(source.edited(made))
        sides = self.bench.baseline, self.bench.candidate
        before, after = (self.bench.run("results", side, CHECKED) for side in sides) if edits else (None, None)
        return before is not None and before == after

    def _edits(self, amount: int) -> dict[str, tuple[Source, list[Edit]]]:
        """Return the files to change, each with its edits; none if the function or nine others can't be edited."""
        chance = Random(self.seed)
        sources = {
            file: Source((self.bench.baseline / file).read_bytes()) for file in {name for name, _ in self.functions}
        }
        edits: dict[str, tuple[Source, list[Edit]]] = {file: (source, []) for file, source in sources.items()}
        file, line = self.target
        node = sources[file].functions.get(line)
        slow = slowed(sources[file], node, self.kind, amount, chance) if node and self.kind else []
        if not node or bool(slow) != bool(self.kind):
            return {}
        edits[file][1].extend(slow)
        taken = [(file, node)]
        for other, row in chance.sample(self.functions, len(self.functions)):
            found = sources[other].functions.get(row["line"])
            if len(taken) <= HARMLESS and found and not any(overlap(other, found, *each) for each in taken):
                made = harmless(sources[other], found, chance)
                edits[other][1].extend(made)
                taken.extend([(other, found)] if made else [])
        return edits if len(taken) > HARMLESS else {}


def overlap(file, node, other_file, other) -> bool:
    """Whether one function lies within the other."""
    return file == other_file and node.lineno <= other.end_lineno and other.lineno <= node.end_lineno


def judged(bench: Bench, right: tuple[str, str], kind: str, slower: float, passes: int) -> Case:
    """See at which place the right function is blamed: with the diff, without it, and by counts and times alone."""
    sides = bench.profiles(passes)
    bare = tuple([replace(each, rows=[{**row, "code": ""} for row in each.rows]) for each in side] for side in sides)
    told = explained(bench, sides, bench.changes()), explained(bench, sides, ""), explained(bench, bare, "")
    ranks = [place(each, right) for each in told]
    return Case(bench.library, right[1], kind, slower, *ranks)


def explained(bench: Bench, sides, changes: str) -> Explanation:
    """Lay both sides' profiles side by side."""
    return why.explained(*sides, tops=(bench.baseline, bench.candidate), diff=changes)


def place(explanation: Explanation, right: tuple[str, str]) -> int | None:
    """Return the place of a function among those to blame, from 1; None if it is not among them."""
    named = [(function.file, function.name) for function in explanation.functions]
    return named.index(right) + 1 if right in named else None


def cases(benches: Sequence[Bench], count: int, chance: Random, passes: int) -> Iterator[Case]:
    """Hold trials, one kind after the other, on one benchmark after the other."""
    kinds = [*KINDS, TWICE]
    found = 0
    for number in range(2 * count):
        bench = benches[number % len(benches)]
        case = trial(bench, kinds[number % len(kinds)], chance, passes) if found < count else None
        bench.restore()
        if case:
            found += 1
            yield case


def controls(benches: Sequence[Bench], count: int, chance: Random, passes: int) -> Iterator[tuple[str, bool]]:
    """Compare identical sides, then sides with harmless edits alone, and say whether somebody is blamed."""
    for bench in benches * count:
        yield "identical sides", bool(explained(bench, bench.profiles(passes), "").functions)
        functions = called(bench)
        file, row = chance.choice(functions)
        while not Plant(bench, functions, (file, row["line"]), None, chance.random()).put(0):
            file, row = chance.choice(functions)
        yield "harmless edits alone", bool(explained(bench, bench.profiles(passes), bench.changes()).functions)
        bench.restore()


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read what was typed."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("clones", nargs="*", type=Path, metavar="CLONE", help="of yarl and multidict, named so")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--count", type=int, default=20, help="slow-downs (default: %(default)s)")
    made.add_argument(
        "--controls", type=int, default=2, help="identical sides, of each benchmark (default: %(default)s)"
    )
    made.add_argument("--calls", type=int, default=20, help="in a run of a profile (default: %(default)s)")
    made.add_argument("--passes", type=int, default=why.PASSES, help="profiles of each side (default: %(default)s)")
    return made.parse_args(argv)


def prepared(clones: Sequence[Path], calls: int, folder: Path) -> Iterator[Bench]:
    """Make both checkouts of every library, and the benchmarks on them."""
    projects = {path.stem: path for path in sorted((HERE / "projects").glob("*.py"))}
    named = {name: path for path in clones for name in BENCHMARKS if name in "/".join(path.parts[-2:])}
    for library, source in {**named, **projects}.items():
        places = checkouts(library, source.resolve(), folder)
        yield from (Bench(library, each.__name__, *places, calls) for each in BENCHMARKS[library])


def main(argv: Sequence[str] | None = None) -> int:
    """Hold the trial, and write its table and its totals."""
    typed = arguments(argv)
    chance = Random(typed.seed)
    with tempfile.TemporaryDirectory(prefix="blame-") as name:
        benches = list(prepared(typed.clones, typed.calls, Path(name)))
        found = list(written(cases(benches, typed.count, chance, typed.passes)))
        quiet = list(controls(benches, typed.controls, chance, typed.passes))
    say = sys.stdout.write
    for word, key in (("with the diff", "with_diff"), ("hidden", "hidden"), ("counts and times alone", "alone")):
        say(f"{word}: first in {sum(getattr(case, key) == 1 for case in found)} of {len(found)}\n")
    for word in dict.fromkeys(word for word, _ in quiet):
        blamed = [each for kind, each in quiet if kind == word]
        say(f"{word}: somebody blamed in {sum(blamed)} of {len(blamed)}\n")
    return 0


def written(found: Iterator[Case]) -> Iterator[Case]:
    """Write the table's rows as they come."""
    say = sys.stdout.write
    say("| library | function | kind | slower | with the diff | hidden | counts and times alone |\n")
    say("|---|---|---|---:|---:|---:|---:|\n")
    for case in found:
        ranks = " | ".join("-" if rank is None else str(rank) for rank in (case.with_diff, case.hidden, case.alone))
        say(f"| {case.library} | `{case.function}` | {case.kind} | {case.slower:+.1%} | {ranks} |\n")
        sys.stdout.flush()
        yield case
    say("\n")


if __name__ == "__main__":
    sys.exit(main())
