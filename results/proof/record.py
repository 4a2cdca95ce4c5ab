"""Record comparisons whose truth is known: identical code, and changes that change nothing that a benchmark can see.

Each is a comparison of its own, at its own time, with a seed of its own: a copy of a repository, in which a script may
have edited a function, against the revision that it comes from. A line of JSON a comparison is appended to a file, so
that it can be stopped and gone on with at any time.
"""

import argparse
import ast
import datetime as dt
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from blame_edits import Edit, Source, commented, renamed

HERE = Path(__file__).parent
KEPT = HERE / "null.jsonl"
ATTEMPTS = 200


@dataclass(frozen=True)
class Suite:
    """What is compared of a repository.

    Args:
        package: the folder of its code.
        cells: pytest's arguments.
        environment: variables of both sides.
    """

    package: str
    cells: tuple[str, ...]
    environment: str = ""


PURE = "YARL_NO_EXTENSIONS=1 MULTIDICT_NO_EXTENSIONS=1"
SUITES = {
    "yarl": Suite("yarl", ("tests/test_url_benchmarks.py",), PURE),
    "multidict": Suite("multidict", ("tests/test_multidict_benchmarks.py", "--no-c-extensions"), PURE),
    "attrs": Suite("src/attr", ("bench/test_benchmarks.py",)),
    "paceline": Suite("src/paceline", ("benchmarks/test_gate.py",)),
}
SEEDS = "fixed seeds"
"""Two hash seeds, one a side: strings then collide in one way on one side and in another on the other, in all pairs.
That is a real change, though not of code, so it is shown and is no alarm."""

KINDS = ("identical", "comment", "renamed local", "reordered functions", "unused function", "other path", "other seed")


def main(argv: Sequence[str] | None = None) -> int:
    """Record for some hours, or sum up what is recorded."""
    given = arguments(argv)
    if given.hours:
        record(given)
    sys.stdout.write(summary([json.loads(line) for line in given.file.read_text().splitlines()]))
    return 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read what was typed."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("--hours", type=float, default=0.0, help="how long to record; without it, only sum up")
    add("--time", type=float, default=240.0, help="seconds for a comparison (default: %(default)g)")
    add("--cells", type=int, help="how many of a suite's to compare, drawn anew each time (default: all)")
    add("--file", type=Path, default=KEPT, help="where to append (default: %(default)s)")
    add("clones", nargs="*", metavar="SUITE=CLONE", help=f"of {', '.join(SUITES)}")
    return made.parse_args(argv)


def record(given: argparse.Namespace) -> None:
    """Take suites and kinds in turns, those of which there are fewest first, until the time is over."""
    clones = dict(clone.split("=", 1) for clone in given.clones)
    until = time.monotonic() + 3600 * given.hours
    while time.monotonic() < until:
        known = given.file.read_text().splitlines() if given.file.exists() else []
        name, kind = rarest(clones, [json.loads(line) for line in known])
        one = compared(name, Path(clones[name]).resolve(), kind, given, random.randrange(2**32))
        with given.file.open("a") as file:
            file.write(json.dumps(one) + "\n")
        sys.stderr.write(f"{name}, {kind}: {one['verdict']}, {one['cells']}, {one['seconds']:.0f} s\n")


