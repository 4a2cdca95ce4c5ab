"""Somebody's own function as a workload."""

import asyncio
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import raced

from paceline.contracts import ItemError
from paceline.strategies import STRATEGIES
from paceline.workloads import Call
from paceline.workloads.call import BrokenModuleError, NoSuchFunctionError, UnfitFunctionError

BLOCKING = [strategy for strategy in STRATEGIES if strategy.flavour == "blocking"]
ASYNC = [strategy for strategy in STRATEGIES if strategy.flavour == "async"]


@pytest.fixture(autouse=True)
def _beside_the_functions(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # a subinterpreter knows nothing of where pytest found this file


def name(strategy):
    return strategy.name


def run(strategy, function, items, workers=2):
    if reason := strategy.unavailable():
        pytest.skip(reason)
    with strategy(Call(function), workers) as entered:
        return entered.map(items)


@pytest.mark.parametrize("strategy", BLOCKING, ids=name)
def test_a_blocking_function_runs_under_every_blocking_strategy(strategy):
    assert run(strategy, "raced:waits", [1, 2, 3]) == [2, 4, 6]


@pytest.mark.parametrize("strategy", ASYNC, ids=name)
@pytest.mark.parametrize("function", ["awaits", "waits"])
def test_every_function_runs_on_a_loop_a_blocking_one_inline(strategy, function):
    assert run(strategy, f"raced:{function}", [1, 2, 3]) == [2, 4, 6]


FAILURES = {
    "SystemExit": "SystemExit: 3",
    "GeneratorExit": "GeneratorExit",
    "CancelledError": "CancelledError",
    "StopIteration": "StopIteration",
    "RefusedError": "RefusedError: 13: no",
    "Stop": "Stop: its words can't be written",
}


@pytest.mark.parametrize("strategy", STRATEGIES, ids=name)
def test_an_error_of_any_kind_names_the_item_and_the_line(strategy):
    if reason := strategy.unavailable():
        pytest.skip(reason)
    function = "raises_async" if strategy.flavour == "async" else "raises"
    with strategy(Call(f"raced:{function}"), 2) as entered:
        for item, words in FAILURES.items():
            with pytest.raises(ItemError, match=rf"^item '{item}': {words} \(raced.py, line \d+\)$") as caught:
                entered.map([item])
            assert caught.value.item == item


def test_ctrl_c_and_a_cancelled_task_are_no_errors_of_an_item():
    with pytest.raises(KeyboardInterrupt), Call("raced:is_interrupted").worker() as call:
        call(0)

    async def cancelled():
        async with Call("raced:awaits").async_worker(1) as call:
            task = asyncio.create_task(call(0))
            await asyncio.sleep(0)
            task.cancel()
            await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_keyboard_interrupt_where_ctrl_c_can_not_come_is_the_functions_own():
    with (
        ThreadPoolExecutor(1) as pool,
        Call("raced:raises").worker() as call,
        pytest.raises(ItemError, match="^item 'KeyboardInterrupt': KeyboardInterrupt .raced.py, line"),
    ):
        pool.submit(call, "KeyboardInterrupt").result()


UNDONE = {
    "generator": "a generator came back, and nothing of it was done; write: return list(...)",
    "map": "a map came back, and nothing of it was done; write: return list(...)",
    "Future": "a Future came back, and its work may not be done yet; return its .result()",
    "AsyncResult": "an ApplyResult came back, and its work may not be done yet; return its .get()",
    "async generator": "an async generator came back, and nothing of it was done; write: return [each async for",
}


async def awaited(function, item):
    async with Call(function).async_worker(1) as call:
        return await call(item)


@pytest.mark.parametrize("item", UNDONE)
def test_what_is_handed_out_undone_is_an_error_that_says_what_to_write(item):
    with Call("raced:hands_out").worker() as call:
        ways = [call, Call("raced:hands_out").expected, Call("raced:hands_out_async").expected]
        for way in ways:
            with pytest.raises(ItemError) as caught:
                way(item)
            assert UNDONE[item] in str(caught.value)


def test_a_coroutine_that_is_awaited_for_another_has_to_be_awaited_too():
    with pytest.raises(ItemError, match="a coroutine came back, and nothing of it was done; write: return await"):
        asyncio.run(awaited("raced:hands_out_async", "coroutine"))


@pytest.mark.parametrize(
    ("item", "words"), [("list", "in a list, a generator came back"), ("dict", "in a dict, a Future")]
)
def test_what_is_undone_in_a_container_counts_where_a_result_is_expected(item, words):
    with pytest.raises(ItemError, match=words):
        Call("raced:hands_out").expected(item)


@pytest.mark.parametrize("item", ["file", "view", "range"])
def test_what_can_be_iterated_and_is_there_is_a_result(item):
    assert Call("raced:hands_out").expected(item) is not None


def test_a_plain_function_around_an_async_one_is_awaited():
    assert asyncio.run(awaited("raced:wraps_async", 4)) == 8
    assert Call("raced:wraps_async").expected(4) == 8
    assert not Call("raced:wraps_async").is_async()
    assert Call("raced:wraps_async").wraps_async(4)
    assert not Call("raced:hands_out").wraps_async("file")


def test_a_cache_of_coroutines_is_called_one():
    asyncio.run(awaited("raced:caches_coroutines", 1))
    with pytest.raises(ItemError, match="the function hands one out twice, as a cache of coroutines does; cache what"):
        asyncio.run(awaited("raced:caches_coroutines", 1))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("takes_two", "takes_two(item, ...)"),
        ("takes_none", "takes_none()"),
        ("takes_a_keyword", "takes_a_keyword(item=item)"),
        ("Shop.discounted", "Shop(...).discounted(item)"),
    ],
)
def test_a_function_that_takes_something_else_than_an_item_is_told_before_it_is_called(function, words):
    with pytest.raises(UnfitFunctionError) as caught:
        Call(f"raced:{function}").check()
    assert str(caught.value).startswith(f"raced:{function} can't be called with one item (")
    assert str(caught.value).endswith(f"); write a function around it, as in def once(item): return {words}")


