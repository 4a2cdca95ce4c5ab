"""Paceline: a laboratory for Python concurrency."""

__version__ = "0.1.0"
