"""The page itself: what is in it, and what can't get out of its place."""

import json
import re

import pytest

from paceline.report.model import Chart, Panel, Report, Section, Table
from paceline.report.output import identified, in_script, page

EVIL = "</script><script>alert(1)</script><!-- & \" ' \u2028"


def panel(**parts):
    return Panel(**{"key": "one", "title": "One", "says": "It says so.", **parts})


def report(*panels, **parts):
    section = Section(key="part", title="Part", rows=(panels,) if panels else ())
    return Report(**{"title": "Title", "made": (), "sections": (section,), **parts})


def charts_of(text):
    return json.loads(re.search(r'id="charts">(.*?)</script>', text, re.DOTALL)[1])["charts"]


def test_nothing_on_it_is_fetched():
    text = page(report(panel()), "1.2")
    assert "default-src 'none'" in text
    markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)  # the library knows of links
    assert not re.search(r'<(?:link|img|iframe|script)[^>]+(?:src|href)="(?!#)', markup)


@pytest.mark.parametrize("place", ["title", "says", "column", "setting", "source"])
def test_markup_in_a_panel_is_text(place):
    text = page(report(panel(**{place: EVIL}), panel(column="another")), "1.2")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_markup_in_tables_doubts_details_and_the_head_is_text():
    marked = panel(
        table=Table((EVIL,), ((EVIL,),)), doubts=(EVIL,), details=((EVIL, (EVIL,)),), chart=None
    )  # fmt: skip
    text = page(report(marked, title=EVIL, made=(EVIL,), loud=(EVIL,)), EVIL)
    assert "<script>alert" not in text


def test_markup_in_a_charts_data_stays_in_its_element_and_comes_out_as_it_went_in():
    drawn = Chart({"mark": "point"}, {"cells": [{"name": EVIL}]})
    text = page(report(panel(chart=drawn)), "1.2")
    assert "<script>alert" not in text
    assert charts_of(text)["one"]["data"]["cells"] == [{"name": EVIL}]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_becomes_null(number):
    assert json.loads(in_script({"rows": [number, (1.5,)]})) == {"rows": [None, [1.5]]}


def test_panels_with_one_key_have_names_of_their_own():
    named = identified(report(panel(), panel(), panel(key="one-2"), panel(key="../up"), panel(key="part")))
    assert list(named) == ["one", "one-2", "one-2-2", "-up", "part-2"]


def test_only_the_script_that_is_on_it_may_run():
    text = page(report(panel()), "1.2")
    assert len(re.findall(r"script-src 'sha256-[A-Za-z0-9+/=]+' 'unsafe-eval'", text)) == 1
    assert len(re.findall(r"<script\b", text)) == 2  # the data and the script
