"""A module that patches the standard library with gevent when it is imported, for tests."""

from gevent import monkey

monkey.patch_all()

import time  # noqa: E402 - after the patch, as programs have it


def wait(item):
    time.sleep(0.001)
    return item
