"""`graphdaw render`: a project to a sound file."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, ProjectFile, decibels, progress, remark, say, say_json


def render(
    file: ProjectFile,
    output: Annotated[str, typer.Option("-o", "--output", help="Where to: a .wav, .flac, .ogg or .mp3 file.")],
    seconds: Annotated[float, typer.Option(min=0.001, max=360_000.0, help="How long.")] = 10.0,
    stems: Annotated[bool, typer.Option("--stems", help="Also one file for each node wired into an output.")] = False,
    sample_rate: Annotated[
        int | None, typer.Option(min=8_000, max=192_000, help="In hertz; the project's own.")
    ] = None,
    bits: Annotated[int | None, typer.Option(help="16, 24 or, in WAV, 32 (floating point); 24 if not said.")] = None,
    as_json: AsJson = False,
) -> None:
    """Render FILE to a sound file."""
    from graphdaw.cli.project import at_rate, load_to_hear
    from graphdaw.host.files import render_file

    graph = at_rate(load_to_hear(file), sample_rate)
    begin = time.perf_counter()
    with progress(f"Rendering {output}") as moved:
        written = render_file(graph, output, seconds=seconds, progress=moved, stems=stems, bit_depth=bits)
    took = time.perf_counter() - begin
    if as_json:
        files = [
            {
                "path": str(one.path),
                "channels": one.channels,
                "frames": one.frames,
                "sample_rate_hz": one.sample_rate_hz,
                "peak": one.peak,
                "clipped": one.clipped,
            }
            for one in written
        ]
        say_json({"files": files, "seconds": seconds, "took_s": took})
        return
    for one in written:
        length = one.frames / one.sample_rate_hz
        channels = {1: "mono", 2: "stereo"}.get(one.channels, f"{one.channels} channels")
        say(f"{one.path}: {length:.2f} s, {channels}, {one.sample_rate_hz} Hz, peak {decibels(one.peak)}")
        if one.clipped:
            remark(
                f"{one.path} is louder than full scale and was cut off there: turn the project down, or use --bits 32."
            )
    remark(f"{seconds * len(written) / took:.0f} times faster than real time")
