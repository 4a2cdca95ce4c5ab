"""The lesson's four programs as one would write them, without Paceline: what a strategy must not be slower than.

Each does everything inside one call: start its workers, run all items, stop.
"""

import asyncio
import multiprocessing
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import requests

session = None
here = threading.local()


def checked(content):
    return len(content), zlib.crc32(content)


def sequential(urls, workers):  # noqa: ARG001 - called like the others
    with requests.Session() as one:
        return [checked(one.get(url).content) for url in urls]


def open_thread_session():
    here.session = requests.Session()


def download_in_thread(url):
    return checked(here.session.get(url).content)


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
