"""`graphdaw play`: a project on a sound device."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from graphdaw.cli.output import ProjectFile, remark


def play(
    file: ProjectFile,
    device: Annotated[
        str | None, typer.Option(help="Number or part of the name (`graphdaw devices`); “null” is a silent one.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop after this time; else Ctrl-C stops.")] = None,
) -> None:
    """Play FILE until Ctrl-C, or for some seconds."""
    from graphdaw.cli.project import load
    from graphdaw.host.session import Session

    graph = load(file)
    end = None if seconds is None else time.monotonic() + seconds
    with Session(graph, device=device) as session:
        session.play()
        remark(f"Playing {file}" + ("; Ctrl-C stops" if end is None else f" for {seconds:g} s"))
        try:
            while end is None or time.monotonic() < end:
                time.sleep(0.05 if end is None else max(0.0, min(0.05, end - time.monotonic())))
        finally:
            session.stop()
