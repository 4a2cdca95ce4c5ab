"""What the manual's reference takes from the code."""

import re
from pathlib import Path

import make_reference as reference
import pytest

from paceline.commands import COMMANDS
from paceline.server.service import READERS
from paceline.strategies import STRATEGIES

DOCS = Path(__file__).parents[1] / "docs"


def asked():
    return [name for page in DOCS.rglob("*.md") for name in re.findall(r"<!-- generated: (.+?) -->", page.read_text())]


def first_words(table):
    """Return the words that stand as code in the first column of tables."""
    return re.findall(r"^\| `([\w-]+)", table, re.MULTILINE)


def test_pages_ask_for_all_that_can_be_generated_once_each():
    assert sorted(asked()) == sorted(reference.GENERATED)


@pytest.mark.parametrize("name", reference.GENERATED)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(name):
    blocks = re.findall(r"(?:^\|.*\n?)+", reference.GENERATED[name](), re.MULTILINE)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1


@pytest.mark.parametrize("page", sorted((DOCS / "reference").glob("*.md")), ids=lambda page: page.name)
def test_pages_say_what_the_code_does_and_make_reference_writes_them_anew(page):
    assert reference.filled(page.read_text()) == page.read_text()


def test_every_command_has_its_arguments_and_examples():
    found = reference.commands()
    assert re.findall(r"^## paceline (.+)$", found, re.MULTILINE) == list(COMMANDS)
    assert "| `--tolerance PERCENT` | the largest change that counts as none (default: 3) |" in found
    assert "\npaceline race shop:price --items urls.txt" in found
    assert "--spans" not in found  # for traces alone, and no help shows it


def test_the_public_plugin_has_four_fixtures_among_its_own():
    found = reference.plugins()
    assert {"measure", "strategy", "items", "workers"} <= set(first_words(found))
    assert not [word for word in first_words(found) if word.startswith("_")]


def test_strategies_and_parameters_stand_in_the_order_of_the_code():
    assert first_words(reference.strategies()) == [each.name for each in STRATEGIES]
    assert first_words(reference.parameters()) == list(READERS)


def test_a_field_has_the_meaning_that_stands_beside_it_in_the_code():
    found = reference.documents()
    assert '| `typed` | string | the SIDE as it was typed: "rev:main", ". SLOW=1 --client raw" |' in found
    assert (
        "| `stable` | true or false or null | whether a second call gave the same results; null if it can't be told |"
        in found
    )
    assert "| `lanes` | array of RacedLane | in the order of the table, the baseline first |" in found
