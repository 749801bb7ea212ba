"""Mutations: bytes turned, cut, spliced, inflated; or plain values changed, so that what comes out is well formed."""

from __future__ import annotations

import copy
import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Mutator = Callable[[random.Random, Sequence[bytes]], bytes]

NUMBERS = (0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
BEYOND = (1 << 40, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 63), 10**30)
FLOATS = (0.0, -0.0, 1e-320, 1e308, -1e308, float("inf"), float("-inf"), float("nan"), 0.5, 48_000.0)
TEXTS = (
    "", "a", "/etc/passwd", "../../secret.wav", "/dev/zero", "/proc/self/mem", "a\0b", "\x1b[31m", "é", "\u2028", "$",
    "$a", "w1", "out", "in", "group", "saw", "send", "return", "sampler", "0" * 64, "x" * 300, "if", "a>b", "C:\\x",
    "\ud7ff",
)  # fmt: skip


def bytewise(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A seed with one to eight places changed, knowing nothing of its form."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        dice.choice(_BYTEWISE)(dice, data, seeds)
        if not data:
            data += b"\0"
    return bytes(data)


def _turn(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    data[_place(dice, data)] ^= 1 << dice.randrange(8)


def _set(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    data[_place(dice, data)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))


def _cut(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(dice, data)
    del data[at : at + dice.choice((1, 2, 4, 20, 200))]


def _end(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[dice.randrange(len(data)) :]


def _repeat(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(dice, data)
    data[at:at] = data[at : at + dice.choice((1, 4, 16, 100))] * dice.choice((1, 1, 2, 50))


def _splice(dice: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = dice.choice(seeds)
    begin = dice.randrange(len(other))
    at = _place(dice, data)
    data[at : at + dice.choice((0, 4, 40))] = other[begin : begin + dice.choice((1, 4, 40, 400))]


def _inflate(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    """Another number where a length may stand, in either order of bytes."""
    form = dice.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    if len(data) > size:
        at = min(_place(dice, data), len(data) - size)
        struct.pack_into(form, data, at, dice.choice((*NUMBERS, *BEYOND, len(data))) & (1 << 8 * size) - 1)


def _place(dice: random.Random, data: bytearray) -> int:
    """Headers are where it hurts: half of the places are among the first hundred bytes."""
    return dice.randrange(min(100, len(data)) if dice.random() < 0.5 else len(data))


_BYTEWISE = (_turn, _turn, _set, _set, _cut, _end, _repeat, _splice, _inflate, _inflate)


# Plain values


def plain(dice: random.Random, value: Any, donors: Sequence[Any]) -> Any:
    """A value with one to four of its parts changed; `donors` lend parts."""
    value = [value]  # so that the whole can be replaced too
    for _ in range(dice.choice((1, 1, 2, 4))):
        holder, key = dice.choice(_slots(value))
        if isinstance(holder, dict):
            _change_entry(dice, holder, key, donors)
        else:
            _change_item(dice, holder, key, donors)
        if not value:
            value = [None]
    return value[0]


def _slots(root: list[Any]) -> list[tuple[Any, Any]]:
    """Every place in nested lists and dicts: the holder and the key."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def _change_entry(dice: random.Random, holder: dict[Any, Any], key: Any, donors: Sequence[Any]) -> None:
    match dice.randrange(5):
        case 0:
            del holder[key]
        case 1:
            holder[dice.choice((*TEXTS, *holder))] = holder.pop(key)
        case 2:
            holder[dice.choice(TEXTS)] = part(dice, donors)
        case _:
            holder[key] = other(dice, holder[key], donors)


def _change_item(dice: random.Random, holder: list[Any], key: int, donors: Sequence[Any]) -> None:
    match dice.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder.insert(key, holder[key])
        case 2:
            holder.insert(dice.randrange(len(holder) + 1), part(dice, donors))
        case 3:
            dice.shuffle(holder)
        case _:
            holder[key] = other(dice, holder[key], donors)


def other(dice: random.Random, value: Any, donors: Sequence[Any]) -> Any:
    """Something in place of a value, often of its own kind."""
    if dice.random() < 0.3:
        return part(dice, donors)
    if isinstance(value, str):
        return dice.choice((*TEXTS, value + "1", value[:-1], value.upper(), value * 3))
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return dice.choice((*NUMBERS, value + 1, -value, dice.choice(BEYOND[:-2])))
    if isinstance(value, float):
        return dice.choice((*FLOATS, -value, value * 1e6, dice.choice(NUMBERS)))
    if isinstance(value, bytes):
        return value[: len(value) // 2] + dice.randbytes(4)
    return [value] if dice.random() < 0.5 else {"a": value}


def part(dice: random.Random, donors: Sequence[Any]) -> Any:
    """A value out of nowhere, or a part of another seed."""
    if donors and dice.random() < 0.5:
        holder, key = dice.choice(_slots([dice.choice(donors)]))
        return copy.deepcopy(holder[key])  # or it might come to hold itself
    nest: Any = dice.choice(
        (None, True, dice.choice(NUMBERS), dice.choice(FLOATS), dice.choice(TEXTS), [], {}, b"\xc1")
    )
    for _ in range(dice.choice((0, 0, 0, 3, 70))):
        nest = [nest]
    return nest


def msgpackwise(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A msgpack seed taken apart, changed and put together: well formed, whatever it says."""
    donors = [msgspec.msgpack.decode(seed) for seed in dice.sample(seeds, min(2, len(seeds)))]
    try:
        return msgspec.msgpack.encode(plain(dice, donors[0], donors[1:]))
    except (OverflowError, ValueError, TypeError, RecursionError):
        return bytewise(dice, seeds)


def jsonwise(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """The same for JSON."""
    donors = [msgspec.json.decode(seed) for seed in dice.sample(seeds, min(2, len(seeds)))]
    try:
        return msgspec.json.encode(plain(dice, donors[0], donors[1:]))
    except (OverflowError, ValueError, TypeError, RecursionError):
        return bytewise(dice, seeds)


def wordwise(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Words and lines of a text moved, dropped, doubled or exchanged."""
    lines = [line.split(b" ") for line in dice.choice(seeds).split(b"\n")]
    spare = [line.split(b" ") for line in dice.choice(seeds).split(b"\n")]
    for _ in range(dice.choice((1, 1, 2, 5))):
        at = dice.randrange(len(lines))
        words = lines[at]
        spot = dice.randrange(len(words))
        match dice.randrange(7):
            case 0:
                del words[spot]
                words = lines[at] = words or [b""]
            case 1:
                words.insert(spot, dice.choice(dice.choice(spare)))
            case 2:
                words[spot] = dice.choice(dice.choice(spare))
            case 3:
                value = dice.choice((*NUMBERS, *BEYOND, *FLOATS, *TEXTS))
                words[spot] = words[spot].partition(b"=")[0] + b"=" + str(value).encode()
            case 4:
                lines.insert(dice.randrange(len(lines) + 1), dice.choice(spare))
            case 5:
                lines[at] = [b" "] * dice.choice((1, 2, 3)) + words
            case _:
                words[spot] = bytewise(dice, [words[spot] or b"a"])
    return b"\n".join(b" ".join(words) for words in lines)


def zipwise(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A bundle whose members were changed before they were packed, so that every checksum is right."""
    with zipfile.ZipFile(io.BytesIO(dice.choice(seeds))) as bundle:
        members = [(info, bundle.read(info)) for info in bundle.infolist()]
    out = io.BytesIO()
    at = dice.randrange(len(members)) if dice.random() < 0.3 else 0
    with zipfile.ZipFile(out, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as bundle:
        for k, (info, content) in enumerate(members):
            name, data = info.filename, content
            if k == at and name.endswith(".msgpack"):
                data = msgpackwise(dice, [data])
            elif k == at:
                name = dice.choice((name, name + "x", *TEXTS)).replace("\0", "")[:200] or "a"
                data = dice.choice((data, bytewise(dice, [data or b"\0"]), bytes(dice.choice((0, 1 << 20)))))
            if dice.random() < 0.02:
                continue
            bundle.writestr(name, data)
    return out.getvalue()


def mixed(*mutators: Mutator) -> Mutator:
    """One of several, by chance."""
    return lambda dice, seeds: dice.choice(mutators)(dice, seeds)
