"""`paceline init`: what a project needs to have its pull requests judged, written from what its files say."""

import argparse
import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from string import Template

from paceline import __version__
from paceline.ab.project import PYTHONS, Project, ProjectError, read
from paceline.commands import FAILED, MisuseError
from paceline.commands.shared import complain
from paceline.files import put, unfit_folder

SUMMARY = "write what a project needs to have its pull requests judged: a workflow, and a first benchmark"
EPILOG = """It writes .github/workflows/guard.yml, which compares each pull request with its base by `paceline ab`,
and an example of a benchmark if no test takes `benchmark`. It reads the project's files, and runs none of them; what
they don't say is marked as "Not known" in the workflow. It never overwrites a file.
It ends with status 0 if all is written, 1 if a file is there already, 2 for a misuse.

examples:
  paceline init           in a project's own folder
"""

GUARD = Path(".github", "workflows", "guard.yml")  # from the repository's top
EXAMPLE = Path("benchmarks", "test_speed.py")  # from the project's folder
ELSEWHERE = "git+https://example.org/paceline.git"
FEW_FILES = 4  # that are named one by one; of more, the folders


class _Marked(Template):
    delimiter = "%"  # shell and workflow expressions have all dollars


WORKFLOW = _Marked("""\
# Is a pull request slower than its base? Both take their rounds in turns, on one runner. Made by `paceline init`.
name: guard

on: pull_request

env:
  PACELINE: %{paceline}

permissions:
  contents: read # all that is needed, so that pull requests from forks are judged too

concurrency:
  group: guard-${{ github.ref }}
  cancel-in-progress: true

jobs:
  guard:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
%{defaults}    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: %{depth}
          persist-credentials: false
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with:
          python-version: "%{python}"%{why_python}
      - name: Install %{what}
%{notes}        run: |
%{install}      - name: Is the pull request slower than its base?
%{building}        shell: bash # with pipefail, which the default shell has not
        run: |
          status=0
          paceline ab --baseline rev:HEAD^1 %{options}--markdown --results "$RUNNER_TEMP/guard"%{cells} \\
            | tee -a "$GITHUB_STEP_SUMMARY" || status=$?
          if [ "$status" = 3 ]; then
            echo "::warning title=guard::Not comparable: the machine moved, so nothing was decided. Run this job again."
            status=0
          fi
          exit "$status"
      - uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0
        if: ${{ !cancelled() }}
        with:
          name: guard # paceline ab --read FILE judges it again
          path: ${{ runner.temp }}/guard
          if-no-files-found: ignore
""")

BENCHMARK = '''\
"""A first benchmark, which measures nothing of this project yet: call what your users wait for in its place."""

import json

import pytest

pytest.importorskip("pytest_benchmark")  # without it there is no `benchmark`, and this file is passed over

ORDERS = [{"number": number, "goods": ["tea", "bread"]} for number in range(1_000)]


def test_orders_are_written_as_json(benchmark):
    written = benchmark(json.dumps, ORDERS)  # what is timed: json.dumps(ORDERS), as often as it takes
    assert json.loads(written) == ORDERS
'''


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add none: all is read off the project."""


def run(_: argparse.Namespace) -> int:
    """Write what a project lacks to be guarded; returns FAILED if one of the files is there already."""
    try:
        project = read(Path.cwd())
    except ProjectError as error:
        raise MisuseError(str(error)) from None
    files = {project.top / GUARD: workflow(project)}
    if project.lacks_benchmarks:
        files[project.folder / EXAMPLE] = BENCHMARK
    for path in files:
        if path.exists():
            complain(f"{shown(path, project)} is there already: nothing is written; move it away to have it made anew")
            return FAILED
        if why := unfit_folder(path.parent):
            raise MisuseError(why)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, text.encode())
        sys.stdout.write(f"wrote {shown(path, project)}\n")
    sys.stdout.write(f"\nnext:\n{next_steps(project, files[project.top / GUARD])}")
    return 0


def workflow(project: Project) -> str:
    """Write the workflow that guards a project."""
    inside = project.folder.relative_to(project.top).as_posix()
    beside = "the project" if project.package else "Paceline"
    return WORKFLOW.substitute(
        paceline=_paceline(),
        defaults=""
        if inside == "."
        else f"    defaults:\n      run:\n        working-directory: {json.dumps(inside)}\n",
        depth="0 # all, as the version is made of tags; HEAD^1 is the base of the pull request"
        if project.tagged
        else "2 # the pull request as merged into its base, and that base: HEAD^1",
        python=project.python or PYTHONS[0],
        why_python="" if project.python else " # Not known: the project names none; take the one that its users have",
        what="Paceline, the project and what its benchmarks need" if project.package else "Paceline",
        install=_install(project),
        notes=""
        if project.needs
        else f"        # Not known: what the benchmarks import beside {beside}; name it here.\n",
        options="--install " if project.compiled else "",
        building=_building(project),
        cells="" if project.chosen else f" -- {shlex.join(cells(project))}",
    )


def _building(project: Project) -> str:
    """Return what the comparing step says of the base's own environment."""
    if not project.compiled:
        return ""
    why = "        # --install builds the base in an environment of its own, which has pytest and pytest-benchmark"
    kind, _, file = (project.needs or "").partition(" ")
    if kind == "--requirement":
        needs = f"PIP_REQUIREMENT: {json.dumps(file)} # what its benchmarks need"
        return f"{why}, and by this:\n        env:\n          {needs}\n"
    return f"{why}.\n        # Not known: whether the benchmarks need more there.\n"


