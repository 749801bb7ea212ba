"""`graphdaw render`: a project to finished sound files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphdaw.cli.output import AsJson, ProjectFile, decibels, interruptible, progress, remark, say, say_json

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph
    from graphdaw.host.export import Exported

DEFAULT_S = 10.0
LONGEST_S = 360_000.0


def render(
    file: ProjectFile,
    output: Annotated[str, typer.Option("-o", "--output", help="Where to: a .wav, .flac, .ogg, .opus or .mp3 file.")],
    seconds: Annotated[
        float | None,
        typer.Option(min=0.001, max=LONGEST_S, help="How long; to the end of the last clip, or 10, if not said."),
    ] = None,
    begin: Annotated[
        str, typer.Option("--from", metavar="PLACE", help="Where it begins: seconds, or a bar (bar9, bar9.3).")
    ] = "0",
    end: Annotated[str | None, typer.Option("--to", metavar="PLACE", help="Where it ends.")] = None,
    tail: Annotated[
        float, typer.Option(min=0.0, max=600.0, help="Seconds to go on at most, until nothing is heard.")
    ] = 0.0,
    stems: Annotated[
        bool,
        typer.Option("--stems", help="Also one file for each track: what is wired into an output or the main bus."),
    ] = False,
    stem: Annotated[
        list[str] | None, typer.Option(metavar="NODE", help="Also a file of what this node or group has a part in.")
    ] = None,
    outputs: Annotated[bool, typer.Option("--outputs", help="Also one file for each output node.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", help="wav, flac, ogg, opus or mp3, where the name has no ending.")
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option(min=8_000, max=192_000, help="In hertz, to play at; the project's own.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=8_000, max=192_000, help="In hertz, to convert to; as it was played.")
    ] = None,
    bits: Annotated[int | None, typer.Option(help="16, 24 or, in WAV, 32 (floating point); 24 if not said.")] = None,
    no_dither: Annotated[bool, typer.Option("--no-dither", help="Round 16 bits without dither.")] = False,
    quality: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Of .ogg, .opus and .mp3: 1 is best, and largest.")
    ] = None,
    loudness: Annotated[
        float | None, typer.Option(min=-70.0, max=0.0, help="Integrated loudness to reach, in LUFS.")
    ] = None,
    ceiling: Annotated[
        float, typer.Option(min=-30.0, max=0.0, help="True peak that a loudness may not pass, in dBTP.")
    ] = -1.0,
    limit: Annotated[bool, typer.Option("--limit", help="Let a limiter hold peaks below the ceiling.")] = False,
    normalize: Annotated[
        float | None, typer.Option(min=-60.0, max=0.0, help="Level of the highest sample, in dBFS.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TEXT", help="title, artist, album, date, comment, bpm, or cover=PICTURE."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Render FILE to a sound file."""
    from graphdaw.cli.project import at_rate, load_to_hear
    from graphdaw.host.export import ExportSettings, export
    from graphdaw.host.stems import OUTPUTS, TRACKS

    path = _named(output, form)
    if end is not None and seconds is not None:
        raise typer.BadParameter("--to and --seconds both say where it ends: leave one of them out.")
    graph = at_rate(load_to_hear(file), sample_rate)
    from_s, to_s = _region(graph, begin, end, seconds)
    settings = ExportSettings(
        from_s=from_s,
        to_s=to_s,
        tail_s=tail,
        stems=_one_of({TRACKS: stems, OUTPUTS: outputs, tuple(stem or ()): bool(stem)}),
        bit_depth=bits,
        quality=quality,
        rate_hz=rate,
        dither=not no_dither,
        loudness_lufs=loudness,
        ceiling_db=ceiling,
        limit=limit,
        normalize_db=normalize,
        tags=_tags(tag or []),
    )
    started = time.perf_counter()
    with progress(f"Rendering {path}") as moved, interruptible() as stop:
        written = export(graph, path, settings, progress=moved, stop=stop)
    took = time.perf_counter() - started
    length = settings.to_s - settings.from_s
    if as_json:
        say_json({"files": [_described(one) for one in written], "seconds": length, "took_s": took})
        return
    for one in written:
        _tell(one, loudness)
    remark(f"{length * len(written) / took:.0f} times faster than real time")


def _named(output: str, form: str | None) -> str:
    """The file's name, with the ending that a format asks for."""
    ending = f".{form.lower().removeprefix('.')}" if form else ""
    own = Path(output).suffix.lower()
    if ending in ("", own):
        return output
    if own:
        raise typer.BadParameter(f"{output} ends in {own}, and --format says {form}: leave one of them out.")
    return output + ending


def _region(graph: Graph, begin: str, end: str | None, seconds: float | None) -> tuple[float, float]:
    from graphdaw.host.regions import end_of_clips_s, seconds_at

    timeline = graph.document.timeline
    from_s = seconds_at(timeline, begin)
    if end is not None:
        return from_s, min(seconds_at(timeline, end), LONGEST_S)
    if seconds is None:
        last_s = end_of_clips_s(graph.document)
        return from_s, last_s if last_s > from_s else from_s + DEFAULT_S
    return from_s, from_s + seconds


def _one_of(kinds: dict[str | tuple[str, ...], bool]) -> str | tuple[str, ...]:
    wanted = [kind for kind, asked in kinds.items() if asked]
    if len(wanted) > 1:
        raise typer.BadParameter("--stems, --stem and --outputs cannot be had at once: render twice.")
    return wanted[0] if wanted else ""


def _tags(pairs: list[str]) -> Any:
    from graphdaw.host.tags import tags_of

    words: dict[str, str] = {}
    for pair in pairs:
        name, between, text = pair.partition("=")
        if not between:
            raise typer.BadParameter(f"--tag takes NAME=TEXT, such as title=Dawn, and not {pair!r}.")
        words[name.strip().lower()] = text
    return tags_of(words)


def _described(one: Exported) -> dict[str, Any]:
    file, level = one.file, one.level
    return {
        "path": str(file.path),
        "stem": one.stem,
        "channels": file.channels,
        "frames": file.frames,
        "sample_rate_hz": file.sample_rate_hz,
        "peak": file.peak,
        "clipped": file.clipped,
        "gain_db": level.gain_db,
        "limited": level.limited,
        "loudness_lufs": level.loudness_lufs,
        "true_peak_db": level.true_peak_db,
    }


def _tell(one: Exported, wanted_lufs: float | None) -> None:
    file, level = one.file, one.level
    channels = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
    loud = f", {level.loudness_lufs:.1f} LUFS" if level.loudness_lufs is not None else ""
    length = file.frames / file.sample_rate_hz
    say(f"{file.path}: {length:.2f} s, {channels}, {file.sample_rate_hz} Hz, peak {decibels(file.peak)}{loud}")
    if file.clipped:
        remark(f"{file.path} is louder than full scale and was cut off there: turn the project down, or use --bits 32.")
    if wanted_lufs is not None and level.loudness_lufs is not None and level.loudness_lufs < wanted_lufs - 0.1:
        way_out = "it is as loud as it becomes" if level.limited else "--limit lets a limiter make up for that"
        remark(f"{file.path} is {wanted_lufs - level.loudness_lufs:.1f} LU below the loudness asked for: {way_out}.")
