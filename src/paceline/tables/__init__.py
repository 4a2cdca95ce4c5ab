"""Cells and runs as tables."""
