"""Libraries that not everybody has: what a strategy says where its own is missing."""

from importlib.util import find_spec


def unmet(library: str, extra: str | None, module: str | None = None) -> str | None:
    """Return that a strategy's library is missing, and how to get it; None if it is there. Nothing is imported.

    Args:
        library: as people call it: "dask.distributed".
        extra: of this package, which installs it: "cluster".
        module: the top-level module by which it is found, if that isn't `library`: "distributed".

    Returns:
        Such as "needs dask.distributed: pip install 'paceline[cluster]'".
    """
    if find_spec(module or library) is not None:
        return None
    return f"needs {library}: pip install 'paceline[{extra}]'"
