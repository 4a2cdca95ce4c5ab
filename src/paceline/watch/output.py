"""How a watched round looks: the workers' numbers as the items complete, then what they come to."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.text import Text

from paceline.stats import traces
from paceline.stats.traces import by_worker
from paceline.text import formats
from paceline.text.formats import row, table
from paceline.workers.spans import Opened, Span

COLOURS = (
    *("bright_blue", "bright_yellow", "bright_magenta", "bright_green", "bright_cyan", "bright_red"),
    *("blue", "yellow", "magenta", "green", "cyan", "red"),
)
PIPE_WIDTH = 80  # columns
COLUMNS = ("worker", "process", "thread", "items", "idle", "longest\nrun", "migrations", "CPUs")


class Numbers:
    """Lines of workers' numbers that grow as items complete, coloured at a terminal, as wide as the last one's."""

    def __init__(self, workers: int) -> None:
        self._width = len(str(workers - 1))
        terminal = sys.stdout.isatty()
        self._console = Console(file=sys.stdout, force_terminal=terminal, highlight=False)
        columns = self._console.width if terminal else PIPE_WIDTH
        self._in_a_line = max(1, (columns + 1) // (self._width + 1))
        self._written = 0

    def add(self, worker: int) -> None:
        """Show one more, at once."""
        between = "" if not self._written else " " if self._written % self._in_a_line else "\n"
        number = Text(f"{worker:>{self._width}}", style=COLOURS[worker % len(COLOURS)])
        with self._console.capture() as captured:  # or rich would answer a closed pipe in its own way
            self._console.print(number, end="", soft_wrap=True)
        sys.stdout.write(between + captured.get())
        sys.stdout.flush()
        self._written += 1

    def finish(self) -> None:
        """End the last line, if there is one."""
        if self._written:
            sys.stdout.write("\n")
            sys.stdout.flush()
        self._written = 0


def summary(opened: Sequence[Opened], spans: Sequence[Span], printed: str | None) -> list[RenderableType]:
    """Lay out what the round comes to: a line for each worker, then sentences."""
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    idle = traces.idle_shares(spans, begin, end, len(opened))
    runs = _longest_runs(spans)
    made = table(COLUMNS, left=0)
    made.columns[-1].justify = "left"
    parted = by_worker(spans)
    for worker in opened:
        own = parted.get(worker.worker, [])
        who = [str(worker.worker), str(worker.pid), str(worker.thread), str(len(own))]
        row(made, [*who, formats.percent(idle[worker.worker]), str(runs.get(worker.worker, 0)), *_of_cpus(own)])
    return [made, *map(Text, map(formats.plain, _sentences(spans, opened, printed)))]


def _of_cpus(own: Sequence[Span]) -> list[str]:
    moves = traces.migrations(own)
    cpus = {cpu for seen in traces.cpus_per_worker(own).values() for cpu in seen}
    return [formats.NOTHING if moves is None else str(moves), " ".join(map(str, sorted(cpus))) or formats.NOTHING]


def _longest_runs(spans: Sequence[Span]) -> dict[int, int]:
    """Count how many items next to each other were each worker's at most; 0 is not among them."""
    longest: dict[int, int] = {}
    for worker, run in groupby(traces.workers_in_item_order(spans)):
        longest[worker] = max(longest.get(worker, 0), sum(1 for _ in run))
    return longest


def _sentences(spans: Sequence[Span], opened: Sequence[Opened], printed: str | None) -> Iterator[str]:
    figures = traces.figures(spans, len(opened))
    idle, took = formats.percent(figures["idle_share"]), formats.seconds(figures["makespan_seconds"])
    yield f"The round took {took}; on average a worker was idle for {idle} of it."
    yield f"At most {figures['most_in_flight']} items were under way at once."
    if figures["most_in_flight"] == 1 < len(opened) and len({(worker.pid, worker.thread) for worker in opened}) == 1:
        yield "No item let its event loop go on to another: it blocks the loop, or waits for nothing."
    yield _runs(spans, figures)
    if "repeats_from_idle_share" in figures:
        share = formats.percent(figures["repeats_from_idle_share"])
        yield f"Where a worker did two items in a row, nobody else was idle in {share} of the cases."
    if "disorder_share" in figures:
        yield f"Pairs of items that were done in the other order: {_disorder(figures)}."
    if "migrations" in figures:
        share, moves = formats.percent(figures["worker_is_cpu_share"]), figures["migrations"]
        yield f"{share} of the items ran on the CPU that their worker is best named after."
        yield f"Workers were seen to change their CPU {formats.many(int(moves), 'time')}."
    else:
        yield "This system does not say on which CPU a thread runs."
    if printed is not None:
        yield f"The items print ({printed[:60]!r}); that is kept out of this."


def _disorder(figures: dict[str, float | int]) -> str:
    of_all = f"{formats.percent(figures['disorder_share'])} of all"
    if "inversion_share" not in figures:
        return of_all
    return f"{of_all}, {formats.percent(figures['inversion_share'])} of those that were under way together"


def _runs(spans: Sequence[Span], figures: dict[str, float | int]) -> str:
    lengths = sorted(Counter(traces.run_lengths(traces.workers_in_item_order(spans))).items())
    each = ", ".join(f"{count} of length {length}" for length, count in lengths)
    chance = f"; chance would bring {formats.digits(figures['expected_run'])}" if "expected_run" in figures else ""
    return f"Runs of one worker in item order: {each}; on average {formats.digits(figures['mean_run'])}{chance}."
