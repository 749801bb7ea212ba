"""Words of the text form: names, quoted texts, and bytes that this version cannot read."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping


def word(text: str) -> str:
    """A name as it is if it is a plain word, else quoted."""
    return text if text.isidentifier() and text.isascii() else quoted(text)


def quoted(text: str) -> str:
    """A text in quotes, on one line."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def raw_word(raw: bytes) -> str:
    """Msgpack as base64."""
    return f"raw({base64.b64encode(raw).decode()})"


def extra_words(extra: Mapping[str, bytes] | None) -> str:
    """The fields that are not known here."""
    return "".join(f" +{word(name)}={raw_word(raw)}" for name, raw in sorted((extra or {}).items()))
