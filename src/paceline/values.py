"""
Whether two values are the same, whatever they are made of.
"""

import copyreg
import dataclasses
import operator
import pickle
import secrets
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any, TypeAlias

ATOMS = frozenset({bool, int, float, str, bytes, type(None)})
INHERITED: tuple[Any, ...] = tuple(kind.__eq__ for kind in (object, list, tuple, dict, OrderedDict, deque))
MOST = 1_000_000  # pairs of objects that are looked at; what is taken apart may come to no end
SIZE = 16  # bytes of a digest

Pairs: TypeAlias = Iterable[tuple[Any, Any]]


def digest(value: Any) -> bytes:
    """
    Shorten a value to a word that no different value has.

    The same values mostly have the same word, in whatever process, as it is made of their pickle after a trip: what
    came from another process is contiguous, and shares its parts otherwise. Sets may have another order there, and
    another word. What can't be pickled gets a word of its own.
    """
    if type(value) in ATOMS:
        return blake2b(pickle.dumps(value), digest_size=SIZE).digest()
    whole = blake2b(digest_size=SIZE)
    try:
        travelled = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes of this moment
        pickle.dump(travelled, SimpleNamespace(write=whole.update))  # in pieces: a copy less of what is large
    except Exception:  # noqa: BLE001 - a class's own __reduce__ may raise anything
        return secrets.token_bytes(SIZE)
    return whole.digest()


def same(one: Any, other: Any) -> bool | None:
    """
    Compare two values: by their own equality, and where that denies it or has no answer, by what pickle would write.

    A NaN is the same as another, in arrays too. Values of two types are different: 1, 1.0 and True.

    Returns:
        None if it can't be told, as they can't be taken apart, or their equality gives no truth value and they aren't
        made of the same.
    """
    if _plainly_same(one, other):  # as most are that are compared
        return True
    pairs = [(one, other, True)]
    seen: dict[tuple[int, int, bool], object] = {}
    unknown = False
    while pairs:
        first, second, certain = pair = pairs.pop()
        key = (id(first), id(second), certain)
        if key in seen:
            continue
        if len(seen) == MOST:
            return None
        seen[key] = pair  # kept alive, or another object could get its id
        try:
            parts, conclusive = _parts(first, second)
        except Exception:  # noqa: BLE001 - a class's own methods may raise anything
            parts, conclusive = None, False
        if parts is None and certain and conclusive:
            return False
        unknown = unknown or parts is None
        pairs += [(*part, certain and conclusive) for part in parts or () if not _plainly_same(*part)]
    return None if unknown else True


def _plainly_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    kind = type(one)
    return kind is type(other) and kind in ATOMS and bool(one == other or (one != one and other != other))  # noqa: PLR0124


def _parts(one: Any, other: Any) -> tuple[Pairs | None, bool]:
    """
    Take two values apart that aren't plainly the same.

    Returns:
        What has to be the same in pairs, None if they are different; and whether a difference there is one of theirs.
    """
    kind = type(one)
    if kind is not type(other) or kind in ATOMS:
        return None, True
    if kind in (list, tuple):
        return (zip(one, other, strict=True) if len(one) == len(other) else None), True
    if isinstance(one, (set, frozenset)):
        return _matched(one, other), True
    if kind is dict:
        keys = _matched(one, other)
        return keys and [*keys, *((one[key], other[its]) for key, its in keys)], True
    numpy: Any = sys.modules.get("numpy")
    if numpy and (kind is numpy.ndarray or isinstance(one, numpy.generic)):
        return _array_parts(one, other, numpy), True
    return _object_parts(one, other)


def _matched(some: Collection[Any], others: Collection[Any]) -> list[tuple[Any, Any]] | None:
    """
    Find for each member the same of others, by its digest, or else by its equality.
    """
    keys: tuple[Callable[[Any], Any], ...] = (digest, lambda member: member)
    for key in keys:
        mine, its = {key(member): member for member in some}, {key(member): member for member in others}
        if mine.keys() == its.keys() and len(some) == len(others):
            return [(member, its[word]) for word, member in mine.items()]
    return None


def _array_parts(one: Any, other: Any, numpy: Any) -> Pairs | None:
    kind = one.dtype
    if kind != other.dtype or one.shape != other.shape:
        return None
    if kind.names:
        return [(one[name], other[name]) for name in kind.names]
    if kind.hasobject:
        return zip(one.flat, other.flat, strict=True)
    return () if numpy.array_equal(one, other, equal_nan=kind.kind in "fcmM") else None


def _object_parts(one: Any, other: Any) -> tuple[Pairs | None, bool]:
    answer = False if type(one).__eq__ in INHERITED else _own_equality(one, other)
    if answer:
        return (), True
    names = _compared_fields(one)
    if names is not None:
        return [(getattr(one, name), getattr(other, name)) for name in names], True
    return [(_reduced(one), _reduced(other))], answer is False


def _own_equality(one: Any, other: Any) -> bool | None:
    """
    Ask `==`, or where its answer is no truth value, as a table's isn't, the method `equals`; None if neither answers.
    """
    numpy: Any = sys.modules.get("numpy")
    truths = (bool, numpy.bool_) if numpy else (bool,)
    asked: tuple[Callable[[Any, Any], Any], ...] = (operator.eq, lambda one, other: one.equals(other))
    for ask in asked:
        try:
            answer = ask(one, other)
        except Exception:  # noqa: BLE001, S112 - it has no answer, whatever it raises
            continue
        if isinstance(answer, truths):
            return bool(answer)
    return None


def _compared_fields(value: Any) -> list[str] | None:
    """
    Name the fields of a dataclass, or of a class made by attrs, that its equality is made of.
    """
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value) if field.compare]
    attributes = getattr(type(value), "__attrs_attrs__", None)
    return None if attributes is None else [attribute.name for attribute in attributes if attribute.eq]


def _reduced(value: Any) -> Any:
    """
    Take an object apart as pickle does: a name, or how it is made, of what, and what it holds.
    """
    raised = isinstance(value, BaseException)  # what others register for those also says where they were raised
    reduce = None if raised else copyreg.dispatch_table.get(type(value))
    found: Any = reduce(value) if reduce else value.__reduce_ex__(4)
    if isinstance(found, str):
        return found
    make, made_of, state, members, pairs = [*found, None, None, None][:5]
    in_order = list if isinstance(value, OrderedDict) else dict
    if type(state) is dict and not state:
        state = None  # an exception that was pickled once has an empty dict
    return make, made_of, state, list(members or ()), in_order(pairs or ())
