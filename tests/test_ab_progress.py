"""What a comparison says of itself while it is held."""

import signal
import subprocess

import pytest
from comparisons import FILE, ONE, THREE, TWO
from processes import LONG_PATIENCE, everything_from, python, terminal

from paceline.ab.output import OPEN, named, pairs_done
from paceline.ab.record import CANARY
from paceline.text.formats import duration
from paceline.text.progress import progress

HELD = f"""
import os, signal, sys, threading
from paceline.ab.output import named, pairs_done
from paceline.text.progress import progress

def pair(*facts):
    told.step(pairs_done(*facts), named(facts[-1]), log=True)

with progress() as told:
    told.phase("asking the baseline for its cells")
    pair(1, 14, None, {{{ONE!r}: "unknown", {TWO!r}: "unknown", "canary": "same"}})
    pair(5, 14, 80.4, {{{ONE!r}: "same", {TWO!r}: "unknown", "canary": "same"}})
    assert threading.active_count() == 1
"""

SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"


def lines_of(*calls, capsys):
    with progress() as told:
        for name, *arguments in calls:
            if name == "pair":
                told.step(pairs_done(*arguments), named(arguments[-1]), log=True)
            else:
                told.phase(*arguments)
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


def test_a_pipe_gets_a_line_for_each_phase_and_each_pair(capsys):
    assert lines_of(
        ("phase", "starting both sides"),
        ("pair", 1, 14, float("inf"), {ONE: OPEN, TWO: OPEN, CANARY: "same"}),
        ("pair", 5, 14, 80.4, {ONE: "same", TWO: "slower", THREE: OPEN}),
        ("pair", 14, 14, 0.0, {ONE: "same", TWO: "slower", THREE: "same"}),
        ("phase", "fresh pairs"),
        capsys=capsys,
    ) == [
        "paceline: starting both sides",
        "paceline: pair 1, next look after 14; open: 2",
        "paceline: pair 5, next look after 14, up to 1 min 20 s left; decided: 1 same, 1 slower; open: 1",
        "paceline: pair 14, up to 0 s left; decided: 2 same, 1 slower",
        "paceline: fresh pairs",
    ]


def test_nothing_told_steers_a_log(capsys):
    assert lines_of(("phase", "a\x1b[2J\nb"), capsys=capsys) == ["paceline: a\\x1b[2J\\nb"]


def test_a_canary_that_moves_is_no_cell_but_said():
    assert pairs_done(5, 14, None, {ONE: "same", CANARY: "slower"}) == (
        "pair 5, next look after 14; decided: 1 same; the canary looks slower"
    )


def test_many_decided_cells_do_not_fill_the_window():
    lines = named({f"{FILE}::test_{number}": "same" for number in range(13)})
    assert lines[0] == "  same: test_0"
    assert lines[10:] == ["  and 3 more"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (-3.0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3723.0, "62 min 3 s")]
)
def test_a_time_to_wait_has_whole_seconds(seconds, words):
    assert duration(seconds) == words


def test_a_terminal_gets_a_display_that_leaves_nothing_but_the_cursor(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with terminal("-c", HELD) as (process, ours):
        seen = everything_from(ours)
        assert process.wait() == 0
    assert "asking the baseline for its cells" in seen
    assert "pair 5, next look after 14, up to 1 min 20 s left; decided: 1 same; open: 1" in seen
    assert "  same: test_compute[one worker]" in seen
    assert seen.rindex(SHOW) > seen.rindex(HIDE)


def test_a_display_writes_nothing_to_standard_output(monkeypatch, tmp_path):
    monkeypatch.setenv("TERM", "xterm")
    printed = tmp_path / "out"
    code = f"import sys; sys.stdout = open({str(printed)!r}, 'w')\n" + HELD + "    print('{}', flush=True)"
    with terminal("-c", code) as (process, ours):
        seen = everything_from(ours)
        assert process.wait() == 0, seen
    assert printed.read_text() == "{}\n"
    assert "{}" not in seen


def test_ctrl_c_gives_the_cursor_back(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with terminal("-c", HELD + "    os.kill(os.getpid(), signal.SIGINT)") as (process, ours):
        seen = everything_from(ours)
        assert process.wait() == -signal.SIGINT
    assert seen.rindex(SHOW) > seen.rindex(HIDE)
    assert "KeyboardInterrupt" in seen


def test_a_terminal_that_can_not_go_back_a_line_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with terminal("-c", HELD) as (process, ours):
        seen = everything_from(ours)
        assert process.wait() == 0
    assert "\x1b" not in seen
    assert "paceline: pair 5, next look after 14, up to 1 min 20 s left; decided: 1 same; open: 1" in seen.splitlines()


def test_colours_that_are_forced_make_no_terminal_of_a_pipe(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with python("-c", HELD, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=LONG_PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert "\x1b" not in err
    assert len(err.splitlines()) == 3
