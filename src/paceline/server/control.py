"""Answers that are no items: the ledger, the spans, the reset, and refusals."""

import json
from dataclasses import asdict

from paceline.server.answer import Core
from paceline.server.ledger import Tally
from paceline.server.wire import Refusal, text

LEDGER = b"/-/ledger"
RESET = b"/-/reset"
SPANS = b"/-/spans"


def other(core: Core, method: bytes, target: bytes, refusal: Refusal | None, *, keep: bool) -> bytes:
    """Answer a request that asks for no item.

    Args:
        core: whose ledger it is.
        method: the request's.
        target: the request's.
        refusal: why there is no item to give, for a GET.
        keep: the connection stays open.
    """
    if target in (LEDGER, RESET) or (target == SPANS and core.spans is not None):
        return control(core, method, target, keep=keep)
    if refusal is None:
        return wrong_method("GET", bare=method == b"HEAD", keep=keep)
    return text(refusal.status, refusal.line, keep=keep)


def control(core: Core, method: bytes, target: bytes, *, keep: bool) -> bytes:
    """Return the ledger or the spans, or start them afresh."""
    if target == LEDGER and method == b"GET":
        return text(200, json.dumps(asdict(core.tally.ledger())), keep=keep)
    if target == SPANS and method == b"GET" and core.spans is not None:
        return text(200, core.spans.as_json(), keep=keep)
    if target == RESET and method == b"POST":
        core.tally = Tally()
        if core.spans is not None:
            core.spans.reset()
        return text(200, "a new ledger has begun", keep=keep)
    return wrong_method("POST" if target == RESET else "GET", bare=method == b"HEAD", keep=keep)


def wrong_method(allowed: str, *, bare: bool, keep: bool) -> bytes:
    """Return which method there is."""
    allow = f"Allow: {allowed}\r\n".encode()
    return text(405, f"only {allowed} is answered here", keep=keep, bare=bare, extra=allow)
