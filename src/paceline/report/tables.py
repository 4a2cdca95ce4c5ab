"""Every table there is, and the way to print it."""

from paceline.report.arguments import argument
from paceline.report.changes import change_tables
from paceline.report.claims import claim_table, closing
from paceline.report.experiments import experiment_tables, other_experiments
from paceline.report.headline import headline
from paceline.report.layout import render
from paceline.report.listing import introduced, listing

__all__ = [
    "argument",
    "change_tables",
    "claim_table",
    "closing",
    "experiment_tables",
    "headline",
    "introduced",
    "listing",
    "other_experiments",
    "render",
]
