"""Measuring one cell in one process, and the checks without which none of it would count; it knows no pytest."""
