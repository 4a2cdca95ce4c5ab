"""Ask the gate about commits of public libraries, and the usual gates beside it.

Each commit is compared with the one before: once by `paceline ab`, and once by two runs of pytest-benchmark, one after
the other, whose minima and medians are held against a threshold as `pytest-benchmark compare` does. A table says what
the commit's message says and what either found, right or wrong.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from record import SUITES, Suite, git

THRESHOLDS = {"min:5%": ("min", 0.05), "median:10%": ("median", 0.10)}


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the commits that are named, and write a line of JSON for each, then the table."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--time", type=float, default=240.0, help="seconds for a comparison (default: %(default)g)")
    made.add_argument("suite", choices=SUITES, help="which library it is")
    made.add_argument("clone", type=Path, help="where it is cloned")
    made.add_argument("commits", nargs="+", help="each is compared with the one before")
    given = made.parse_args(argv)
    found = []
    for commit in given.commits:
        found.append(asked(SUITES[given.suite], given.clone.resolve(), commit, given.time))
        sys.stderr.write(json.dumps(found[-1]) + "\n")
    sys.stdout.write("\n".join(row({"suite": given.suite, **one}) for one in found) + "\n")
    return 0


def asked(suite: Suite, clone: Path, commit: str, seconds: float) -> dict[str, Any]:
    """Ask all gates about one commit."""
    begun = time.monotonic()
    said = gate(suite, clone, commit, seconds)
    return {
        "commit": git(clone, "rev-parse", "--short=10", commit),
        "message": git(clone, "log", "-1", "--format=%s", commit),
        "seconds": round(time.monotonic() - begun),
        "gate": {cell["fullname"].partition("::")[2]: [cell["verdict"], cell["ratio"]] for cell in said["cells"]},
        "verdict": said["verdict"],
        "failed": said["failed"],
        **usual(suite, clone, commit),
    }


def gate(suite: Suite, clone: Path, commit: str, seconds: float) -> dict[str, Any]:
    """Compare a commit with the one before by `paceline ab`."""
    sides = [f"rev:{revision} {suite.environment}" for revision in (f"{commit}~1", commit)]
    with TemporaryDirectory(prefix="paceline-") as folder:
        command = [sys.executable, "-m", "paceline", "ab", "--json", "--time", str(seconds), "--results", folder]
        command += ["--baseline", sides[0], "--candidate", sides[1], "--", *suite.cells]
        done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"{commit}: {done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def usual(suite: Suite, clone: Path, commit: str) -> dict[str, list[str] | None]:
    """Name the benchmarks that either threshold takes for slower, when each side is a run of its own.

    None where pytest-benchmark runs none, as where tests only bear a mark of pytest-codspeed.
    """
    before, after = (alone(suite, clone, revision) for revision in (f"{commit}~1", commit))
    both = before.keys() & after.keys()
    return {
        name: sorted(cell for cell in both if after[cell][what] > before[cell][what] * (1 + most)) if both else None
        for name, (what, most) in THRESHOLDS.items()
    }


def alone(suite: Suite, clone: Path, revision: str) -> dict[str, dict[str, float]]:
    """Run a revision's benchmarks as their project does, and return minimum and median of each."""
    with TemporaryDirectory(prefix="paceline-") as folder:
        tree, saved = Path(folder, "tree"), Path(folder, "run.json")
        git(clone, "worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            words = ["env", *suite.environment.split(), sys.executable, "-m", "pytest", "-q", "--benchmark-only"]
            words += ["-o", "addopts=", f"--benchmark-json={saved}", *suite.cells]
            subprocess.run(words, cwd=tree, capture_output=True, check=False)
        finally:
            git(clone, "worktree", "remove", "--force", str(tree))
        cells = json.loads(saved.read_text())["benchmarks"] if saved.exists() else []
    return {cell["name"]: {what: cell["stats"][what] for what in ("min", "median")} for cell in cells}


def row(one: dict[str, Any]) -> str:
    """Write a line of a Markdown table."""
    changed = {name: ratio for name, (verdict, ratio) in one["gate"].items() if verdict in {"slower", "faster"}}
    kinds = [verdict for verdict, _ in one["gate"].values()]
    tally = ", ".join(
        f"{kinds.count(kind)} {kind}" for kind in ("slower", "faster", "same", "unknown") if kind in kinds
    )
    middle = f" (median {statistics.median(changed.values()) - 1:+.1%})" if changed else ""
    usual_gates = " | ".join("-" if one[name] is None else str(len(one[name])) for name in THRESHOLDS)
    cells = [one["suite"], one["commit"], one["message"], tally + middle, f"{one['seconds']} s", usual_gates]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