def _paceline() -> str:
    """Return where pip finds the Paceline that runs here, in YAML; a place to fill in if it came from a folder."""
    said = metadata.distribution("paceline").read_text("direct_url.json")
    origin = json.loads(said) if said else {}
    version = origin.get("vcs_info")
    if version:
        return json.dumps(f"{version['vcs']}+{origin['url']}@{version['commit_id']}") + " # where pip finds Paceline"
    if not origin:
        return json.dumps(f"paceline=={__version__}") + " # what pip installs as Paceline"
    return f"{ELSEWHERE} # Not known: where pip finds Paceline; put the address of a clone that you have pushed here"


def _install(project: Project) -> str:
    """Return the lines that install everything, in one go, so that pip finds versions that fit all of it."""
    words = ["python -m pip install", '"$PACELINE"']
    if project.package and "--editable" not in (project.needs or ""):
        words.append("--editable .")
    lines = [" ".join([*words, *filter(None, [project.needs])])]
    if "--group" in (project.needs or ""):
        lines.insert(0, 'python -m pip install "pip>=25.1" # the first that knows --group')
    return "".join(f"          {line}\n" for line in lines)


def cells(project: Project) -> list[str]:
    """Return pytest's words for what is compared: the files with benchmarks, or their folders if they are many."""
    files = project.benchmarks or (EXAMPLE.as_posix(),)
    places = list(files) if len(files) <= FEW_FILES else sorted({Path(file).parent.as_posix() for file in files})
    return [*places, *(["-o", "addopts="] if project.compiled and project.addopts else [])]


def shown(path: Path, project: Project) -> str:
    """Return a path as it is typed in the project's folder, or whole if it lies elsewhere."""
    return str(path.relative_to(project.folder) if path.is_relative_to(project.folder) else path)


def next_steps(project: Project, text: str) -> str:
    """Return what is left to do, a line for each step; `text` is the workflow's."""
    steps = []
    if places := text.count("Not known"):
        steps.append(f'fill in what {GUARD.name} calls "Not known", in {places} place{"s"[: places > 1]}')
    if project.lacks_benchmarks:
        steps.append(f"let {EXAMPLE} call what your users wait for")
        steps.append(
            f"bring it to {project.branch} first: a pull request with the first benchmarks has nothing to be compared "
            "with, and fails"
        )
    words = shlex.join(
        ["paceline", "ab", "--baseline", "rev:HEAD", *([] if project.chosen else ["--", *cells(project)])]
    )
    later = "from then on each pull request is judged" if project.compiled else f"then try it here: {words}"
    steps += ["let .gitignore name results/, where comparisons are saved", f"commit it; {later}"]
    return "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1))
