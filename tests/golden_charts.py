"""Golden charts: a chart's whole specification and data beside the file that it has to be the same as.

After a change made on purpose, PACELINE_GOLDEN=write pytest writes the files anew.
"""

import json
import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "report"


def assert_golden(panel, name=None):
    """Compare a panel's chart with the file of its key, or of a name."""
    path = GOLDEN / f"{name or panel.key}.json"
    drawn = _rounded({"spec": panel.chart.spec, "data": panel.chart.data})
    text = json.dumps(drawn, indent=1, sort_keys=True) + "\n"
    if os.environ.get("PACELINE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert json.loads(text) == json.loads(path.read_text(encoding="utf-8"))


def _rounded(value):
    """Keep nine digits: the last ones differ from one system's logarithms to another's."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def assert_drawable(panel):
    """Let Vega-Lite draw a panel's chart for real."""
    import vl_convert

    from paceline.report import charts

    spec = {**panel.chart.spec, "datasets": panel.chart.data, "config": charts.config(night=False), "width": 400}
    assert vl_convert.vegalite_to_svg(json.dumps(spec)).startswith("<svg")
