"""The devices that there are."""

from __future__ import annotations

from typing import Any

from graphdaw.errors import EngineError
from graphdaw.host.devices import jack, portaudio


def cards() -> list[dict[str, Any]]:
    """Sound cards: name, index, host_api, inputs and channels (out), usual rate, whether it is the default."""
    try:
        sounddevice = portaudio.library()
    except EngineError:
        return []
    defaults = sounddevice.default.device
    apis = sounddevice.query_hostapis()
    return [
        {
            "name": info["name"],
            "index": info["index"],
            "host_api": apis[info["hostapi"]]["name"],
            "inputs": info["max_input_channels"],
            "channels": info["max_output_channels"],
            "sample_rate_hz": info["default_samplerate"],
            "default": info["index"] == defaults[1],
            "default_input": info["index"] == defaults[0],
        }
        for info in sounddevice.query_devices()
    ]


def outputs() -> list[dict[str, Any]]:
    """Those of them that can play."""
    return [card for card in cards() if card["channels"] > 0]


def jack_servers() -> list[dict[str, Any]]:
    """JACK servers that answer, in the same form, with the frames of their blocks."""
    found = []
    for server in jack.running_servers():
        facts = jack.probe(server)
        if facts is not None:
            name = f"jack:{server}"
            found.append(
                {"name": name, "index": None, "host_api": "JACK", **facts, "default": False, "default_input": False}
            )
    return found
