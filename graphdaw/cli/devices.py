"""`graphdaw devices`: where sound can go and come from."""

from __future__ import annotations

from typing import Any

from graphdaw.cli.output import AsJson, remark, say_json, table

SILENT: dict[str, Any] = {
    "name": "null",
    "index": None,
    "host_api": "GraphDAW",
    "inputs": 0,
    "channels": 2,
    "sample_rate_hz": None,
    "default": False,
    "default_input": False,
}


def devices(as_json: AsJson = False) -> None:
    """List the sound devices, JACK servers, and whether sound has real-time priority."""
    from graphdaw.host.device import cards, jack_servers
    from graphdaw.host.system import priority_sentence

    real = cards()
    plays = any(card["channels"] for card in real)
    found = [*real, *jack_servers(), {**SILENT, "default": not plays}]
    if as_json:
        say_json(found)
        return
    table(("number", "name", "through", "in", "out", "rate (Hz)", "block", ""), [_row(one) for one in found])
    if not plays:
        remark("No sound card was found: `graphdaw render` writes to a file instead.")
    sentence = priority_sentence(None)
    remark(f"{sentence[0].upper()}{sentence[1:]}.")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    if one["default"] and one["default_input"]:
        usual = "default"
    else:
        usual = "default" if one["default"] else "default input" if one["default_input"] else ""
    return (
        "" if one["index"] is None else str(one["index"]),
        one["name"],
        one["host_api"],
        str(one["inputs"]),
        str(one["channels"]),
        "any" if one["sample_rate_hz"] is None else f"{one['sample_rate_hz']:g}",
        str(one.get("block_frames", "")),
        usual,
    )
