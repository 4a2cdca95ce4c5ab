"""What is done to one item."""

from paceline.workloads.call import Call
from paceline.workloads.carry import Carry
from paceline.workloads.compute import Compute
from paceline.workloads.fetch import Fetch
from paceline.workloads.mixed import Mixed

__all__ = ["Call", "Carry", "Compute", "Fetch", "Mixed"]
