"""What is done to one item."""

from paceline.workloads.call import Call
from paceline.workloads.compute import Carry, Compute
from paceline.workloads.fetch import Fetch
from paceline.workloads.mixed import Mixed

__all__ = ["Call", "Carry", "Compute", "Fetch", "Mixed"]
