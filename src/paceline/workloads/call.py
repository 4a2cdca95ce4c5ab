"""Anybody's own function, and what it may return in place of a result: work that is yet to be done."""

import inspect
import io
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from itertools import islice
from pathlib import PurePath
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from paceline.contracts import Item, ItemError, Result
from paceline.workers.errors import standard_library_first, tampered, words

LOOKED_AT = 10  # members of a container: enough for what one line of code fills, and nothing beside the work

_NOTHING_DONE = "nothing of it was done"
_UNKNOWN = "its work may not be done yet"
_UNDONE = {
    "__await__": (_NOTHING_DONE, "write: return await ..."),
    "__anext__": (_NOTHING_DONE, "write: return [each async for each in ...]"),
    "__next__": (_NOTHING_DONE, "write: return list(...)"),
    "add_done_callback": (_UNKNOWN, "return its .result()"),
    "successful": (_UNKNOWN, "return its .get()"),  # `multiprocessing`'s AsyncResult, and those made after it
    "__dask_graph__": (_NOTHING_DONE, "return its .compute()"),
}
"""What a type has -> what is known of the work, and what to write instead; the first that fits holds."""


def _of_type(kind: type) -> str | None:
    if issubclass(kind, io.IOBase):
        return None
    mark = next((mark for mark in _UNDONE if hasattr(kind, mark)), None)
    if mark is None or (mark == "__dask_graph__" and kind.__module__.partition(".")[0] != "dask"):  # xarray has it too
        return None
    state, instead = _UNDONE[mark]
    return f"{_article(kind)} came back, and {state}; {instead}"


of_type: Callable[[type], str | None] = lru_cache(maxsize=128)(_of_type)
"""Return what is wrong with a result of a type, and what to write instead; None if it is a result, as an open file is,
although it is an iterator: opening it was the work. A timed round pays for this look, and for nothing else.
"""


def refuse_undone(item: Item, result: Result) -> None:
    """Raise an `ItemError` if a result, or one of its first members, is still to be done; not for timed passes."""
    if why := found_in(result):
        raise ItemError(item, why)


def found_in(result: Any) -> str | None:
    """Return what `of_type` says of a result, or of the first members of a container."""
    if why := of_type(type(result)):
        _close(result)
        return why
    for member in islice(_members(result), LOOKED_AT):
        if why := of_type(type(member)):
            _close(member)
            return f"in {_article(type(result))}, {why}"
    return None


def _members(result: Any) -> Iterator[Any]:
    if isinstance(result, dict):
        return iter(result.values())
    return iter(result if isinstance(result, list | tuple | set | frozenset) else ())


def _close(thing: Any) -> None:
    if inspect.iscoroutine(thing):
        thing.close()  # or Python complains that it was never awaited


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {kind.__name__.replace('_', ' ')}"


_LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120 - each worker imports this; pathlib is slow
_USED_UP = "the function hands one out twice, as a cache of coroutines does; cache what it comes to"
_FRAMEWORKS = {"trio", "greenlet", "_pytest"}
"""Whose errors that are none of `Exception`'s end a task, a greenlet or a test from outside."""


class NoSuchFunctionError(ValueError):
    """The name leads to no function that can be imported."""


class UnfitFunctionError(NoSuchFunctionError):
    """The function is there, and can't be called with one item."""


class NotAwaitedError(ItemError):
    """A coroutine, or whatever else has to be awaited, came back where it can't be."""


class BrokenModuleError(ImportError):
    """The module is there, and raised an error while it was imported."""


class TamperedError(ImportError):
    """Python's own modules have been changed, by the import at the latest, so that nothing can be measured."""


