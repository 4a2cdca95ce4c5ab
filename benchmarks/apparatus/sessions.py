"""Downloads by processes that each have a session of their own, and by processes that were all given the same one."""

import tempfile
import time
import zlib
from pathlib import Path

import requests

from apparatus import partners
from paceline.server.body import body

TIMEOUT = 1.0  # seconds without an answer: another process has read it


def downloads(url, size, workers, items, opened):
    """Let each process do `items` downloads over the session that it has.

    Args:
        url: of the instrument, "{item}" in it stands for the item.
        size: bytes of an answer.
        workers: processes, forked from this one.
        items: downloads of each process, no two of them the same.
        opened: "in each process", or "before the fork": one for all, with a connection that has been used.

    Returns:
        seconds: for all of them.
        downloads: in all; failed_downloads: those that raised, or whose answer was another one's.
    """
    session = None
    if opened == "before the fork":
        session = requests.Session()
        session.get(url.replace("{item}", "0"), timeout=TIMEOUT).raise_for_status()
    with tempfile.TemporaryDirectory() as folder:

        def work(place):
            own = session or requests.Session()
            mine = range(place * items, place * items + items)
            failed = sum(not _arrives(own, url, item, size) for item in mine)
            with Path(folder, "failed").open("a") as lines:  # one short write: lines of several processes don't mix
                lines.write(f"{failed}\n")

        begun = time.perf_counter()
        partners.processes(work, workers)
        seconds = time.perf_counter() - begun
        failed = [int(line) for line in Path(folder, "failed").read_text().split()]
    assert len(failed) == workers, f"{len(failed)} of {workers} processes reported their failures"
    return {"seconds": [seconds], "downloads": workers * items, "failed_downloads": sum(failed)}


def _arrives(session, url, item, size):
    """Download one item: whether its own answer came."""
    try:
        answer = session.get(url.replace("{item}", str(item)), timeout=TIMEOUT).content
    except Exception:  # noqa: BLE001 - an answer of which another process read a part breaks in many ways; it is counted
        return False
    return zlib.crc32(answer) == zlib.crc32(body(item, size))
