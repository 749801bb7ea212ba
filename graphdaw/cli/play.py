"""`graphdaw play`: a project on a sound device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from graphdaw.cli.output import BlockFrames, DeviceName, ProjectFile, remark

if TYPE_CHECKING:
    from graphdaw.graph.timeline import Timeline
    from graphdaw.host.driver import DeviceEvent
    from graphdaw.host.session import Session


def play(
    file: ProjectFile,
    device: DeviceName = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop after this time; else Ctrl-C stops.")] = None,
    block: BlockFrames = None,
    rate: Annotated[int | None, typer.Option(help="Rate of the device in Hz; else the project's.")] = None,
    inputs: Annotated[
        str | None, typer.Option(help="Device channels that `input` nodes hear, from 0, such as “0,1”; or “none”.")
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option(help="Device channels to play to, from 0: “2,3” is the second pair."),
    ] = None,
    clock_out: Annotated[str | None, typer.Option(metavar="PORT", help="Send a MIDI clock to this port.")] = None,
    clock_in: Annotated[str | None, typer.Option(metavar="PORT", help="Go by the MIDI clock of this port.")] = None,
    link: Annotated[bool, typer.Option("--link", help="Share tempo and beat by Ableton Link.")] = False,
) -> None:
    """Play FILE until Ctrl-C, or for some seconds."""
    from graphdaw.cli.project import load_to_hear, remark_on_takes
    from graphdaw.host.device import DeviceSettings, forced
    from graphdaw.host.devices.settings import parsed_channels, parsed_device
    from graphdaw.host.session import Session

    settings = DeviceSettings(
        parsed_device(device or forced()),
        block_frames=block,
        sample_rate_hz=rate,
        inputs=parsed_channels(inputs),
        outputs=parsed_channels(outputs),
    )
    graph = load_to_hear(file)
    with Session(graph, device=settings) as session:
        session.driver.observe(remark_on_device)
        remark_on_takes(session.recovered_takes)
        session.play()
        name = session.driver.name
        where = "nowhere (there is no sound card)" if name == "null" and settings.device is None else name
        remark(f"Playing {file} to {where}" + ("; Ctrl-C stops" if seconds is None else f" for {seconds:g} s"))
        for problem in session.engine.problems.values():
            remark(problem)
        with _controllers(session), _in_time(session, clock_out, clock_in, link):
            wait(session, seconds)


def _controllers(session: Session) -> AbstractContextManager[object]:
    """What hears MIDI controllers for as long as it plays, where the project has controls."""
    if not session.graph.controls:
        return nullcontext()
    from graphdaw.host.controls.controllers import Controllers

    return Controllers(session)


@contextmanager
def _in_time(session: Session, clock_out: str | None, clock_in: str | None, link: bool) -> Iterator[None]:
    """Clocks that are sent and followed for as long as it plays."""
    if clock_out is None and clock_in is None and not link:
        yield
        return
    from graphdaw.host.controls.transport import SessionTransport
    from graphdaw.host.midi.ports import open_input, open_output
    from graphdaw.host.midi.sync import ClockIn, ClockOut

    transport = SessionTransport(session)

    def song() -> Timeline:
        return session.graph.timeline

    with ExitStack() as open_ones:
        if clock_out is not None:
            output = open_ones.enter_context(open_output(clock_out))
            open_ones.callback(ClockOut(transport, song, output.send).close)
        if clock_in is not None:
            clock = ClockIn(transport, song)
            open_ones.callback(clock.close)
            open_ones.enter_context(open_input(clock_in, clock.handle))
        if link:
            from graphdaw.host.link import LinkFollower
            from graphdaw.host.link_sync import LinkSync

            follower = open_ones.enter_context(LinkFollower(transport.tempo_bpm() or 120.0))
            open_ones.callback(LinkSync(transport, song, follower).close)
        yield


def wait(session: Session, seconds: float | None) -> None:
    """Until the time is over or somebody stops it; then the session stops."""
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            time.sleep(0.05 if end is None else max(0.0, min(0.05, end - time.monotonic())))
    finally:
        session.stop()


def remark_on_device(event: DeviceEvent) -> None:
    """Say what happens to the device, as it happens."""
    from graphdaw.host import events

    match event:
        case events.DeviceLost(name, why):
            remark(f"{name} is lost: {why}. The piece goes on in silence until it is back.")
        case events.DeviceReturned(name):
            remark(f"{name} is back.")
        case events.DeviceWaits(name, why):
            remark(f"{name} is back, but cannot be used as it is: {why}")
        case events.DevicePriority(0, sentence):
            remark(f"{sentence[0].upper()}{sentence[1:]}.")
        case _:
            pass