@pytest.mark.parametrize("function", ["raced:waits", "raced:caches", "raced:nameless", "time:sleep", "builtins:int"])
def test_a_function_that_takes_an_item_or_does_not_say_is_called(function):
    Call(function).check()


def test_an_async_function_is_refused_where_nobody_awaits_it():
    with pytest.raises(ItemError, match="item 0: the function is async"), Call("raced:awaits").worker() as call:
        call(0)


def test_it_says_whether_it_must_be_awaited():
    assert Call("raced:awaits").is_async()
    assert not Call("raced:waits").is_async()


def test_it_knows_what_an_item_must_come_to():
    assert Call("raced:waits").expected(4) == 8
    assert Call("raced:awaits").expected(4) == 8


def test_a_name_may_lead_into_a_class():
    assert Call("raced:Shop.price").expected(2) == 200


def test_a_function_without_a_name_of_its_own_is_found_by_the_name_it_has_in_its_module():
    assert Call("raced:nameless").expected(1) == 2
    assert Call("raced:inner").expected(1) == 1


def test_it_travels_as_a_name():
    call = Call("raced:waits")
    assert pickle.loads(pickle.dumps(call)) == call
    assert b"sleep" not in pickle.dumps(call)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=name)
def test_every_worker_finds_a_module_in_the_current_directory(strategy, tmp_path, monkeypatch):
    (tmp_path / "own_module_of_the_test.py").write_text("def double(item):\n    return item * 2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    try:
        assert run(strategy, "own_module_of_the_test:double", [1, 2, 3]) == [2, 4, 6]
    finally:
        sys.modules.pop("own_module_of_the_test", None)


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        ("raced", "'raced' names no function; write module:function, as in shop:price"),
        ("raced:", "'raced:' names no function; write module:function"),
        (":waits", "':waits' names no function; write module:function"),
        ("raced:waits()", "'raced:waits()' names no function; write module:function"),
        (
            "raced:<lambda>",
            "'raced:<lambda>' is a lambda or stands inside another function, where no worker can import it",
        ),
        ("raced:_made.<locals>.inner", "is a lambda or stands inside another function"),
        ("no_such_module:waits", "there is no module 'no_such_module', neither here nor among the installed ones"),
        ("raced.deeper:waits", "there is no module 'raced.deeper'"),
        ("raced.py:waits", "; write raced, without .py"),
        ("./raced.py:waits", "'./raced.py:waits' names no function; write raced:waits"),
        ("shop/raced.py:Shop.price", "write shop.raced:Shop.price"),
        ("shop/raced:waits", "write shop.raced:waits"),
        (r".\shop\raced.py:waits", "write shop.raced:waits"),
        (r"C:\shop\raced.py:waits", "write raced:waits, in the folder C:/shop"),
        ("../shop/raced.py:waits", "write raced:waits, in the folder ../shop"),
        ("raced:no_such", "raced has no 'no_such'"),
        ("raced:Shop.no_such", "raced.Shop has no 'no_such'"),
        ("raced:number", "raced:number can't be called: it is of type int"),
    ],
)
def test_a_name_that_leads_nowhere_gets_one_clear_sentence(function, complaint):
    with pytest.raises(NoSuchFunctionError) as caught:
        Call(function).load()
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("1 / 0", "importing broken_module_of_the_test failed: ZeroDivisionError: division by zero (broken"),
        ("import no_such_library", "importing broken_module_of_the_test failed: ModuleNotFoundError: No module named"),
        ("def f(:", "importing broken_module_of_the_test failed: SyntaxError: "),
        (
            "import argparse\nargparse.ArgumentParser(exit_on_error=True).parse_args(['--no'])",
            "failed: SystemExit: 2 (broken_module_of_the_test.py, line 2); what it does as a program belongs under",
        ),
    ],
)
def test_a_module_that_can_not_be_imported_says_why(code, complaint, tmp_path, monkeypatch):
    (tmp_path / "broken_module_of_the_test.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BrokenModuleError) as caught:
        Call("broken_module_of_the_test:f").load()
    assert complaint in str(caught.value)


def test_a_blocking_function_stops_the_loop_while_it_runs():
    async def seen():
        async with Call("raced:waits").async_worker(2) as call:
            waiting = asyncio.create_task(call(1))
            await asyncio.sleep(0)
            return waiting.done()

    assert asyncio.run(seen())
    assert raced.number == 7
