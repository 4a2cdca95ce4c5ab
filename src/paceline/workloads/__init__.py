"""
What is done to one item.
"""

from paceline.workloads.compute import Compute
from paceline.workloads.fetch import Fetch

__all__ = ["Compute", "Fetch"]
