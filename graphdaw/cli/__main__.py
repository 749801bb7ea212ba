"""`python -m graphdaw.cli` is `graphdaw`."""

from __future__ import annotations

from graphdaw.cli import main

main()
