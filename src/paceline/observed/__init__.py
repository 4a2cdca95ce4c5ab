"""What the workers did, taken in the workers: wraps any workload and leaves its functions as they are."""

from paceline.observed.log import Forgotten, Log, Opened, Record, Span
from paceline.observed.metered import Metered, Usage, usage
from paceline.observed.watched import Observed

__all__ = ["Forgotten", "Log", "Metered", "Observed", "Opened", "Record", "Span", "Usage", "usage"]
