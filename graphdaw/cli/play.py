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
    from graphdaw.cli.project import load_to_hear
    from graphdaw.host.session import Session

    graph = load_to_hear(file)
    with Session(graph, device=int(device) if device and device.isdigit() else device) as session:
        session.play()
        end = None if seconds is None else time.monotonic() + seconds
        name = session.device.name if session.device is not None else "null"
        where = "nowhere (there is no sound card)" if name == "null" and device is None else name
        remark(f"Playing {file} to {where}" + ("; Ctrl-C stops" if seconds is None else f" for {seconds:g} s"))
        for problem in session.engine.problems.values():
            remark(problem)
        try:
            while end is None or time.monotonic() < end:
                time.sleep(0.05 if end is None else max(0.0, min(0.05, end - time.monotonic())))
        finally:
            session.stop()
