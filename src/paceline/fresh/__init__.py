"""
A function, called in a fresh interpreter: nothing that this process has imported, opened or warmed is there.
"""

from paceline.fresh.calling import LostError, call

__all__ = ["LostError", "call"]
