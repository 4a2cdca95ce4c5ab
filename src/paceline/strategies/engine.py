"""What strategies have in common that carry items to other machines, too."""

from types import MappingProxyType
from typing import ClassVar

from paceline.contracts import Option, Workload
from paceline.strategies import clusters
from paceline.strategies.base import Strategy


class Engine(Strategy):
    """A strategy that starts a cluster on this machine, or uses one that is there: its options, checked.

    Raises:
        ValueError: if `chunksize`, the items that are sent at a time, is not a whole number of 1 or more, or `cluster`
            is no address of this engine's.
    """

    extra: ClassVar[str | None] = "cluster"
    heavy: ClassVar[bool] = True
    scheme: ClassVar[str]
    defaults: ClassVar[MappingProxyType[str, Option]] = MappingProxyType({"chunksize": 1, "cluster": None})

    def __init__(self, workload: Workload, workers: int, **options: Option) -> None:
        super().__init__(workload, workers, **options)
        self._chunksize = self._check_whole("chunksize", self.options["chunksize"])
        self._cluster = clusters.checked_address(self.name, self.scheme, self.options["cluster"])
        if self._cluster:
            self.options["cluster"] = self.scheme  # options are saved, and where it is is its owner's to say

    @property
    def chosen(self) -> dict[str, Option]:
        return {**super().chosen, "cluster": self._cluster}
