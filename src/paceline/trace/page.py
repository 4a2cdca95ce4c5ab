"""A round as a page: the timeline alone."""

from collections.abc import Mapping
from typing import Any

from paceline.trace.collecting import Round


def as_html(traced: Round, facts: Mapping[str, Any]) -> str:
    """Write a round as an HTML page that needs nothing else.

    Args:
        traced: at least one item.
        facts: what it is a round of, as `command.facts` gives it.
    """
    from paceline.report.page.html import page  # here: what draws takes longer to load than a round takes
    from paceline.report.page.tracing import timeline_page

    setting = {"strategy": facts["strategy"], "workers": facts["workers"], **facts["options"]}
    report = timeline_page(
        traced.spans,
        title=f"{facts['strategy']}: {facts['workload']}",
        made=(f"One round after another that warmed up, on {facts['fingerprint']}, Python {facts['python']}",),
        setting=", ".join(f"{name}={value}" for name, value in setting.items()),
        workers=len(traced.opened),
    )
    return page(report, facts["paceline"])
