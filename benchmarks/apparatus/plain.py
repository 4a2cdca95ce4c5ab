"""The lesson's programs as one would write them, without Paceline: what a strategy must not be slower than.

Each does everything inside one call: start its workers, run all items, stop.
"""

import asyncio
import multiprocessing
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import requests

session = None
thread_local = threading.local()


def checked(content):
    return len(content), zlib.crc32(content)


def sequential(urls, workers):  # noqa: ARG001 - called like the others
    with requests.Session() as one:
        return [checked(one.get(url).content) for url in urls]


def open_thread_session():
    thread_local.session = requests.Session()


def download_in_thread(url):
    return checked(thread_local.session.get(url).content)


def threads(urls, workers):
    with ThreadPoolExecutor(workers, initializer=open_thread_session) as pool:
        return list(pool.map(download_in_thread, urls))


async def download_all(urls, workers):
    connector = aiohttp.TCPConnector(limit=workers)

    async def download(url):
        async with one.get(url) as response:
            return checked(await response.read())

    async with aiohttp.ClientSession(connector=connector) as one:
        return await asyncio.gather(*map(download, urls))


def in_asyncio(urls, workers):
    return asyncio.run(download_all(urls, workers))


def open_process_session():
    global session  # noqa: PLW0603 - as the lesson does
    session = requests.Session()


def download_in_process(url):
    return checked(session.get(url).content)


def pool(method, urls, workers):
    with multiprocessing.get_context(method).Pool(workers, open_process_session) as processes:
        return processes.map(download_in_process, urls)


def take_turns(benchmark, first, second, *, pairs, expected):
    """Time `second` with pytest-benchmark, and `first` right before each round, in the same state of the machine.

    Returns:
        The seconds of both, shapes (n,); nothing where the session does not measure.
    """
    firsts = []

    def time_first():
        begun = time.perf_counter()
        results = first()
        firsts.append(time.perf_counter() - begun)
        assert results == expected

    assert benchmark.pedantic(second, setup=time_first, rounds=pairs) == expected
    return (firsts, benchmark.stats.stats.data) if benchmark.enabled else ([], [])
