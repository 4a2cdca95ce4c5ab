"""Other servers to compare the instrument with: `python -m paceline.server.peers httpserver|aiohttp`.

They serve `/item/N` with the same service times, bodies and statuses, know no faults and no bandwidth, and keep no
ledger but for the CPU time of their process.
"""

import asyncio
import json
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from functools import lru_cache

from paceline.server.body import body
from paceline.server.ledger import Tally
from paceline.server.service import ParameterError, Service

HOST = "127.0.0.1"
LEDGER = "/-/ledger"
RESET = "/-/reset"


def ledger(tally: Tally) -> str:
    """Format all there is of a ledger, as JSON."""
    return json.dumps({"cpu_seconds": tally.ledger().cpu_seconds})


parsed = lru_cache(Service.parse)  # each query once, as in the instrument


def asked(item: str, query: str) -> tuple[int, Service]:
    """Read what is asked for; raises ParameterError for what can't be honoured, here or anywhere."""
    service = parsed(query)
    if service.fault is not None:
        raise ParameterError("fault", service.fault, "only the instrument has faults")
    return int(item), service


def announce(port: int) -> None:
    """Print where the server listens."""
    print(json.dumps({"url": f"http://{HOST}:{port}", "pid": os.getpid()}), flush=True)  # noqa: T201  # for the fixtures


def httpserver() -> None:
    """Serve with pytest-httpserver, threaded, until stdin closes."""
    from pytest_httpserver import HTTPServer  # each peer imports only what it runs on
    from werkzeug import Request, Response

    tally = Tally()

    def serve_item(request: Request) -> Response:
        server.clear_log()  # it would grow with every request
        try:
            item, service = asked(request.path.rpartition("/")[2], request.query_string.decode("latin-1"))
        except ParameterError as error:
            return Response(f"{error}\n", status=400)
        time.sleep(service.seconds(item))
        return Response(body(item, service.size), status=service.status, content_type="text/plain")

    def reset(_: Request) -> Response:
        nonlocal tally
        tally = Tally()
        return Response()

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line of log for every request would be half of the work
    server = HTTPServer(HOST, 0, threaded=True)
    server.expect_request(re.compile(r"/item/\d{1,18}", re.ASCII)).respond_with_handler(serve_item)
    server.expect_request(LEDGER).respond_with_handler(lambda _: Response(ledger(tally)))
    server.expect_request(RESET, method="POST").respond_with_handler(reset)
    with server:
        announce(server.port)
        sys.stdin.buffer.read()


async def aiohttp() -> None:
    """Serve with aiohttp.web on asyncio's own loop until stdin closes."""
    from aiohttp import web  # each peer imports only what it runs on

    tally = Tally()

    async def serve_item(request: web.Request) -> web.Response:
        try:
            item, service = asked(request.match_info["item"], request.rel_url.raw_query_string)
        except ParameterError as error:
            return web.Response(text=f"{error}\n", status=400)
        await asyncio.sleep(service.seconds(item))
        return web.Response(body=body(item, service.size), status=service.status, content_type="text/plain")

    async def spent(_: web.Request) -> web.Response:
        return web.Response(text=ledger(tally))

    async def reset(_: web.Request) -> web.Response:
        nonlocal tally
        tally = Tally()
        return web.Response()

    app = web.Application()
    app.add_routes([web.get(r"/item/{item:[0-9]{1,18}}", serve_item), web.get(LEDGER, spent), web.post(RESET, reset)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        announce(runner.addresses[0][1])
        await asyncio.to_thread(sys.stdin.buffer.read)
    finally:
        await runner.cleanup()


PEERS: dict[str, Callable[[], None]] = {"httpserver": httpserver, "aiohttp": lambda: asyncio.run(aiohttp())}


def main(arguments: list[str]) -> int:
    """Serve as the peer that is asked for; Ctrl-C is left to the process at the other end of stdin."""
    if len(arguments) != 1 or arguments[0] not in PEERS:
        print(f"usage: python -m paceline.server.peers {'|'.join(PEERS)}", file=sys.stderr)  # noqa: T201  # as above
        return 2
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    PEERS[arguments[0]]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
