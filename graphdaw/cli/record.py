"""`graphdaw record`: what comes in, or what a project plays, to a sound file."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphdaw.cli.output import AsJson, BlockFrames, DeviceName, decibels, remark, say, say_json
from graphdaw.cli.play import remark_on_device

if TYPE_CHECKING:
    from graphdaw.host.driver import DeviceEvent
    from graphdaw.host.session import Session
    from graphdaw.host.tape import Take

LOOK_S = 0.05


def record(
    output: Annotated[str, typer.Option("-o", "--output", help="Where to: a .wav, .flac, .ogg or .mp3 file.")],
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A project: what it plays is recorded, else what comes in.")
    ] = None,
    device: DeviceName = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="Stop after this time; else Ctrl-C stops.")] = None,
    inputs: Annotated[
        str | None, typer.Option(help="Device channels to record, from 0, such as “0,1”; the first two if not said.")
    ] = None,
    monitor: Annotated[bool, typer.Option("--monitor", help="Also play what comes in.")] = False,
    bits: Annotated[int | None, typer.Option(help="16, 24 or, in WAV, 32 (floating point); 24 if not said.")] = None,
    rate: Annotated[int | None, typer.Option(help="Rate of the device in Hz; else the project's, or 48000.")] = None,
    block: BlockFrames = None,
    as_json: AsJson = False,
) -> None:
    """Record until Ctrl-C, or for some seconds. A name that is in use is left alone: take.wav becomes take-2.wav."""
    from graphdaw.cli.project import load_to_hear, remark_on_takes
    from graphdaw.graph.graph import Graph
    from graphdaw.host.device import DeviceSettings, forced
    from graphdaw.host.devices.settings import parsed_channels, parsed_device
    from graphdaw.host.files import check_format
    from graphdaw.host.left_takes import recover_takes
    from graphdaw.host.session import Session

    settings = DeviceSettings(
        parsed_device(device or forced()), block_frames=block, sample_rate_hz=rate, inputs=parsed_channels(inputs)
    )
    graph = load_to_hear(file) if file is not None else Graph(sample_rate=rate or 48_000)
    check_format(Path(output), rate or graph.sample_rate, bits)
    remark_on_takes(recover_takes(Path(output).parent))
    with Session(graph, device=settings) as session:
        session.driver.observe(_remark_on_device)
        if file is not None:
            node, what = _record_file(session, output, bits), f"what {file} plays"
        else:
            node, what = _record_input(session, output, bits, monitor=monitor), f"the input of {session.driver.name}"
        remark(f"Recording {what} to {output}; " + ("Ctrl-C stops" if seconds is None else f"for {seconds:g} s"))
        _wait(session, node, seconds)
        takes = session.stop_recording(node)
        session.stop()
        problems = list(session.engine.problems.values())
    _report(takes, problems, as_json)


def _record_file(session: Session, output: str, bits: int | None) -> str:
    """Put a `record` node beside the graph's outputs, and play; the file that the graph came from is not touched."""
    from graphdaw.graph.handles import NodeHandle

    graph = session.graph
    node = graph.add("record")
    for id in [id for id, one in graph.nodes.items() if one.type == "output"]:
        graph.connect(NodeHandle(graph, id)["out"], node)
    session.record(node, output, bit_depth=bits)
    session.play()
    return node.id


def _record_input(session: Session, output: str, bits: int | None, *, monitor: bool) -> str:
    """Open the device, so that it is known how many inputs it has, and record those."""
    from graphdaw.errors import EngineError

    listening = session.graph.add("input")
    session.play()
    device = session.device
    count = len(device.inputs) if device is not None else 0
    if session.driver.name == "null" and session.driver.settings.device is None:
        raise EngineError("No sound card was found to record from; `--device null` would record silence.")
    if not count and session.driver.name != "null":
        raise EngineError(f"{session.driver.name} has no inputs; choose another device (`graphdaw devices`).")
    track = session.record_input(output, range(max(1, count)), monitor=monitor, bit_depth=bits)
    session.graph.remove(listening)
    return track.record.id


def _wait(session: Session, node: str, seconds: float | None) -> None:
    """Until the time is over, somebody stops it, or the recording has ended by itself."""
    engine = session.engine
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    end = None if seconds is None else engine.time_frames + round(seconds * engine.sample_rate)
    shows = sys.stderr.isatty()
    try:
        while (state := engine.recorder.state(node)) is not None and (end is None or engine.time_frames < end):
            if shows:
                done = state.frames / engine.sample_rate
                lost = f", {state.lost_frames} frames lost" if state.lost_frames else ""
                sys.stderr.write(f"\r{done:8.1f} s, peak {decibels(state.peak)}{lost} \x1b[K")
                sys.stderr.flush()
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        if shows:
            sys.stderr.write("\r\x1b[K")


def _remark_on_device(event: DeviceEvent) -> None:
    """Say what happens to the device, on a line of its own: the recording goes on, silent while there is none."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    remark_on_device(event)


def _report(takes: list[Take], problems: list[str], as_json: bool) -> None:
    from graphdaw.errors import MediaError

    if as_json:
        say_json({"takes": [_plain(take) for take in takes], "problems": problems})
    for take in takes if not as_json else []:
        length = take.frames / take.sample_rate_hz
        channels = {1: "mono", 2: "stereo"}.get(take.channels, f"{take.channels} channels")
        say(f"{take.path}: {length:.2f} s, {channels}, {take.sample_rate_hz} Hz, peak {decibels(take.peak)}")
        if take.lost_frames:
            remark(f"{take.lost_frames} frames are silent in {take.path}: the disk was too slow for them.")
        if take.clipped:
            remark(f"{take.path} is louder than full scale and was cut off there: turn it down, or use --bits 32.")
    if problems:
        raise MediaError(" ".join(problems))
    if not takes:
        raise MediaError("Nothing was recorded: no sound came from the device before it was stopped.")


def _plain(take: Take) -> dict[str, object]:
    return {
        "path": str(take.path),
        "channels": take.channels,
        "frames": take.frames,
        "sample_rate_hz": take.sample_rate_hz,
        "start_frame": take.start_frame,
        "lost_frames": take.lost_frames,
        "peak": take.peak,
        "clipped": take.clipped,
        "complete": take.complete,
    }
