"""Arithmetic on samples and limits: pure functions, no files, no printing."""
