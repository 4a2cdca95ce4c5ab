"""A report as Markdown for GitHub: every panel in words and tables, and nothing that a file says becomes markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.report.model import Panel, Report, Section, Table
from paceline.report.output import MOST, markdown
from paceline.text.formats import code, text

TABLE = Table(("strategy", "median"), (("threads", "1.00 s"), ("a|b", "-")))


def panel(key="x", title="Time", says="It took 1 s.", **more):
    return Panel(key=key, title=title, says=says, **{"table": TABLE, **more})


def report(*panels, **more):
    section = Section(key="s", title="Section", lead="How to read it.", rows=(panels,), missing=("Run this.",))
    return Report(**{"title": "A report", "made": ("run 1",), "sections": (section,), **more})


def test_all_of_a_report_is_there_in_order():
    drawn = panel(setting="items=64", source="run 2", doubts=("noisy: much", "limit: wrong"))
    assert markdown(report(drawn, loud=("NOT THE SAME",))) == (
        r"""# A report

**NOT THE SAME**

- run 1

## Section

How to read it.

### Time

It took 1 s.

items=64

From run 2.

- noisy: much
- limit: wrong

| strategy | median |
| --- | ---: |
| threads | 1.00 s |
| a&#124;b | \- |

Run this.
"""
    )


def test_of_several_columns_each_figure_says_whose_it_is():
    several = markdown(report(panel(column="CPython 3.11.7"), panel(column="CPython 3.14.0")))
    assert "### Time (CPython 3.11.7)\n" in several
    assert "### Time\n" in markdown(report(panel(column="CPython 3.11.7")))


def test_a_long_table_is_folded_away():
    long = Table(("a",), tuple((str(number),) for number in range(21)))
    assert "<details><summary>21 rows</summary>\n\n| a |\n" in markdown(report(panel(table=long)))
    assert "<details>" not in markdown(report(panel()))


def test_what_does_not_fit_is_left_out_in_a_sentence():
    big = Table(("a",), tuple(("\u00e4" * 100,) for _ in range(2000)))
    made = markdown(report(panel(), *(panel(title=str(number), table=big) for number in range(4))))
    assert len(made.encode()) <= MOST < 1 << 20
    assert "### 1\n" in made
    assert made.endswith(
        "**Left out, as GitHub takes no more than 1 MiB: 1 of 5 figures, and what belongs to the one before.**\n"
    )
    assert made.count("<details>") == made.count("</details>")


@pytest.mark.parametrize(
    ("written", "harmless"),
    [
        ("@octocat", "&#64;&#8203;octocat"),
        ("see #1", "see &#35;&#8203;1"),
        ("https://x.example", r"https:&#8203;//x.example"),
        ("www.x.example", "www&#8203;.x.example"),
        ("<img src=x>", "&#60;img src=x>"),
        ("> quoted", "&#62; quoted"),
        ("- item", r"\- item"),
        ("---", r"\---"),
        ("-3.2 %", "-3.2 %"),
        ("1. item", r"1\. item"),
        ("1.5 ms", "1.5 ms"),
        ("# heading", "&#35;&#8203; heading"),
        ("a\n\n# b", r"a\\n\\n&#35;&#8203; b"),
        ("    code", "code"),
        ("![a](b)", r"!\[a\](b)"),
        ("`a` *b* ~c~ $d$ __e__", r"\`a\` \*b\* \~c\~ \$d\$ \_\_e\_\_"),
        ("a&lt;", "a&#38;lt;"),
        ("loops_in_threads", "loops_in_threads"),
    ],
)
def test_nothing_that_a_file_says_becomes_markup(written, harmless):
    assert text(written) == harmless


def test_an_address_in_the_letters_of_code_is_no_link():
    assert code("<www.x.example>") == "<code>&#60;www&#46;x.example&#62;</code>"


@given(st.text(max_size=40))
def test_whatever_stands_in_a_figure_its_lines_stay_where_they_are(odd):
    table = Table(("a", "b"), ((odd, odd),))
    made = markdown(report(panel(title=odd, says=odd, column=odd, setting=odd, doubts=(odd,), table=table)))
    rows = [line for line in made.splitlines() if line.startswith("|")]
    assert [row.count("|") for row in rows] == [3] * 3
    assert len([line for line in made.splitlines() if line.startswith("#")]) == 3
    assert not re.search(r"<(?!/?(details|summary)>)", made)
