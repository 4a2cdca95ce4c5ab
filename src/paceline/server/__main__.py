"""`python -m paceline.server`: how the fixtures start the instrument."""

import argparse
import sys

from paceline.server.serve import serve


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m paceline.server", description="Serve items until told to stop.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bandwidth", type=float, metavar="BYTES_PER_SECOND")
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--spans", action="store_true")
    options = parser.parse_args()
    return serve(options.host, options.port, options.bandwidth, options.until_stdin_closes, spans=options.spans)


if __name__ == "__main__":
    sys.exit(main())
