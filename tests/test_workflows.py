"""The workflows, and the one to copy: what they may do, and what they call."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from paceline import cli

ROOT = Path(__file__).parents[1]
GUARD = ROOT / "examples" / "own_project" / ".github" / "workflows" / "guard.yml"
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), GUARD]
SCRIPT = re.compile(r"^( *)(?:- )?run: (?:\|\n((?:\1 .*\n|\n)+)|(.+\n))", re.MULTILINE)
COMMAND = re.compile(r"^(?:\.venv/bin/)?paceline (.+?)(?: [|>].*)?$", re.MULTILINE)


def scripts(workflow):
    """The shell scripts of a workflow's steps."""
    return [textwrap.dedent(found[2] or found[3]) for found in SCRIPT.finditer(workflow.read_text())]


def commands(workflow):
    """What a workflow types after `paceline`, with lines that go on put together."""
    whole = "\n".join(textwrap.dedent(script).replace("\\\n", "") for script in scripts(workflow))
    return [found[1] for found in COMMAND.finditer(re.sub(r"^ +", "", whole, flags=re.MULTILINE))]


every_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


def test_the_gate_the_history_the_guard_and_the_tests_are_workflows():
    assert [path.stem for path in WORKFLOWS] == ["gate", "history", "nightly", "tests", "guard"]


@every_workflow
def test_a_workflow_may_only_read(workflow):
    text = workflow.read_text()
    assert re.findall(r"^ *permissions:.*\n(.*?)(?: #.*)?$", text, re.MULTILINE) == ["  contents: read"]
    assert not re.search(r"pull_request_target|secrets\.|github\.token|write-all|: write\b", text)


@every_workflow
def test_no_script_takes_in_what_a_stranger_may_have_written(workflow):
    assert scripts(workflow)
    assert not [script for script in scripts(workflow) if "${{" in script]


@every_workflow
def test_every_job_has_a_time_out_and_every_action_a_version(workflow):
    text = workflow.read_text()
    assert text.count("timeout-minutes:") == text.count("runs-on:")
    assert all(re.fullmatch(r".+(@v\d+|:\d+\.\d+\.\d+)", used) for used in re.findall(r"uses: (\S+)", text))


@every_workflow
def test_the_working_copy_keeps_no_credentials(workflow):
    text = workflow.read_text()
    assert text.count("persist-credentials: false") == text.count("uses: actions/checkout@")


@pytest.mark.parametrize(
    ("workflow", "command"),
    [pytest.param(workflow, command, id=command) for workflow in WORKFLOWS for command in commands(workflow)],
)
def test_a_command_is_understood_as_it_is_typed(workflow, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command.replace("$RUNNER_TEMP", str(tmp_path)))
    makes_a_page = words[0] == "report"  # of no run too; for the others there is nothing to measure
    assert cli.main(words) == (0 if makes_a_page else 2), workflow  # a misuse would raise SystemExit
    assert capsys.readouterr().err.startswith("wrote " if makes_a_page else "paceline: ")


def test_the_commands_are_those_of_the_gate_and_the_report():
    assert {command.split()[0]: workflow.stem for workflow in WORKFLOWS for command in commands(workflow)} == {
        "ab": "guard",
        "check": "history",
        "report": "history",
        "trend": "history",
    }


def test_all_workflows_are_checked_by_actionlint():
    [listed] = re.findall(r"-color (.+(?:\n {12}.+)*)", (ROOT / ".github" / "workflows" / "tests.yml").read_text())
    assert listed.split() == [path.relative_to(ROOT).as_posix() for path in WORKFLOWS]