@dataclass(frozen=True)
class Call:
    """Call a function with the item; the result is what it returns or, for an async one, what it comes to.

    Each worker imports the function itself, from the current directory too, after Python's own modules: what travels is
    its name. A blocking function under an event loop is called inline, as it would be.

    Args:
        function: "module:function"; dots on the right lead into classes and objects: "shop.prices:Finder.best".

    Raises:
        NoSuchFunctionError: if the name has no colon, or leads into a function's inside.
        ItemError: from its workers, naming the item, the error and the line that raised it.
    """

    function: str

    def __post_init__(self) -> None:
        module, colon, name = self.function.partition(":")
        if colon and _is_path(module) and "<" in name:
            raise NoSuchFunctionError(
                f"{self.function!r} is a lambda or stands inside another function, where no worker can import it;"
                " give it a def at the top of its module"
            )
        if not (colon and _is_path(module) and _is_path(name)):
            hint = _as_module(self.function) or "module:function, as in shop:price"
            raise NoSuchFunctionError(f"{self.function!r} names no function; write {hint}")

    def module(self) -> ModuleType:
        """Import the module that the function stands in.

        Raises:
            NoSuchFunctionError: if there is none of that name, or Python has one of the same.
            BrokenModuleError: if it raises an error.
            TamperedError: if it changes Python's own modules.
        """
        name = self.function.partition(":")[0]
        before = tampered()
        try:
            return self._imported(name)
        finally:  # an import that patches them may fail by that, in any way
            if why := tampered():
                raise TamperedError(why if before else f"with the import of {name}, {why}")

    def _imported(self, name: str) -> ModuleType:
        if not {"", os.getcwd()} & set(sys.path):  # noqa: PTH109 - sys.path holds strings
            sys.path[:] = standard_library_first([os.getcwd(), *sys.path])  # noqa: PTH109
        if clash := _clash(name.partition(".")[0]):
            raise NoSuchFunctionError(
                f"{clash} can't be imported: it has the name of a module of Python's own, which comes first; rename it"
            )
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise BrokenModuleError(f"importing {name} failed: {_told(error)}") from error
            hint = f"; write {name[:-3]}, without .py" if name.endswith(".py") else ""
            raise NoSuchFunctionError(
                f"there is no module {error.name!r}, neither here nor among the installed ones{hint}"
            ) from None
        except BaseException as error:
            if _is_sent(error):
                raise
            leaves = isinstance(error, SystemExit)
            hint = "; what it does as a program belongs under if __name__ == '__main__'" if leaves else ""
            raise BrokenModuleError(f"importing {name} failed: {_told(error)}{hint}") from error

    def load(self) -> Callable[[Item], Any]:
        """Import the function.

        Raises:
            NoSuchFunctionError: if there is none of that name, or it can't be called.
            BrokenModuleError: if its module raises an error.
        """
        found: Any = self.module()
        where, _, path = self.function.partition(":")
        for name in path.split("."):
            try:
                found = getattr(found, name)
            except AttributeError:
                raise NoSuchFunctionError(f"{where} has no {name!r}") from None
            where = f"{where}.{name}"
        if not callable(found):
            raise NoSuchFunctionError(f"{self.function} can't be called: it is of type {type(found).__name__}")
        return found  # type: ignore[no-any-return]

    def check(self) -> None:
        """Check that the function takes an item and needs nothing else, as far as its signature says.

        Raises:
            UnfitFunctionError: if it doesn't; and as `load` does.
        """
        function = self.load()
        try:
            signature = inspect.signature(function, follow_wrapped=False)  # what is called is the wrapper
        except Exception:  # noqa: BLE001 - many of Python's own don't say; from 3.14 on it evaluates annotations, too
            return
        try:
            signature.bind(None)
        except TypeError as error:
            written = _with_one_item(self.function.partition(":")[2], signature)
            raise UnfitFunctionError(
                f"{self.function} can't be called with one item ({error}); write a function around it, as in"
                f" def once(item): return {written}"
            ) from None

    def is_async(self) -> bool:
        """Whether the function is declared async; a plain one around an async one isn't."""
        function = self.load()
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - the method is looked at, not called
        )

    def wraps_async(self, item: Item) -> bool:
        """Call a function that isn't declared async, to see whether what comes back must be awaited."""
        try:
            _call(self.load(), item)
        except NotAwaitedError:
            return True
        return False

    def expected(self, item: Item) -> Result:
        """Call the function here and now; an async one on a loop of its own.

        Raises:
            ItemError: if it fails, or its result is still to be done.
        """
        result = self._done(item)
        refuse_undone(item, result)
        return result

    def _done(self, item: Item) -> Result:
        function = self.load()
        if not self.is_async():
            try:
                return _call(function, item)
            except NotAwaitedError:  # a plain function around an async one
                pass
        from paceline.workers.event_loop import runner  # here, as a worker that blocks needs no asyncio

        with runner() as loop:
            return loop.run(_await(function, item))

    @contextmanager
    def worker(self) -> Iterator[Callable[[Item], Result]]:
        """Hand out the function; there is nothing to open."""
        yield partial(_call, self.load())

    @asynccontextmanager
    async def async_worker(self, concurrency: int) -> AsyncIterator[Callable[[Item], Awaitable[Result]]]:
        """Hand out the function; a blocking one stops the loop for as long as it takes."""
        del concurrency
        yield partial(_await, self.load())


