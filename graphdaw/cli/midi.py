"""`graphdaw midi`: the MIDI ports there are, and what comes in at one."""

from __future__ import annotations

import json
import queue
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphdaw.cli.output import AsJson, remark, say, say_json, table

if TYPE_CHECKING:
    from graphdaw.host.midi.messages import MidiMessage


def midi(
    port: Annotated[
        str | None, typer.Argument(metavar="[PORT]", help="Name, or part of it, of a port to hear.")
    ] = None,
    virtual: Annotated[bool, typer.Option("--virtual", help="Make a port PORT that others can play to.")] = False,
    clock: Annotated[bool, typer.Option("--clock", help="Show every pulse of a clock, instead of its tempo.")] = False,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop after this time; else Ctrl-C stops.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the MIDI ports, or show what comes in at PORT, a message a line."""
    from graphdaw.errors import EngineError
    from graphdaw.host.midi import systems

    if port is not None:
        _show(port, virtual=virtual, clock=clock, seconds=seconds, as_json=as_json)
        return
    if virtual:
        raise EngineError("Name the port to make: graphdaw midi NAME --virtual.")
    found = systems.ports()
    if as_json:
        say_json([{"name": one.name, "direction": one.direction, "system": one.system} for one in found])
        return
    what = {"in": "to hear", "out": "to play to"}
    table(("port", "", "through"), [(one.name, what[one.direction], one.system) for one in found])
    if not found:
        there = systems.systems()
        remark("No other program or device has a MIDI port." if there else str(systems.no_system()))


def _show(port: str, *, virtual: bool, clock: bool, seconds: float | None, as_json: bool) -> None:
    from graphdaw.host.midi.clock import ClockFollower
    from graphdaw.host.midi.ports import open_input

    came: queue.SimpleQueue[tuple[MidiMessage, float]] = queue.SimpleQueue()
    follower, told_bpm = ClockFollower(), 0.0
    begin = time.monotonic()
    with open_input(
        port,
        lambda message, when_s: came.put((message, when_s)),
        virtual=virtual,
        changed=lambda state: remark(f"{port} is {'back' if state == 'open' else 'lost'}."),
    ) as opened:
        remark(f"Hearing {opened.connection.port.name}" + ("; Ctrl-C stops" if seconds is None else ""))
        while seconds is None or time.monotonic() - begin < seconds:
            try:
                message, when_s = came.get(timeout=0.1)
            except queue.Empty:
                continue
            follower.handle(message, when_s)
            if message.kind != "clock" or clock:
                _say(message, when_s - begin, as_json)
            elif follower.bpm is not None and abs(follower.bpm - told_bpm) > 0.5:
                told_bpm = follower.bpm
                remark(f"A clock of {told_bpm:.1f} bpm.")


def _say(message: MidiMessage, at_s: float, as_json: bool) -> None:
    if not as_json:
        say(f"{at_s:9.3f} s  {message}")
        return
    plain: dict[str, Any] = {"time_s": round(at_s, 6), "kind": message.kind}
    if message.kind == "sysex":
        plain["data"] = message.data.hex()
    else:
        plain |= {"channel": message.channel + 1, "number": message.number, "value": message.value}
    say(json.dumps(plain))
