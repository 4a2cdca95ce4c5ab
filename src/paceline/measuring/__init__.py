"""Measuring one cell in one process, and the checks without which none of it would count. It knows nothing of pytest: a
session measures with it in its own process, and a fresh process does the same.
"""
