"""The workflows, that of the example, and the action: what they may do, and what they call."""

import argparse
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from paceline import cli
from paceline.commands import ab

ROOT = Path(__file__).parents[1]
GUARD = ROOT / "examples" / "own_project" / ".github" / "workflows" / "guard.yml"
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), GUARD]
ACTION = ROOT / "action.yml"
SCRIPT = re.compile(r"^( *)(?:- )?run: (?:\|\n((?:\1 .*\n|\n)+)|(.+\n))", re.MULTILINE)
COMMAND = re.compile(r"^(?:\.venv/bin/)?paceline (.+?)(?: [|>].*)?$", re.MULTILINE)


def scripts(workflow):
    """The shell scripts of a workflow's steps."""
    return [textwrap.dedent(found[2] or found[3]) for found in SCRIPT.finditer(workflow.read_text())]


def commands(workflow):
    """What a workflow types after `paceline`, with lines that go on put together."""
    whole = "\n".join(textwrap.dedent(script).replace("\\\n", "") for script in scripts(workflow))
    return [found[1] for found in COMMAND.finditer(re.sub(r"^ +", "", whole, flags=re.MULTILINE))]


def defaults():
    """The action's inputs, with their defaults."""
    return dict(
        re.findall(
            r'^  (\w+):\n    description:(?:.|\n {6})+\n    default: "?(.*?)"?$', ACTION.read_text(), re.MULTILINE
        )
    )


every_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
every_file = pytest.mark.parametrize("workflow", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)


def test_the_gate_the_history_the_guard_and_the_tests_are_workflows():
    assert [path.stem for path in WORKFLOWS] == ["gate", "history", "nightly", "tests", "guard"]


@every_workflow
def test_a_workflow_may_only_read(workflow):
    text = workflow.read_text()
    assert re.findall(r"^ *permissions:.*\n(.*?)(?: #.*)?$", text, re.MULTILINE) == ["  contents: read"]
    assert not re.search(r"pull_request_target|secrets\.|github\.token|write-all|: write\b", text)


@every_file
def test_no_script_takes_in_what_a_stranger_may_have_written(workflow):
    assert scripts(workflow)
    assert not [script for script in scripts(workflow) if "${{" in script]


@every_workflow
def test_every_job_has_a_time_out(workflow):
    text = workflow.read_text()
    assert text.count("timeout-minutes:") == text.count("runs-on:")


def test_every_action_is_pinned_by_its_hash_and_everywhere_by_the_same():
    used = [found for file in WORKFLOWS for found in re.findall(r"uses: ([^.].+)", file.read_text())]
    assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)
    assert len(set(used)) == len({each.partition("@")[0] for each in used})


@every_workflow
def test_the_working_copy_keeps_no_credentials(workflow):
    text = workflow.read_text()
    assert text.count("persist-credentials: false") == text.count("uses: actions/checkout@")


@pytest.mark.parametrize(
    ("workflow", "command"),
    [
        pytest.param(workflow, command, id=f"{workflow.stem}-{command.split()[0]}")
        for workflow in [*WORKFLOWS, ACTION]
        for command in commands(workflow)
    ],
)
def test_a_command_is_understood_as_it_is_typed(workflow, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    filled = {"RUNNER_TEMP": str(tmp_path), **{name.upper(): value for name, value in defaults().items()}}
    words = shlex.split(re.sub(r"\$([A-Z_]+)", lambda name: filled[name[1]], re.sub(r'"\$\{\w+\[@\]\}"', "", command)))
    makes_a_page = words[0] == "report"  # of no run too; for the others there is nothing to measure
    assert cli.main(words) == (0 if makes_a_page else 2), workflow  # a misuse would raise SystemExit
    assert capsys.readouterr().err.startswith("wrote " if makes_a_page else "paceline: ")


def test_the_commands_are_those_of_the_gate_and_the_report():
    assert {(command.split()[0], file.stem) for file in [*WORKFLOWS, ACTION] for command in commands(file)} == {
        ("ab", "action"),
        ("ab", "guard"),
        ("check", "history"),
        ("report", "history"),
        ("trend", "history"),
    }


def test_a_machine_that_moved_is_a_warning_of_the_action_as_of_the_guard():
    moved = [
        re.search(r'^if \[ "\$status" = 3 .*^exit .*', scripts(file)[-1], re.MULTILINE | re.DOTALL)
        for file in (GUARD, ACTION)
    ]
    guard, action = (found[0].replace("title=guard", "title=paceline ab") for found in moved)
    assert guard == action


def test_the_actions_defaults_are_those_of_the_command():
    words = argparse.ArgumentParser()
    ab.arguments(words)
    typed = words.parse_args([])
    assert defaults() == {
        "baseline": "rev:HEAD^1",
        "cells": "",
        "time": f"{typed.time:g}",
        "tolerance": f"{typed.tolerance:g}",
        "strict": str(typed.strict).lower(),
    }
