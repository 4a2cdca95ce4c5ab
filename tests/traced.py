"""What a trace file must be, for tests: the rules of the Chrome Trace Event format that viewers depend on."""

from itertools import groupby, pairwise

NEEDED = {
    "X": {"name", "cat", "ph", "ts", "dur", "pid", "tid", "args"},
    "M": {"name", "ph", "ts", "pid", "tid", "args"},
    "s": {"name", "cat", "id", "ph", "ts", "pid", "tid"},
    "f": {"name", "cat", "id", "ph", "bp", "ts", "pid", "tid"},
}
NAMED = {"process_name": "name", "thread_name": "name", "process_sort_index": "sort_index"}
NAMED["thread_sort_index"] = "sort_index"


def of(events, phase, **wanted):
    """The events of a phase; with the values wanted."""
    return [event for event in events if event["ph"] == phase and wanted.items() <= event.items()]


def lanes(events):
    """(pid, tid) -> its slices, as whole nanoseconds (start, end), in order."""
    slices = sorted(of(events, "X"), key=lambda event: (event["pid"], event["tid"], event["ts"]))
    return {
        lane: [(round(one["ts"] * 1000), round((one["ts"] + one["dur"]) * 1000)) for one in own]
        for lane, own in groupby(slices, key=lambda event: (event["pid"], event["tid"]))
    }


def names(events, what="thread_name"):
    """(pid, tid) -> its name."""
    return {(event["pid"], event["tid"]): event["args"]["name"] for event in of(events, "M", name=what)}


def check(events):
    """Hold events against the format."""
    for event in events:
        assert set(event) == NEEDED[event["ph"]], event
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert event["ts"] >= 0
        assert event.get("dur", 0) >= 0
    for event in of(events, "M"):
        assert list(event["args"]) == [NAMED[event["name"]]]
    timed = [event["ts"] for event in events if event["ph"] != "M"]
    assert timed == sorted(timed)
    assert timed[0] == 0
    check_lanes(events)
    check_flows(events)


def check_lanes(events):
    """Each has a name of its own, a place among the others, and one slice at a time."""
    for spans in lanes(events).values():
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert set(lanes(events)) <= set(names(events))
    for what in ("process", "thread"):
        key = ("pid",) if what == "process" else ("pid", "tid")
        named, placed = of(events, "M", name=f"{what}_name"), of(events, "M", name=f"{what}_sort_index")
        keys = [tuple(event[part] for part in key) for event in named]
        assert len(set(keys)) == len(keys)
        assert keys == [tuple(event[part] for part in key) for event in placed]


def check_flows(events):
    """Each has one start and one end, both in slices of their lanes."""
    starts, ends = of(events, "s"), of(events, "f", bp="e")
    assert sorted(event["id"] for event in starts) == sorted(event["id"] for event in ends)
    assert len({event["id"] for event in starts}) == len(starts)
    for event in starts + ends:
        at = round(event["ts"] * 1000)
        assert any(start <= at <= end for start, end in lanes(events)[event["pid"], event["tid"]])
