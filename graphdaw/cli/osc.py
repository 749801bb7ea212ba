"""`graphdaw osc`: a project that plays and can be asked and told things by OSC."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import BlockFrames, DeviceName, ProjectFile, remark
from graphdaw.cli.play import remark_on_device, wait


def osc(
    file: ProjectFile,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="UDP port to hear at; 0 takes a free one.")] = 9010,
    host: Annotated[
        str,
        typer.Option(help="Address to hear at: other machines are heard only where one of this machine's is named."),
    ] = "127.0.0.1",
    device: DeviceName = None,
    block: BlockFrames = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop after this time; else Ctrl-C stops.")] = None,
) -> None:
    """Play FILE and serve it by OSC: send /query for the addresses. What is set is heard, and FILE stays as it is."""
    from graphdaw.cli.project import load_to_hear, remark_on_takes
    from graphdaw.host.controls.controllers import Controllers
    from graphdaw.host.device import DeviceSettings, forced
    from graphdaw.host.devices.settings import parsed_device
    from graphdaw.host.osc.server import LOOPBACK, OscServer
    from graphdaw.host.session import Session

    settings = DeviceSettings(parsed_device(device or forced()), block_frames=block)
    with (
        Session(load_to_hear(file), device=settings) as session,
        Controllers(session) as controllers,
        OscServer(session, port, host, controllers.desk) as server,
    ):
        session.driver.observe(remark_on_device)
        remark_on_takes(session.recovered_takes)
        session.play()
        remark(f"Playing {file} to {session.driver.name}; OSC at port {server.port} of {server.host}")
        if server.host not in (LOOPBACK, "::1"):
            remark("Whoever can reach that address can play, stop and change it.")
        wait(session, seconds)
