"""`graphdaw devices`: where sound can go to and come from."""

from __future__ import annotations

from graphdaw.cli.output import AsJson, remark, say_json, table


def devices(as_json: AsJson = False) -> None:
    """List the sound devices."""
    from graphdaw.host.device import list_devices

    found = list_devices()
    if as_json:
        say_json(found)
        return
    rows = [
        (str(one["id"]), str(one["name"]), str(one["inputs"]), str(one["outputs"]), f"{one['sample_rate_hz']:g}")
        for one in found
    ]
    table(("id", "name", "inputs", "outputs", "rate (Hz)"), rows)
    if len(found) == 1:
        remark("No sound device was found: only the silent one is there. `graphdaw render` writes to a file instead.")