def _call(function: Callable[[Item], Any], item: Item) -> Result:
    try:
        result = function(item)
    except BaseException as error:  # noqa: BLE001 - a function may raise anything, SystemExit among it
        _fail(item, error)
    if of_type(type(result)):
        why = str(found_in(result))  # which closes a coroutine
        if inspect.isawaitable(result):
            raise NotAwaitedError(item, "the function is async, and must be awaited by a strategy with an event loop")
        raise ItemError(item, why)
    return result


async def _await(function: Callable[[Item], Any], item: Item) -> Result:
    result = None
    try:
        result = function(item)
        if inspect.isawaitable(result):
            result = await result
    except BaseException as error:
        if _is_used_up(result, error):
            raise ItemError(item, f"{error}: {_USED_UP}") from error
        _fail(item, error)
    if of_type(type(result)):
        refuse_undone(item, result)
    return result


def _is_used_up(result: Any, error: BaseException) -> bool:
    """Whether Python refused to await a coroutine a second time: the error is from no line of it."""
    refused = inspect.iscoroutine(result) and isinstance(error, RuntimeError) and error.__cause__ is None
    return refused and _raised_here(error)


def _fail(item: Item, error: BaseException) -> NoReturn:
    """Raise the error of an item as such, or as it is if it is not the function's own."""
    if _is_sent(error):
        raise error
    raise ItemError(item, _told(error)) from error


def _is_sent(error: BaseException) -> bool:
    """Whether an error came from outside: by Ctrl-C, or from what ends the task, greenlet or test around it."""
    if isinstance(error, Exception | SystemExit):
        return False
    if isinstance(error, KeyboardInterrupt):
        return threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT))
    if isinstance(error, GeneratorExit):
        return _raised_here(error)
    if type(error).__module__ == "asyncio.exceptions":
        return _is_cancelled()
    return any(kind.__module__.partition(".")[0] in _FRAMEWORKS for kind in type(error).__mro__)


def _is_cancelled() -> bool:
    import asyncio  # loaded long since

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop of asyncio's runs
        return False
    return task is not None and task.cancelling() > 0


def _raised_here(error: BaseException) -> bool:
    return error.__traceback__ is None or error.__traceback__.tb_next is None


def _is_path(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _clash(name: str) -> str | None:
    """Return the file here that has the name of a module of the standard library."""
    files = (f"{name}.py", os.path.join(name, "__init__.py"))  # noqa: PTH118 - each worker imports this; pathlib is slow
    return next(filter(os.path.isfile, files), None) if name in sys.stdlib_module_names else None


def _as_module(written: str) -> str | None:
    """Return what to write for a function that was named by its file's path; None if it wasn't."""
    path, _, name = written.replace("\\", "/").rpartition(":")
    folder, _, file = path.rpartition("/")
    module = file.removesuffix(".py")
    if not (_is_path(name) and module.isidentifier()):
        return None
    inside = ".".join(part for part in folder.split("/") if part != ".")
    if folder and inside and not _is_path(inside):
        return f"{module}:{name}, in the folder {folder}"
    return ".".join(filter(None, [inside, f"{module}:{name}"]))


def _with_one_item(name: str, signature: inspect.Signature) -> str:
    """Write a call with an item, and with dots for what else it needs."""
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    asked = [each for each in signature.parameters.values() if each.kind not in optional and each.default is each.empty]
    if asked and asked[0].name == "self":
        around, _, method = name.rpartition(".")
        name, asked = f"{around}(...).{method}", asked[1:]
    names = [f"{each.name}=" * (each.kind is each.KEYWORD_ONLY) for each in asked]
    return f"{name}({', '.join(word + ('...' if place else 'item') for place, word in enumerate(names))})"


def _told(error: BaseException) -> str:
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration):
        error = error.__cause__  # a coroutine's comes as a RuntimeError from nowhere
    said, place = words(error), _place(error.__traceback__)
    return f"{type(error).__name__}: {said}{place}" if said else f"{type(error).__name__}{place}"


def _place(trace: TracebackType | None) -> str:
    """Name the last line of the program's own, neither ours nor Python's."""
    place = ""
    while trace:
        file = trace.tb_frame.f_code.co_filename
        pythons = file.startswith(("<frozen", _LIBRARY)) and "site-packages" not in file
        if file != __file__ and not pythons:
            place = f" ({PurePath(file).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place
