"""What README and the manual tell people to type exists, and the blocks of README and the tutorials run.

A block that can't be run says why in a comment just before it: `<!-- not run: it takes minutes -->`.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import make_reference as reference
import pytest
from nightly import nightly
from processes import LONG_PATIENCE

from paceline import machine
from paceline.commands import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
RUN = [ROOT / "README.md", *sorted((DOCS / "tutorials").glob("*.md"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
SLOW = {"first-run", "guard-your-suite", "race-a-function"}  # over five seconds
BLOCK = re.compile(r"(?P<before>(?:[^\n]+\n)*)\n*^```console\n(?P<lines>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
FILE = re.compile(r"`([\w/]+\.py)`[^`\n]*(?:\n[^`\n]+)*:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8765"

AT_A_SMALL_SCALE = f"""
export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
pytest() {{ command pytest -p no:cacheprovider "$@" --items 2 --rounds 1 --latency 1ms --workers 2; }}
paceline() {{
  local name=$1
  shift
  case $name in
    ab) command paceline ab --pairs 1 "$@"; (($? != 2)) ;;
    race) command paceline race --count 2 --rounds 1 --strategy sequential --strategy threads "$@" ;;
    *) command paceline "$name" "$@" ;;
  esac
}}
pip() {{ false; }}
make() {{ false; }}
ended() {{ [ "$1" = 0 ] || {{ echo "status $1: $2" >&2; exit 1; }}; }}
listening() {{
  for _ in {{1..600}}; do (: <>/dev/tcp/127.0.0.1/{PORT}) 2>/dev/null && return; sleep 0.1; done
  false
}}
"""
"""What goes before a page's commands: two items make a table, one pair a verdict, and nothing is installed."""


def name(page):
    return str(page.relative_to(ROOT))


def blocks(page):
    """Yield the commands of each block, and why it is not run; None where that is not said."""
    for found in BLOCK.finditer(page.read_text()):
        why = re.search(r"<!-- not run: (.+?) -->\n$", found["before"], re.DOTALL)
        yield [command.replace("\\\n", " ") for command in COMMAND.findall(found["lines"])], why and why[1]


def words(command):
    """Split a line of commands into the words of each, without variables before them and comments behind them."""
    for part in re.split(r" (?:\||&&|&) ", re.sub(r">+ *\S+", "", f"{command} ")):
        found = shlex.split(part, comments=True)
        while found and re.match(r"\w+=", found[0]):
            del found[0]
        if found:
            yield found


def examples():
    """Yield the commands at the end of each command's help, without the words beside them."""
    for command in COMMANDS:
        for line in (reference.parser_of(command).epilog or "").partition("examples:\n")[2].splitlines():
            yield re.split(r" {3,}", line.strip())[0]


LINES = [*examples(), *(line for page in PAGES for block, _ in blocks(page) for line in block)]
TYPED = sorted({(*found,) for line in LINES for found in words(line)})


@pytest.mark.parametrize("typed", [typed for typed in TYPED if typed[0] == "paceline"], ids=" ".join)
def test_the_manual_types_commands_that_can_be_read(typed):
    reference.parser_of(typed[1]).parse_args(typed[2:])


def test_the_manual_types_options_of_pytest_that_there_are(pytestconfig):
    typed = {word.partition("=")[0] for found in TYPED if found[0] == "pytest" for word in found if word[:2] == "--"}
    for option in typed:
        pytestconfig.getoption(option)  # a ValueError for one that no plugin has


def test_the_manual_types_targets_of_make_that_there_are():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {word for found in TYPED if found[0] == "make" for word in found[1:] if "=" not in word} <= set(targets)


@pytest.fixture
def project(tmp_path):
    """A folder as a page finds it: this repository, as if its runs were this machine's; or an empty one."""

    def made(page):
        if "new folder" in page.read_text():
            return tmp_path
        for part in ("benchmarks", "conftest.py", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, tmp_path / part)
        for path in ROOT.glob("results/*-cpython-3.11/*/*_default.json"):
            own, fingerprint = tmp_path / "results" / machine.fingerprint() / path.parent.name, path.parts[-3]
            own.mkdir(parents=True, exist_ok=True)
            (own / path.name).write_text(path.read_text().replace(fingerprint, machine.fingerprint()))
        return tmp_path

    return made


@pytest.mark.parametrize("page", [nightly(page) if page.stem in SLOW else page for page in RUN], ids=name)
def test_what_a_page_tells_to_type_runs(page, project):
    folder, port = project(page), free_port()
    for path, content in FILE.findall(page.read_text()):
        (folder / path).write_text(content.replace(PORT, port))
    known = list(blocks(page))
    assert len(known) == page.read_text().count("```console")
    script = AT_A_SMALL_SCALE + "".join(step(command) for block, why in known if not why for command in block)
    status, output = in_bash(script.replace(PORT, port), folder)
    assert status == 0, output


def step(command):
    begun = f"{command}\nlistening" if command.endswith("&") else command
    return f"{begun}\nended $? {shlex.quote(command)}\n"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def in_bash(script, folder):
    """Run a script, and end what it leaves in the background; returns its exit status and what it wrote."""
    log = folder / "output.log"
    env = {**os.environ, "HOME": str(folder)}
    with log.open("w") as output:
        bash = subprocess.Popen(
            ["bash", "-c", script], cwd=folder, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        return bash.wait(LONG_PATIENCE), log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(bash.pid, signal.SIGTERM)
