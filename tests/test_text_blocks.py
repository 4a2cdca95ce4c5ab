"""An answer in blocks, as a terminal and as Markdown have it."""

import io

from paceline.text.blocks import Answer, Command, Details, Grid, Listing, Only, Sentence, markdown, naming, terminal
from paceline.text.formats import Name, render

TABLE = Grid(
    ("cell", "time", "verdict", "marks"),
    [(Name("a|b"), "1 s", "slower", "noisy"), (Name("same"), "-", "same", "")],
    title="file.py\n  twice",
    styles={"slower": "bold red", "same": "dim"},
)
ANSWER = Answer(
    heading="paceline look",
    conclusion=Sentence("Slower: ", *naming(["a_b", "c", "d"], 2), "."),
    blocks=[
        Sentence("-x is *not* markup", style="bold red"),
        TABLE,
        Listing([Sentence("first"), Sentence("second")], lead=Sentence(Name("a"), ":")),
        Listing([], lead=Sentence("nothing follows")),
        Only("terminal", Sentence("tolerance 3 %", style="dim")),
        Only("markdown", Sentence("for a summary")),
        Details("More", [Sentence("folded"), Command("paceline look --again")]),
    ],
)


def test_a_terminal_has_the_conclusion_last_and_nothing_that_is_folded_away():
    stream = io.StringIO()
    render(terminal(ANSWER), stream)
    assert stream.getvalue() == (
        "-x is *not* markup\n"
        "\n"
        "file.py\n"
        "  twice\n"
        "cell   time   verdict   marks\n"
        "─────────────────────────────\n"
        "a|b     1 s   slower    noisy\n"
        "same      -   same\n"
        "\n"
        "a:\n"
        "  first\n"
        "  second\n"
        "tolerance 3 %\n"
        "Slower: a_b, c and 1 more.\n"
    )


def test_markdown_has_the_conclusion_first_names_as_code_and_no_markup_from_outside():
    assert markdown(ANSWER) == (
        "## paceline look\n"
        "\n"
        "Slower: `a_b`, `c` and 1 more.\n"
        "\n"
        "**\\-x is \\*not\\* markup**\n"
        "\n"
        "**file.py twice**\n"
        "\n"
        "| cell | time | verdict | marks |\n"
        "| --- | ---: | --- | --- |\n"
        "| <code>a&#124;b</code> | 1 s | **slower** | noisy |\n"
        "| `same` | - | same |  |\n"
        "\n"
        "`a`:\n"
        "\n"
        "- first\n"
        "- second\n"
        "\n"
        "for a summary\n"
        "\n"
        "<details><summary>More</summary>\n"
        "\n"
        "folded\n"
        "\n"
        "```sh\n"
        "paceline look --again\n"
        "```\n"
        "\n"
        "</details>\n"
    )


def test_a_long_sentence_goes_on_in_an_indented_line():
    stream = io.StringIO()
    render(terminal(Answer("", Sentence("word " * 40), [])), stream)
    first, second = stream.getvalue().splitlines()
    assert len(first) <= 118
    assert second.startswith("  word")
