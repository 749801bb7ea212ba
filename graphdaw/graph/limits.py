"""A first look at msgpack or JSON from outside: depth, items and declared lengths, before anything is built from it."""

from __future__ import annotations

import re

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_ITEMS = 8_000_000

# first byte -> how many length bytes follow (kind "bin", "array", "map") or how many payload bytes ("skip")
_SIZED = {
    0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4), 0xC7: ("ext", 1), 0xC8: ("ext", 2), 0xC9: ("ext", 4),
    0xD9: ("bin", 1), 0xDA: ("bin", 2), 0xDB: ("bin", 4), 0xDC: ("array", 2), 0xDD: ("array", 4), 0xDE: ("map", 2),
    0xDF: ("map", 4),
}  # fmt: skip
_SKIP = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4,
    0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
# first byte -> the bytes of the whole value where it alone says so, else 0: nearly all values there are
_WIDTHS = [
    1 if byte < 0x80 or byte >= 0xE0 else byte - 0x9F if 0xA0 <= byte < 0xC0 else _SKIP.get(byte, -1) + 1
    for byte in range(256)
]


# A text that the end cuts off counts as one too, so that the search never begins again inside it.
_JSON_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_JSON_MARK = re.compile(rb"[\[\]{},]")


class LimitError(ValueError):
    """The bytes are not one whole value within the limits."""


def check_json(data: bytes, max_bytes: int, max_items: int, max_depth: int, max_text: int) -> None:
    """Raise LimitError if `data`, as JSON, holds more or is nested deeper; whether it is JSON shows in decoding it.

    >>> check_json(b'{"a": [1, 2], "b": "[[[["}', max_bytes=100, max_items=10, max_depth=2, max_text=20)
    >>> check_json(b"[[[1]]]", max_bytes=100, max_items=10, max_depth=2, max_text=20)
    Traceback (most recent call last):
    graphdaw.graph.limits.LimitError: it is nested more than 2 deep
    """
    if len(data) > max_bytes:
        raise LimitError(f"it holds {len(data)} bytes, more than {max_bytes}")
    for text in _JSON_TEXT.finditer(data):
        if text.end() - text.start() > max_text:
            raise LimitError(f"it holds a text of more than {max_text} bytes")
    depth, items = 0, 1
    for mark in _JSON_MARK.finditer(_JSON_TEXT.sub(b"", data)):
        items += 1
        if mark[0] in b"[{":
            depth += 1
        elif mark[0] in b"]}":
            depth -= 1
        if depth > max_depth:
            raise LimitError(f"it is nested more than {max_depth} deep")
        if items > max_items:
            raise LimitError(f"it holds more than {max_items} values")


def check(data: bytes, max_items: int = MAX_ITEMS, max_depth: int = MAX_DEPTH) -> None:
    """Raise LimitError unless `data` is exactly one msgpack value of bounded size; reads each header once."""
    size = len(data)
    if size > MAX_BYTES:
        raise LimitError(f"it holds {size} bytes, more than {MAX_BYTES}")
    at, items = 0, 1
    waiting = [1]  # values still to come, at each level
    while waiting:
        left = waiting.pop()
        while left:
            if at >= size:
                raise LimitError("it ends early")
            left -= 1
            width = _WIDTHS[data[at]]
            if width:
                at += width
                continue
            at, children = _header(data, at)
            if at > size:
                raise LimitError("it ends early")
            if children:
                items += children
                if children > size - at or items > max_items:
                    raise LimitError(f"it holds more than {max_items} values, or says so")
                waiting.append(left)
                left = children
                if len(waiting) >= max_depth:
                    raise LimitError(f"it is nested more than {max_depth} deep")
    if at > size:
        raise LimitError("it ends early")
    if at != size:
        raise LimitError("something follows its end")


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Where the next header is, and how many values this one announces."""
    byte = data[at]
    at += 1
    if byte < 0x90:
        return at, 2 * (byte - 0x80)
    if byte < 0xA0:
        return at, byte - 0x90
    if byte not in _SIZED:
        raise LimitError(f"byte {at - 1} is not msgpack")
    kind, width = _SIZED[byte]
    length = int.from_bytes(data[at : at + width], "big")
    at += width
    if kind == "bin":
        return at + length, 0
    if kind == "ext":
        return at + 1 + length, 0
    return at, length if kind == "array" else 2 * length
