"""OSC messages as values, and their datagrams in both directions.

python-osc reads single messages, after a look at every datagram: a bundle whose parts are of negative size keeps it for
ever, and nesting is bounded by nothing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pythonosc import osc_message, osc_message_builder
from pythonosc.parsing import osc_types

Argument = float | int | str | bool | None

MAX_BYTES = 8192
MAX_MESSAGES = 64
MAX_DEPTH = 4
MAX_ARGUMENTS = 64
MAX_ADDRESS = 256
MAX_REPLY_BYTES = 48 * 1024  # what a datagram of ours holds at most

_BUNDLE = b"#bundle\0"
_TAGS = frozenset("ihfdsTFN")


@dataclass(frozen=True, slots=True)
class OscMessage:
    """An address and what comes with it."""

    address: str
    arguments: tuple[Argument, ...] = ()


def parse(datagram: bytes) -> list[OscMessage]:
    """The messages of a datagram, those of bundles in their order, whatever their times; raises ValueError.

    >>> parse(build("/node/lp1/q", 2.0, "x"))
    [OscMessage(address='/node/lp1/q', arguments=(2.0, 'x'))]
    """
    if len(datagram) > MAX_BYTES:
        raise ValueError(f"a datagram holds more than {MAX_BYTES} bytes")
    found: list[OscMessage] = []
    for part in _parts(datagram, 0):
        if len(found) == MAX_MESSAGES:
            raise ValueError(f"a bundle holds more than {MAX_MESSAGES} messages")
        found.append(_message(part))
    return found


def _parts(data: bytes, depth: int) -> Iterator[bytes]:
    if not data.startswith(_BUNDLE):
        yield data
        return
    if depth == MAX_DEPTH:
        raise ValueError(f"bundles are nested more than {MAX_DEPTH} deep")
    at = 16  # after the name and the time
    while at < len(data):
        if len(data) - at < 4:
            raise ValueError("a bundle ends early")
        size = struct.unpack_from(">i", data, at)[0]
        at += 4
        if not 0 < size <= len(data) - at:
            raise ValueError("a part of a bundle is longer than the bundle, or empty")
        yield from _parts(data[at : at + size], depth + 1)
        at += size


def _message(data: bytes) -> OscMessage:
    address, _, rest = data.partition(b"\0")
    tags = rest.lstrip(b"\0").partition(b"\0")[0]
    if not address.startswith(b"/") or len(address) > MAX_ADDRESS:
        raise ValueError(f"a message has no address that begins with a slash and has up to {MAX_ADDRESS} characters")
    if len(tags) > MAX_ARGUMENTS + 1 or not set(tags[1:].decode("latin-1")) <= _TAGS:
        raise ValueError(f"a message holds more than {MAX_ARGUMENTS} arguments, or others than numbers and texts")
    try:
        read = osc_message.OscMessage(data)
        arguments = tuple(read.params)
    except (osc_message.ParseError, osc_types.ParseError, struct.error, UnicodeError, IndexError, TypeError) as error:
        raise ValueError("a message is not written as OSC has it") from error
    if any(isinstance(one, float) and not math.isfinite(one) for one in arguments):
        raise ValueError("a message holds a number that is infinite or none")
    if not read.address.isprintable():
        raise ValueError("an address holds signs that cannot be printed")
    return OscMessage(read.address, arguments)


def build(address: str, *arguments: Argument) -> bytes:
    """The datagram of one message; numbers go as 32 bits wherever they fit."""
    builder = osc_message_builder.OscMessageBuilder(address)
    for argument in arguments:
        if isinstance(argument, int) and not isinstance(argument, bool):
            fits = -(2**31) <= argument < 2**31
            if abs(argument) >= 1 << 63:  # more than OSC has a whole number for
                builder.add_arg(
                    float(argument)
                    if abs(argument) < 1 << 1000
                    else math.copysign(math.inf, 1 if argument > 0 else -1),
                    "d",
                )
                continue
            builder.add_arg(argument, "i" if fits else "h")
        elif isinstance(argument, float):
            fits = not math.isfinite(argument) or abs(argument) < 3.4e38
            builder.add_arg(argument, "f" if fits else "d")
        elif isinstance(argument, str):
            builder.add_arg(argument.encode(errors="replace").decode().replace("\0", " "), "s")
        else:
            builder.add_arg(argument, "N" if argument is None else "T" if argument else "F")
    return bytes(builder.build().dgram)
