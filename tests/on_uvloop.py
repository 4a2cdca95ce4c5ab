"""A module that sets uvloop's policy when it is imported, as web programs do, for tests."""
# ruff: noqa: ARG001 - whatever a function does, it takes an item

import asyncio
import warnings

import uvloop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Python 3.14 has deprecated policies
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


async def library(item):
    """The library whose event loop this runs on."""
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


async def on_asyncio_alone(item):
    if await library(item) != "asyncio":
        raise ValueError("this is no loop of asyncio's")
    return item
