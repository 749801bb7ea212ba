"""The `graphdaw` command; everything it needs is imported when it runs, so that starting it costs little."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line that was typed, and exit with its code."""
    from graphdaw.cli.app import run

    sys.exit(run(sys.argv[1:]))
