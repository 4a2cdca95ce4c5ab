"""The edits of the trial of `paceline ab --why`: slow-downs and harmless ones, none of which changes a result."""

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "results" / "proof"))
from blame_edits import KINDS, Source, body, harmless, slowed

CART = Path(__file__).parents[1] / "results" / "proof" / "projects" / "cart.py"
TEXT = "3 apple; 2 bread; 4 tea; 1 lamp"


@pytest.fixture
def source():
    return Source(CART.read_bytes())


def receipt(text):
    names = {}
    exec(compile(text, "cart.py", "exec"), names)
    return names["receipt"](TEXT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_down_changes_no_result(source, kind):
    for node in source.functions.values():
        edits = slowed(source, node, kind, 3, Random(1))
        text = source.edited(edits)
        assert text != source.text
        assert receipt(text) == receipt(source.text)


def test_harmless_edits_of_every_function_change_no_result(source):
    for seed in range(5):
        edits = [edit for node in source.functions.values() for edit in harmless(source, node, Random(seed))]
        assert len(edits) >= len(source.functions)
        assert receipt(source.edited(edits)) == receipt(source.text)


def test_a_function_on_one_line_is_left_alone():
    source = Source(b'def f(): return 1\n\n\ndef g():\n    """Return."""\n    return 2\n')
    one, other = source.functions.values()
    assert not slowed(source, one, "a sort", 3, Random(1))
    assert not harmless(source, one, Random(1)) or body(one)
    assert source.edited(slowed(source, other, "a sort", 3, Random(1))).count(b'"""\n    _order') == 1