def rarest(clones: dict[str, str], known: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the suite, and what comes next: identical code as often as any null change."""
    suites = Counter(dict.fromkeys(clones, 0))
    suites.update(one["suite"] for one in known if one["suite"] in clones)
    name = min(suites, key=suites.__getitem__)
    kinds = Counter(dict.fromkeys(KINDS, 0.0))
    for one in known:
        if one["suite"] == name and one["kind"] in KINDS:
            kinds[one["kind"]] += 1 / (len(KINDS) - 1) if one["kind"] == "identical" else 1
    return name, min(kinds, key=kinds.__getitem__)


def compared(name: str, clone: Path, kind: str, given: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Hold one comparison, and return what came of it."""
    suite, chance = SUITES[name], random.Random(seed)
    with TemporaryDirectory(prefix="a" * chance.randrange(1, 60) if kind == "other path" else "paceline-") as folder:
        tree = Path(folder, name)
        subprocess.run(["git", "clone", "--quiet", clone, tree], check=True)
        edit = edited(tree, suite.package, kind, chance)
        seeds = ("", "PYTHONHASHSEED=random") if kind == "other seed" else ("", "")
        sides = [f"{side} {suite.environment} {seed}" for side, seed in zip(("rev:HEAD", "."), seeds, strict=True)]
        cells = drawn(tree, suite, given.cells, chance) if given.cells else suite.cells
        command = [sys.executable, "-m", "paceline", "ab", "--json", "--time", given.time, "--seed", seed]
        command += ["--baseline", sides[0], "--candidate", sides[1], "--results", folder, "--", *cells]
        begun = time.monotonic()
        done = subprocess.run(list(map(str, command)), check=False, cwd=tree, capture_output=True, text=True)
        taken = time.monotonic() - begun
        commit = git(tree, "rev-parse", "--short=12", "HEAD")
    if not done.stdout:
        raise SystemExit(f"{name}, {kind}, seed {seed}: {done.stderr}")
    said = json.loads(done.stdout)
    return {
        "suite": name,
        "commit": commit,
        "kind": kind,
        "edit": edit,
        "seed": seed,
        "datetime": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "fingerprint": said["fingerprint"],
        "seconds": round(taken, 1),
        "verdict": said["verdict"],
        "cells": dict(Counter(cell["verdict"] for cell in said["cells"])),
        "changed": {
            cell["fullname"]: cell["ratio"] for cell in said["cells"] if cell["verdict"] in {"slower", "faster"}
        },
        "pairs": [said["pairs"], said["fresh_pairs"]],
    }


def drawn(tree: Path, suite: Suite, number: int, chance: random.Random) -> list[str]:
    """Draw some of a suite's cells."""
    command = ["env", *suite.environment.split(), sys.executable, "-m", "pytest", "-o", "addopts=", *suite.cells]
    command += ["--collect-only", "-q", "--benchmark-only"]
    asked = subprocess.run(command, check=True, cwd=tree, capture_output=True, text=True)
    cells = [line for line in asked.stdout.splitlines() if "::" in line]
    return sorted(chance.sample(cells, min(number, len(cells))))


def git(tree: Path, *words: str) -> str:
    """Return what git says of a folder."""
    return subprocess.run(["git", "-C", tree, *words], check=True, capture_output=True, text=True).stdout.strip()


def edited(tree: Path, package: str, kind: str, chance: random.Random) -> str:
    """Make a change of a kind somewhere in a package; return where, or "" where a kind is no edit."""
    if kind in {"identical", "other path", "other seed"}:
        return ""
    files = [file for file in sorted((tree / package).rglob("*.py")) if file.stat().st_size]
    for _ in range(ATTEMPTS):
        file = chance.choice(files)
        source = Source(file.read_bytes())
        for where, edits in changes(source, kind, chance):
            file.write_bytes(source.edited(edits))
            return f"{file.relative_to(tree)}: {where}"
    raise SystemExit(f"{package}: found no place for a change of the kind {kind!r}")


def changes(source: Source, kind: str, chance: random.Random) -> Iterator[tuple[str, list[Edit]]]:
    """Yield changes of a kind, each with the name of where it is, in an order by chance."""
    if kind == "unused function":
        end = len(source.text)
        yield "its end", [Edit(end, end, b"\n\ndef _never_called(value):\n    return value\n")]
    elif kind == "reordered functions":
        yield from chance.sample(every := list(reordered(source)), len(every))
    else:
        make = {"comment": commented, "renamed local": renamed}[kind]
        functions = list(source.functions.values())
        chance.shuffle(functions)
        yield from ((node.name, edits) for node in functions if (edits := make(source, node)))


def reordered(source: Source) -> Iterator[tuple[str, list[Edit]]]:
    """Yield swaps of two methods that follow each other in a class, and have no decorators that could bind them."""
    for outer in ast.walk(ast.parse(source.text)):
        for one, other in pairwise(outer.body if isinstance(outer, ast.ClassDef) else []):
            if all(isinstance(each, ast.FunctionDef) and not each.decorator_list for each in (one, other)):
                swap = [Edit(*source.span(one), source.code(other)), Edit(*source.span(other), source.code(one))]
                yield f"{outer.name}.{one.name}", swap


def summary(known: list[dict[str, Any]]) -> str:
    """Write how often identical code was called changed: per comparison and per cell, with exact upper bounds."""
    lines = [f"{'suite':12} {'kind':20} comparisons  cells  same  unknown  changed  moved  median seconds"]
    groups = sorted({(one["suite"], one["kind"]) for one in known})
    for group in [*groups, ("all", "identical"), ("all", "null changes"), ("all", "all")]:
        of_it = [one for one in known if _belongs(one, *group)]
        if of_it:
            lines.append(_line(group, of_it))
    known = [one for one in known if one["kind"] != SEEDS]
    wrong = sum(bool(one["changed"]) for one in known)
    cells = sum(sum(one["cells"].values()) for one in known)
    changed = sum(len(one["changed"]) for one in known)
    lines += [
        f"alarms: {wrong} of {len(known)} comparisons, at most {bound(wrong, len(known)):.2%} (95 %, exact)",
        f"        {changed} of {cells} cells, at most {bound(changed, cells):.3%}, as if they were independent",
    ]
    return "\n".join(lines) + "\n"


def _belongs(one: dict[str, Any], suite: str, kind: str) -> bool:
    kinds = {"all": set(KINDS), "null changes": set(KINDS) - {"identical"}}.get(kind, {kind})
    return suite in {"all", one["suite"]} and one["kind"] in kinds


def _line(group: tuple[str, str], known: list[dict[str, Any]]) -> str:
    total = Counter({"same": 0, "unknown": 0})
    for one in known:
        total.update(one["cells"])
    seconds = sorted(one["seconds"] for one in known)[len(known) // 2]
    moved = sum(one["verdict"] == "not comparable" for one in known)
    cells, changed = total.total(), total["slower"] + total["faster"]
    shares = f"{total['same'] / cells:6.1%} {total['unknown'] / cells:6.1%}"
    return f"{group[0]:12} {group[1]:20} {len(known):11} {cells:6} {shares} {changed:8} {moved:6} {seconds:8.0f}"


def bound(seen: int, of: int, level: float = 0.95) -> float:
    """Return the largest rate with which so few would still be seen.

    Source: C. J. Clopper and E. S. Pearson, The Use of Confidence or Fiducial Limits Illustrated in the Case of the
        Binomial, Biometrika 26 (1934), 404-413, one-sided.
    """
    from scipy.special import betaincinv

    return 1.0 if seen == of else float(betaincinv(seen + 1, of - seen, level))


if __name__ == "__main__":
    sys.exit(main())
