"""Checks of single fields of clips and of the timeline: ticks, numbers, names, and fields nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any, TypeVar

import msgspec

from graphdaw.errors import NameFormError, OutOfRangeError, ValueKindError
from graphdaw.graph import checks
from graphdaw.graph.clips import OtherClip

END_TICKS = 1 << 40
MAX_NAME = 256

Item = TypeVar("Item", bound=msgspec.Struct)

replace = msgspec.structs.replace


def kept(item: Item, **fields: Any) -> Item:
    """The item with these fields, itself if it has them already, of the same kinds."""
    if all(_is_same(getattr(item, name), value) for name, value in fields.items()):
        return item
    return replace(item, **fields)


def _is_same(old: Any, new: Any) -> bool:
    """Whether keeping the old one leaves the same bytes."""
    # equal numbers may be of two kinds, and of equal texts only the very one that is a default is left out
    if type(old) is type(new) is tuple:
        return len(old) == len(new) and all(map(is_, old, new))
    return old is new or (type(old) is type(new) and old == new and type(old) is not str)


def ticks(value: object, what: str, where: str, node: str, lo: int = 0) -> int:
    """Whole ticks in range; the sentence says that it `what` so many."""
    if type(value) is not int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ValueKindError(f"{where} {what} {value!r}; give whole ticks.", node=node)
        value = int(value.__index__())
    if not lo <= value < END_TICKS:
        raise OutOfRangeError(
            f"{where} {what} {value} ticks; give whole ticks from {lo} to {END_TICKS - 1}.", node=node
        )
    return value


def real(value: object, what: str, lo: float, hi: float, where: str, node: str) -> float:
    """A number in range, as a float."""
    number = checks.check_number(value, f"{where}: {what}", node)
    if not lo <= number <= hi:
        raise OutOfRangeError(f"{where}: {what} cannot be {number:g}; its range is {lo:g} to {hi:g}.", node=node)
    return number


def switch(value: object, what: str, where: str, node: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueKindError(f"{where}: {what} is on or off, not {value!r}.", node=node)
    return value


def check_name(name: object, where: str, node: str) -> str:
    """A name that is short enough, and can be written."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not _is_unicode(name):
        raise NameFormError(f"{where} needs a name of at most {MAX_NAME} characters, in valid Unicode.", node=node)
    return name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def count(items: Sequence[object], most: int, what: str, where: str, node: str) -> None:
    """Raise where there are too many."""
    if len(items) > most:
        raise OutOfRangeError(f"{where} would have {len(items)} {what}, and {most} are possible; split it.", node=node)


def check_fields(item: Any, where: str, node: str) -> None:
    """Unknown fields are msgpack, and do not pass for known ones."""
    for name, raw in (item.extra or {}).items():
        known = name in item.__struct_fields__ and not (isinstance(item, OtherClip) and name == "what")
        if known or name == "kind":
            raise NameFormError(f"{where}: {name!r} is a field of its own; set it as such.", node=node)
        checks.check_raw(raw, name, where)
