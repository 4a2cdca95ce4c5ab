"""The report in a real browser: `make test-browser` installs what that takes."""

import os
import shutil
import subprocess
import sys
from functools import cache

import pytest
import saved_runs
from processes import LONG_PATIENCE

REQUIRED = os.environ.get("PACELINE_BROWSER") == "required"
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRAWN = "['day', 'night'].includes(document.documentElement.dataset.charts)"
HOSTILE = "<img src=x onerror=window.hacked=1></script><script>window.hacked=1</script>\"'&{{7*7}}"

if REQUIRED:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs a browser: make test-browser")

pytestmark = pytest.mark.skipif(BROWSER is None and not REQUIRED, reason="needs a browser: make test-browser")


@pytest.fixture(scope="module")
def browser():
    assert BROWSER, "no chromium here; make test-browser installs it"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


def cells(name="threads", **extra):
    """A run with something for most parts of a report."""
    both = []
    for strategy in ("sequential", name, "asyncio"):
        for workers in [1] if strategy == "sequential" else [4, 16]:
            cell = saved_runs.benchmark(
                strategy, "workers", [0.64 / workers, 0.65 / workers, 0.66 / workers], workers=workers,
                limit=0.64 / workers, efficiency=0.98, workload="Fetch", client="raw", kernel=None, latency=0.01,
                **extra,
            )  # fmt: skip
            cell["name"] = cell["name"].replace("test_workers", "test_waiting")
            cell["fullname"] = f"benchmarks/test_workers.py::{cell['name']}"
            both.append(cell)
        both.append(saved_runs.benchmark(strategy, "downloads", limit=0.14, efficiency=0.6, start_seconds=0.001))
    return both


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Save a run, and make its page with the command; a page that is there already serves several tests."""

    @cache
    def made(name="threads"):
        folder = tmp_path_factory.mktemp("report")
        run = saved_runs.put(folder / "results", saved_runs.saved(*cells(name)))
        page = folder / "report.html"
        command = [sys.executable, "-m", "paceline", "report", str(run), "-o", str(page)]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=LONG_PATIENCE)
        return page

    return made


@pytest.fixture
def opened(browser):
    """Open a page from the disk, and see at the end that nothing went wrong on it and nothing was asked of any
    network.
    """
    contexts, troubles, asked = [], [], []

    def open_page(path, **context):
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **context}))
        page = contexts[-1].new_page()
        page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        if context.get("java_script_enabled", True):
            page.wait_for_function(DRAWN)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_every_chart_is_drawn(report, opened):
    page = opened(report())
    charts = page.locator("[data-chart]").all()
    assert len(charts) >= 2
    for chart in charts:
        assert chart.locator("svg path, svg line, svg text").count() > 3


def test_hovering_over_a_mark_shows_its_cell(report, opened):
    page = opened(report())
    page.locator("[data-chart='workers-waiting'] .mark-symbol.role-mark path").last.hover(force=True)
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert "test_waiting[" in tooltip.inner_text()


def test_it_is_dark_where_the_reader_likes_it_dark_and_follows_a_change(report, opened):
    page = opened(report(), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    picture = "document.querySelector('[data-chart] svg').outerHTML"
    assert page.evaluate("document.documentElement.dataset.charts") == "night"
    dark, dark_picture = page.evaluate(ground), page.evaluate(picture)
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.charts == 'day'")
    assert page.evaluate(ground) != dark
    assert page.evaluate(picture) != dark_picture


def test_markup_in_the_names_of_a_file_is_shown_and_not_run(report, opened):
    page = opened(report(HOSTILE))
    for chart in page.locator("[data-chart] .mark-symbol.role-mark path").all()[-3:]:
        chart.hover(force=True)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("body").inner_text() or HOSTILE in page.content().replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")


def test_nothing_sticks_out_on_a_phone(report, opened):
    page = opened(report(HOSTILE), viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_every_chart_and_opens_its_table(report, opened):
    page = opened(report())
    wanted = set(page.evaluate("[...document.querySelectorAll('[data-chart]')].map(place => place.dataset.chart)"))
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.chart || ''"))
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
        if wanted <= reached:
            break
    assert wanted <= reached


def test_every_chart_has_a_text_beside_it_that_says_what_it_shows(report, opened):
    page = opened(report())
    for chart in page.locator("[data-chart]").all():
        name = chart.get_attribute("aria-describedby")
        assert len(page.locator(f"[id='{name}']").inner_text()) > 20
        assert chart.locator("xpath=ancestor::figure").locator("table").count() == 1


def test_without_javascript_every_figure_is_there_as_a_table(report, opened):
    page = opened(report(), java_script_enabled=False)
    assert "Charts need JavaScript" in page.locator("noscript").inner_text()
    assert page.locator("figure:has([data-chart])").count() > 0
    assert page.locator("figure:has([data-chart]):not(:has(table))").count() == 0


def test_it_prints_with_its_charts(report, opened):
    page = opened(report())
    page.emulate_media(media="print")
    assert page.locator("[data-chart] svg").first.is_visible()
    assert page.pdf().startswith(b"%PDF")
