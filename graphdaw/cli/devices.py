"""`graphdaw devices`: where sound can go."""

from __future__ import annotations

from typing import Any

from graphdaw.cli.output import AsJson, remark, say_json, table

SILENT: dict[str, Any] = {
    "name": "null",
    "index": None,
    "host_api": "GraphDAW",
    "channels": 2,
    "sample_rate_hz": None,
    "default": False,
}


def devices(as_json: AsJson = False) -> None:
    """List the sound devices."""
    from graphdaw.host.device import outputs

    cards = outputs()
    found = [*cards, {**SILENT, "default": not cards}]
    if as_json:
        say_json(found)
        return
    rows = [
        (
            "" if one["index"] is None else str(one["index"]),
            one["name"],
            one["host_api"],
            str(one["channels"]),
            "any" if one["sample_rate_hz"] is None else f"{one['sample_rate_hz']:g}",
            "default" if one["default"] else "",
        )
        for one in found
    ]
    table(("number", "name", "through", "channels", "rate (Hz)", ""), rows)
    if not cards:
        remark("No sound card was found: only the silent device is there. `graphdaw render` writes to a file instead.")
