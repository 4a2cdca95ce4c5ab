"""Reading saved runs: whatever a file holds, the outcome is a run or a sentence with the reason."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import os
import pickle
import re
import zipfile
from pathlib import Path

import pytest
from arbitrary_runs import ANYTHING, runs
from hypothesis import given
from hypothesis import strategies as st
from saved_runs import benchmark, put, saved

from paceline import history
from paceline.history import UnreadableRun, documents, from_json, load, reading
from paceline.history.reading import glance
from paceline.history.storage import strict

ASYNCIO = benchmark("asyncio")
FOREIGN = {"name": "test_theirs", "fullname": "test_theirs.py::test_theirs", "stats": {"mean": 1.0}, "extra_info": {}}
NO_RUN = "it is JSON, but no saved run; name one: see paceline runs"


def broken(change):
    """Make a run, break it, and give the reason it is refused for."""
    data = saved(benchmark(), benchmark("asyncio"))
    change(data)
    with pytest.raises(UnreadableRun) as caught:
        from_json(data, Path("0001_x.json"))
    assert str(caught.value).startswith("0001_x.json: ")
    assert "; " in caught.value.reason
    return caught.value.reason


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_run_or_a_reason(data):
    with pytest.raises(UnreadableRun):
        from_json(data)


@given(ANYTHING)
def test_arbitrary_json_is_a_run_or_a_reason(data):
    with pytest.raises(UnreadableRun):
        from_json(json.dumps(data).encode())


@given(runs(), st.data())
def test_a_run_with_anything_anywhere_is_a_run_or_a_reason(data, draw):
    place, key = data, draw.draw(st.sampled_from(sorted(data)))
    while isinstance(place[key], dict | list) and place[key] and draw.draw(st.booleans()):
        place = place[key]
        key = draw.draw(st.sampled_from(range(len(place)) if isinstance(place, list) else sorted(place)))
    place[key] = draw.draw(ANYTHING)
    for form in (data, json.dumps(data).encode()):
        try:
            run = from_json(form)
        except UnreadableRun:
            continue
        for cell in run.cells:
            assert cell.median > 0
            assert cell.marks is not None


@given(runs())
def test_a_valid_run_comes_back_as_it_was_saved(data):
    run = from_json(strict(data).encode(), Path("0007_x.json"))
    assert run.number == 7
    assert [cell.fullname for cell in run.cells] == [one["fullname"] for one in data["benchmarks"]]
    for cell, one in zip(run.cells, data["benchmarks"], strict=True):
        assert list(cell.rounds) == one["stats"]["data"]
        for key, value in one["extra_info"].items():
            if key == "memory":
                assert cell.extra[key] == json.loads(strict(value))
            else:
                kept = getattr(cell, key)
                assert (list(kept) if key == "warnings" else kept) == value


def test_a_file_cut_off_at_any_byte_is_named():
    whole = json.dumps(saved(), indent=1).encode()
    assert from_json(whole).cells
    for length in range(len(whole)):
        with pytest.raises(UnreadableRun):
            from_json(whole[:length])


def test_a_cut_off_file_says_so(tmp_path):
    path = put(tmp_path, saved())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableRun, match=r"0001_made-up.json: it ends in the middle.*; the file is damaged"):
        load(path)


def test_what_is_no_json_is_named_with_its_line():
    with pytest.raises(UnreadableRun, match="not JSON at line 3"):
        from_json(b'{\n"a": 1,\n?}')


def test_bytes_that_are_no_text_are_named_with_their_line():
    with pytest.raises(UnreadableRun, match="not JSON"):
        from_json(b'{\n"a": "\xff"}')


def test_a_wrong_type_is_named_with_its_place():
    def change(data):
        data["benchmarks"][1]["stats"]["data"][1] = "fast"

    assert broken(change).startswith(f"Expected float, got str - at $.stats.data[1] of {ASYNCIO['fullname']}; ")


def test_a_wrong_type_in_what_paceline_adds_is_named_with_its_place():
    def change(data):
        data["benchmarks"][1]["extra_info"]["items"] = None

    assert f"at $.extra_info.items of {ASYNCIO['fullname']}" in broken(change)


@pytest.mark.parametrize("key", ["experiment", "strategy", "workload", "items", "workers"])
def test_a_cell_that_lost_one_of_its_keys_is_refused_by_its_name(key):
    reason = broken(lambda data: data["benchmarks"][1]["extra_info"].pop(key))
    assert reason.startswith(f"Object missing required field {key} - at $.extra_info of {ASYNCIO['fullname']}; ")


def test_a_cell_without_its_full_name_is_refused_by_the_name_it_has():
    reason = broken(lambda data: data["benchmarks"][1].pop("fullname"))
    assert reason.startswith(f"Object missing required field fullname - at $ of {ASYNCIO['name']}; ")


def test_a_cell_without_any_name_is_refused_by_its_place():
    def change(data):
        del data["benchmarks"][1]["fullname"], data["benchmarks"][1]["name"]

    assert "of benchmarks[1]; " in broken(change)


def test_a_run_of_another_suite_is_named():
    assert "another suite made it" in broken(lambda data: data.pop("paceline"))


def test_a_run_without_raw_rounds_says_how_to_save_them():
    reason = "has no raw rounds; save with --benchmark-save-data"
    assert broken(lambda data: data["benchmarks"][0]["stats"].pop("data")) == reason
    assert broken(lambda data: data["benchmarks"][0]["stats"]["data"].clear()) == reason


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e12])
def test_an_impossible_round_is_named_with_its_place(value):
    def change(data):
        data["benchmarks"][0]["stats"]["data"][2] = value

    assert f"{value!r} at $.stats.data[2] of {benchmark()['fullname']}" in broken(change)


def test_a_full_name_that_stands_twice_is_refused():
    assert "more than once" in broken(lambda data: data["benchmarks"].append(data["benchmarks"][0]))


def test_a_run_of_a_newer_paceline_says_to_update():
    assert "update Paceline" in broken(lambda data: data["paceline"].update(schema=2))


def test_a_date_beyond_the_calendar_is_refused():
    assert "calendar" in broken(lambda data: data.update(datetime="9999-12-31T23:00:00-05:00"))


def test_deep_nesting_is_refused():
    with pytest.raises(UnreadableRun, match="nested too deeply"):
        from_json(b'{"benchmarks":' + b"[" * 100_000)


def test_benchmarks_of_others_in_the_same_run_are_told_apart():
    foreign = {"fullname": "test_other.py::test", "name": "test", "stats": {}, "extra_info": {"mine": 1}}
    run = from_json(saved(benchmark(), foreign))
    assert len(run.cells) == 1
    assert run.others == ("test_other.py::test",)


@pytest.mark.parametrize(
    "odd",
    [
        {"stats": None},
        {"stats": {"mean": float("nan"), "ops": float("inf"), "data": [float("nan")]}},
        {"extra_info": None},
        {"extra_info": {"experiment": "theirs"}},
        {"extra_info": {"experiment": "theirs", "strategy": "greedy", "items": "many"}},
        {"extra_info": {"strategy": "greedy", "workload": "theirs", "items": 1, "workers": 1}},
        {"extra_info": {"experiment": "theirs", "strategy": "a", "workload": "b", "items": "many", "workers": 1}},
        {"name": None},
        {"fullname": 7},
    ],
    ids=str,
)
def test_an_entry_that_is_no_cell_costs_no_other_whatever_it_holds(odd):
    data = saved(benchmark(), {**FOREIGN, **odd}, FOREIGN, FOREIGN, None, "odd")
    for form in (data, json.dumps(data).encode()):  # Python writes NaN, which is no JSON
        run = from_json(form)
        assert [cell.strategy for cell in run.cells] == ["threads"]
        assert "test_theirs.py::test_theirs" in run.others


def test_numbers_that_are_no_json_count_as_not_measured():
    data = json.dumps(saved(benchmark(efficiency=float("nan"), memory={"pss": float("inf")}))).encode()
    (cell,) = from_json(data).cells
    assert (cell.efficiency, cell.extra) == (None, {"memory": {"pss": None}})


def test_a_round_that_is_no_number_is_refused_from_a_file_too():
    data = json.dumps(saved(benchmark(rounds=(0.1, 0.7)))).replace("0.7]", "NaN]").encode()
    with pytest.raises(UnreadableRun, match=r"got null - at \$.stats.data\[1\] of .*; the file is damaged"):
        from_json(data, Path("run.json"))


def test_figures_that_are_not_finite_count_as_not_measured():
    (cell,) = history.cells([benchmark(efficiency=float("nan"), overhead=float("inf"), limit=0.1)])
    assert (cell.efficiency, cell.overhead, cell.limit) == (None, None, 0.1)


def test_what_an_experiment_adds_is_kept():
    (cell,) = history.cells([benchmark(memory={"pss": 12})])
    assert cell.extra == {"memory": {"pss": 12}}


def test_marks_are_the_words_before_the_colon_each_once():
    (cell,) = history.cells([benchmark(warnings=["noisy: a", "client-bound: b", "noisy: c"])])
    assert cell.marks == ("noisy", "client-bound")


def test_live_results_become_the_same_cells_as_saved_ones():
    one = benchmark(latency=0.02)
    assert history.cells([one]) == from_json(json.dumps(saved(one)).encode()).cells


def test_a_time_without_a_zone_is_taken_for_utc():
    assert from_json(saved(when="2026-11-22T12:00:00")).datetime == from_json(saved()).datetime


def test_the_header_of_a_new_run_reads_back():
    data = {**saved(), "paceline": reading.header(seed=3, scale={"items": 4}, complete=False, why_incomplete="Ctrl-C")}
    run = from_json(json.dumps(data).encode())
    assert (run.complete, run.why_incomplete, run.facts["seed"]) == (False, "Ctrl-C", 3)


@given(runs(), st.sampled_from([None, 0, 1, 2, 4, 8]), st.booleans(), st.booleans())
def test_a_glance_sees_the_date_and_the_machine_however_a_file_is_laid_out(
    tmp_path_factory, data, indent, sort, nested
):
    path = tmp_path_factory.getbasetemp() / "0001_x.json"
    if nested:
        data["benchmarks"].append({"extra_info": {"datetime": "1999-01-01T00:00:00+00:00", "paceline": {}}})
        data["paceline"]["scale"] = {"paceline": {"fingerprint": "theirs"}, "datetime": "1999-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(data, indent=indent, sort_keys=sort))
    run = load(path)
    assert glance(path) == (run.datetime, run.fingerprint)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0001_x.json", "no such file or directory; check"),
        ("*.json", "no file has this name; if it is a pattern, leave the quotes off"),
        ("file:///tmp/0001_x.json", "it is an address; name the file by its path: /tmp/0001_x.json"),
    ],
)
def test_what_is_not_there_is_named_for_what_it_is(name, said):
    with pytest.raises(UnreadableRun, match=re.escape(said)):
        load(Path(name))


def test_the_mark_of_utf_8_that_editors_put_before_a_text_is_passed_over(tmp_path):
    path = put(tmp_path, saved())
    before = load(path)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert load(path) == before


def archive(data):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("0001_x.json", data)
    return made.getvalue()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (lambda data: data.decode().encode("utf-16"), "it is UTF-16 text; save it as UTF-8"),
        (gzip.compress, "it is compressed with gzip; unpack it first"),
        (bz2.compress, "it is compressed with bzip2; unpack it first"),
        (lzma.compress, "it is compressed with xz; unpack it first"),
        (archive, "it is a zip archive; unpack it first"),
        (lambda _: b"import os\n", "it is not JSON; name a saved run"),
        (lambda _: b'{"scripts": {"a": 1,}}', "it is not JSON at line 1; name a saved run"),
        (lambda _: b'{"accuracy": 0.91}', NO_RUN),
        (lambda _: b"[1, 2, 3]", NO_RUN),
        (lambda _: b"3", NO_RUN),
    ],
)
def test_a_file_that_is_no_run_is_named_for_what_it_is_and_not_called_damaged(tmp_path, form, said):
    path = put(tmp_path, saved())
    path.write_bytes(form(path.read_bytes()))
    with pytest.raises(UnreadableRun) as caught:
        load(path)
    assert caught.value.reason == said


def test_a_run_that_is_no_json_any_more_is_damaged():
    data = json.dumps(saved(), indent=1).encode().replace(b'"datetime":', b'"datetime"')
    with pytest.raises(UnreadableRun, match=r"it is not JSON at line \d+; the file is damaged"):
        from_json(data, Path("run.json"))


def test_a_folder_is_named(tmp_path):
    with pytest.raises(UnreadableRun, match="it is a folder; name a file in it"):
        load(tmp_path)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "0001_x.json").write_text(" \n")
    with pytest.raises(UnreadableRun, match="it is empty"):
        load(tmp_path / "0001_x.json")


def test_a_name_that_no_file_can_have_is_named():
    with pytest.raises(UnreadableRun, match="null"):
        load(Path("a\0b"))


def test_a_named_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "0001_x.json")
    with pytest.raises(UnreadableRun, match="not a regular file"):
        load(tmp_path / "0001_x.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = put(tmp_path, saved())
    path.chmod(0)
    with pytest.raises(UnreadableRun, match="permission denied; check"):
        load(path)


def test_a_file_too_large_for_a_run_is_not_read(tmp_path):
    path = tmp_path / "0001_x.json"
    with path.open("wb") as file:
        file.truncate(documents.LARGEST + 1)  # takes no room on the disk
    with pytest.raises(UnreadableRun, match="more than any run"):
        load(path)


def test_a_pickle_is_only_bytes_that_are_no_json(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "0001_x.json"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(UnreadableRun, match="not JSON"):
        load(path)
    assert not (tmp_path / "sprung").exists()


def test_errors_survive_pickling():
    error = UnreadableRun(Path("a"), "why; what to do")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "a: why; what to do"
