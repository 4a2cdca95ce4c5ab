"""What `make` says while it makes an environment, and what it leaves when that fails or is interrupted."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from processes import PATIENCE, until

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
case "$*" in
  --version) echo "Python 3.11.0" ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; %(venv)s ;;
  "-m pip "*) %(pip)s ;;
esac
"""
"""Stands in for a Python: it makes an environment of itself, and installs nothing."""


@pytest.fixture
def making(tmp_path):
    """`making(venv=..., pip=...)`: make, with a Python that runs these words of a shell at each step."""

    def making(venv="true", pip="true"):
        stub = tmp_path / "python"
        stub.write_text(PYTHON % {"venv": venv, "pip": pip})
        stub.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        command = ["make", "-C", ROOT, "--no-print-directory", f"PYTHON={stub}", f"VENV={tmp_path / 'venv'}"]
        return subprocess.Popen(
            [*command, tmp_path / "venv" / ".ready"],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    return making


def told(process):
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out.splitlines(), err.splitlines()


def test_an_environment_is_made_in_a_line_for_each_step(making, tmp_path):
    steps = [f"Making {tmp_path / 'venv'} with Python 3.11.0 ...", "Installing what requirements.lock names ..."]
    assert told(making()) == (0, steps, [])
    assert (tmp_path / "venv" / ".ready").exists()


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_what_went_wrong_is_shown_whole_and_the_next_make_begins_anew(making, tmp_path, step):
    status, _, said = told(making(**{step: "echo one >&2; echo two >&2; exit 1"}))
    assert status == 2
    assert said[:2] == ["one", "two"]
    (tmp_path / "venv" / "left").touch()
    assert told(making())[0] == 0
    assert not (tmp_path / "venv" / "left").exists()


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_ctrl_c_leaves_nothing_that_is_taken_for_a_whole_environment_and_says_so(making, tmp_path, step):
    # without a command to wait for, which bash would outlive if it ended just then
    process = making(**{step: f": >{tmp_path / 'reached'}; exec sleep {PATIENCE:g}"})
    until((tmp_path / "reached").exists, "the step to begin")
    os.killpg(process.pid, signal.SIGINT)
    status, _, said = told(process)
    assert status == -signal.SIGINT
    assert said[0].startswith(f"Interrupted: {tmp_path / 'venv'} is not whole, and the next make begins it anew")
    assert not (tmp_path / "venv" / ".ready").exists()
    (tmp_path / "venv" / "left").touch()
    assert told(making())[0] == 0
    assert not (tmp_path / "venv" / "left").exists()


def test_a_new_lock_file_changes_a_whole_environment_where_it_is(making, tmp_path):
    assert told(making())[0] == 0
    (tmp_path / "venv" / "own").touch()
    os.utime(tmp_path / "venv" / ".ready", (0, 0))
    assert told(making())[0] == 0
    assert (tmp_path / "venv" / "own").exists()
