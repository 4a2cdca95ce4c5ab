"""Which server answers the laboratory's downloads: the session's own, one on another Python, or an existing one."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paceline import __version__
from paceline.plugin import choices, ours
from paceline.plugin.choices import Option
from paceline.plugin.session import native
from paceline.server.process import Control, ServerError, existing, lacking, running
from paceline.strategies import clusters

SERVERS = ("instrument", "httpserver")
OPTIONS = {
    "server": Option(
        {"choices": SERVERS, "default": SERVERS[0]}, "What answers; httpserver proves nothing. Default: %(default)s."
    ),
    "instrument": Option(
        {"metavar": "URL"},
        "An instrument that runs already, as `paceline serve` prints its URL, in place of one of the session's own.",
    ),
    "instrument_python": Option(
        {"metavar": "PATH", "type": Path},
        "The Python that runs the instrument; it has the same Paceline. Written with `=`, as pytest takes a path that "
        "stands alone for a test's. Default: the one that measures.",
    ),
    "instrument_elsewhere": Option(
        {"action": "store_true"}, "Let --instrument be on another machine, whose network is then measured too."
    ),
}
PYTHON = pytest.StashKey[str]()
"""Where a session notes the Python of an instrument that an option names."""


@contextmanager
def serving(config: pytest.Config) -> Iterator[Control]:
    """Yield the server for as long as the context lasts.

    Raises:
        ServerError: it does not start, or what answers is no instrument of this Paceline.
    """
    url, python, server, address = (choices.option(config, name) for name in (*_NAMED, "server", "cluster"))
    if url:
        yield existing(url)[0]
        return
    with running(server, host=address and clusters.facing(address), python=python) as started:
        yield started


_NAMED = ("instrument", "instrument_python")


def refuse(config: pytest.Config) -> None:
    """Raise a `UsageError` for choices of a server that contradict each other, or that nobody can have meant."""
    url, python, server = (choices.option(config, name) for name in (*_NAMED, "server"))
    if (url or python) and server != SERVERS[0]:
        raise pytest.UsageError(f"--server {server} is no instrument; leave it out, or what names an instrument")
    if url and python:
        raise pytest.UsageError(
            "--instrument names one that runs already, and --instrument-python what is to run one; leave one out"
        )
    if url is not None and not _is_url(url):
        raise pytest.UsageError(f"--instrument={url}: give the URL that paceline serve prints: http://127.0.0.1:8080")
    if url and not (_is_here(url) or choices.option(config, "instrument_elsewhere")):
        raise pytest.UsageError(
            f"--instrument={url} may be on another machine, and the network would be measured too; "
            "add --instrument-elsewhere if that is meant"
        )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme == "http" and bool(parts.hostname and parts.port) and parts.path in ("", "/")
    except ValueError:
        return False


def _is_here(url: str) -> bool:
    host = str(urlsplit(url).hostname)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def look(config: pytest.Config) -> None:
    """Note which Python runs an instrument that an option names, before anything is measured.

    Raises:
        pytest.UsageError: it can't be run, or is none of this Paceline.
    """
    named = [name for name in _NAMED if choices.option(config, name)]
    for name in named:
        try:
            with serving(config) as server:
                config.stash[PYTHON] = existing(server.url)[1]
        except ServerError as error:
            raise pytest.UsageError(f"--{name.replace('_', '-')}={choices.option(config, name)}: {error}") from None


def refuse_lacking(session: pytest.Session) -> None:
    """Raise a `UsageError` if a test needs the instrument, this Python lacks what runs it, and no other is named."""
    options = [choices.option(session.config, name) for name in _NAMED]
    if any(options) or choices.option(session.config, "server") != SERVERS[0] or session.config.option.collectonly:
        return
    if any(ours.is_ours(item, "instrument") for item in session.items) and (why := lacking()):
        benchmarks = native(session.config)
        benchmarks.save = benchmarks.autosave = benchmarks.json = None  # it would warn that nothing is saved
        raise pytest.UsageError(
            f"{why}; have it run by another Python with Paceline {__version__}: --instrument-python=PATH, "
            "or --instrument=URL if it runs already"
        )
