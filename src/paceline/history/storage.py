"""The guard of a history: it stands in for pytest-benchmark's storage, so that only whole, clean runs get in."""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_benchmark.stats import Stats
from pytest_benchmark.storage.file import FileStorage

from paceline import machine
from paceline.files import finite, publish
from paceline.history import documents
from paceline.history.documents import NotSaved, UnreadableRun
from paceline.history.reading import from_json, load_native
from paceline.history.store import PARTIAL, RESULTS, newest_in


class GuardedStorage(FileStorage):
    """Where a session saves its run.

    Args:
        path: the history, `results/<fingerprint>`.
        logger: pytest-benchmark's; it is told where the run went, or why it went nowhere.
        default_machine_id: pytest-benchmark's folder for this kind of Python.
        partial: where interrupted runs go when asked for; `partial` beside `path` if not given.
    """

    def __init__(
        self, path: str | Path, logger: Any, default_machine_id: str | None = None, partial: Path | None = None
    ) -> None:
        super().__init__(Path(), logger, default_machine_id)  # type: ignore[no-untyped-call]
        self.path = Path(path).resolve()  # made with the first run: pytest-benchmark would make it now
        self.partial = partial or self.path.parent / PARTIAL
        self.refused: str | None = None
        self.keep_partial = False
        self.saved: Path | None = None
        self.report: Callable[[str], None] = self.log

    @property
    def location(self) -> str:
        """The history, from where the session was started if it lies below."""
        return from_here(self.path)

    @property
    def home(self) -> Path:
        """The folder that this session's run goes to, and that holds those it may be compared with."""
        return self.path / (self.default_machine_id or "")

    def refuse(self, reason: str, *, keep_partial: bool = False) -> None:
        """Let no run of this session into the history, because it was interrupted or something in it failed.

        The first reason given stays; `keep_partial` keeps the run apart, marked as incomplete, instead of dropping it.
        """
        self.refused = self.refused or reason
        self.keep_partial = self.keep_partial or keep_partial

    def load(self, *globs_or_files: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the runs to compare with, the newest if none is named as pytest-benchmark takes them.

        What can't be read, or was measured beside a tracer, is named with its reason and passed over; benchmarks
        without all figures are left out.
        """
        if globs_or_files:
            chosen = self.query(*globs_or_files)  # type: ignore[no-untyped-call]
        else:
            newest = newest_in(self.home, lambda run: not run.tracer, self._pass_over)
            chosen = [newest.path] if newest else []
        for file in chosen:
            try:
                data = load_native(file)
            except UnreadableRun as damaged:
                self._pass_over(damaged)
            else:
                place = file.relative_to(self.path) if file.is_relative_to(self.path) else file
                yield place, {**data, "benchmarks": list(filter(_comparable, data["benchmarks"]))}

    def save(self, output_json: dict[str, Any], save: str) -> None:
        """Save what pytest-benchmark made, with the `paceline` key, under the next number; a refused run apart or not.

        Raises:
            NotSaved: the disk, the folder or the run itself is not fit; nothing is left behind.
        """
        reason = self.refused or _incomplete(output_json)
        if reason and not self.keep_partial:
            kept = "With --paceline-keep-partial it is kept apart from the history."
            self.report(f"This run is not saved: {reason}. {kept}")
            return
        if reason:
            output_json = _marked(output_json, reason)
        folder = self.partial / output_json["paceline"]["fingerprint"] if reason else self.home
        before = _runs_in(folder)
        try:
            self.saved = _published(folder, save, output_json)
        except KeyboardInterrupt:  # which may come when it is there already
            self.saved = next(iter(_runs_in(folder) - before), None)
            raise
        self.report(f"{f'Kept apart ({reason})' if reason else 'Saved'}: {from_here(self.saved)}")

    def _pass_over(self, damaged: UnreadableRun) -> None:
        tell = self.logger.error  # pytest-benchmark's, not the logging module's
        tell(f"Passed over {damaged}")

    @property
    def where(self) -> str:
        """What commands need to find what is saved here, where they don't by themselves: " --results 'my runs'"."""
        root = self.path.parent if machine.is_fingerprint(self.path.name) else self.path
        looked_into = Path(RESULTS).resolve()
        return "" if root == looked_into else f" --results {shlex.quote(from_here(root))}"

    def log(self, sentence: str) -> None:
        """Report by pytest-benchmark's logger."""
        tell = self.logger.error if self.refused else self.logger.info
        found = f"; shown by: paceline compare{self.where}" if self.saved and self.where else ""
        tell(f"{sentence}{found}")


def _published(folder: Path, label: str, output_json: dict[str, Any]) -> Path:
    content = strict(output_json).encode()
    if large := documents.too_large(len(content), UnreadableRun):
        raise NotSaved(
            f"this run is not saved: {large}, and {_largest(output_json)}; keep less of that, or measure less"
        )
    try:
        if not documents.unread():
            from_json(content)  # what goes in must come out again
        return publish(folder, label, content)
    except UnreadableRun as unfit:
        raise NotSaved(f"this run is not saved, it could not be read again: {unfit.reason}") from unfit
    except OSError as error:
        raise NotSaved(
            f"this run is not saved in {from_here(folder)}: {error.strerror or error}; make room there, or make it "
            "writable, and measure again (--benchmark-json=PATH writes to another place)"
        ) from error


def _runs_in(folder: Path) -> set[Path]:
    return set(folder.glob("*.json"))


def _largest(output_json: Mapping[str, Any]) -> str:
    """Return what takes most of a run: a part of its benchmarks, and the one of them that has most of it."""
    sizes = {(part, name): len(strict(value)) for part, name, value in _parts(output_json)}
    totals = Counter[str]()
    for (part, _), size in sizes.items():
        totals[part] += size
    ((part, total),) = totals.most_common(1)
    most, name = max((size, name) for (other, name), size in sizes.items() if other == part)
    return f"{total / totals.total():.0%} of them are {part}, {most / totals.total():.0%} that of {name}"


def _parts(output_json: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for one in output_json["benchmarks"]:
        for key, value in one["extra_info"].items():
            yield f"extra_info[{key!r}]", one["fullname"], value
        yield "the raw rounds", one["fullname"], one["stats"]
        yield "the parameters", one["fullname"], one.get("params")


def strict(data: Any) -> str:
    """Format JSON that every reader takes: numbers that are not finite become null, other objects their repr."""
    return json.dumps(finite(data), indent=4, allow_nan=False, default=lambda thing: f"UNSERIALIZABLE[{thing!r}]")


def _comparable(one: Any) -> bool:
    """Return whether pytest-benchmark can put a benchmark into its tables: it has a full name, and every figure."""
    stats = one.get("stats") if isinstance(one, Mapping) else None
    if not isinstance(stats, Mapping) or not isinstance(one.get("fullname"), str):
        return False
    return all(stats.get(figure) is not None for figure in Stats.fields)


def _incomplete(output_json: dict[str, Any]) -> str | None:
    facts = output_json.get("paceline", {})
    return None if facts.get("complete", True) else facts.get("why_incomplete") or "it is marked as incomplete"


def _marked(output_json: dict[str, Any], reason: str) -> dict[str, Any]:
    facts = {**output_json.get("paceline", {}), "complete": False, "why_incomplete": reason}
    return {**output_json, "paceline": facts}


def from_here(path: Path) -> str:
    """Write a path from the working directory if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
