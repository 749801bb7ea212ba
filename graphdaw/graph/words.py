"""Lines of text as words: what the reader of the text form takes them apart with; every fault names its line."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re

from graphdaw.errors import TextError
from graphdaw.graph import limits

MAX_WORDS = 50_000  # of one line

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]++|\\.)*+")|(?P<raw>raw\((?P<base64>[A-Za-z0-9+/=]*)\))|(?P<arrow>->)
    |(?P<key>[A-G](?:\#-?|-)\d+(?!\w))|(?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<hash>\#[0-9a-f]{64})
    |(?P<word>[^\W\d]\w*)|(?P<mark>[.=,@+/]))""",
    re.VERBOSE | re.ASCII,
)

Token = tuple[str, str]


class Words:
    """The words of one line after another."""

    def __init__(self) -> None:
        self.number = 0
        self.tokens: list[Token] = []
        self.at = 0

    def fault(self, message: str) -> TextError:
        """The error for what is wrong with this line."""
        return TextError(f"Line {self.number}: {message}.", line=self.number)

    def begin(self, line: str) -> None:
        """Take the words of a line."""
        self.tokens, self.at = self._tokens(line), 0

    def _tokens(self, line: str) -> list[Token]:
        found: list[Token] = []
        at, stop = 0, len(line.rstrip())
        while at < stop:
            match = _TOKEN.match(line, at)
            if match is None or match.lastgroup is None:
                raise self.fault(f"cannot read {line[at : at + 20].strip()!r}; quote names that are not plain words")
            if len(found) >= MAX_WORDS:
                raise self.fault(f"it has more than {MAX_WORDS} words")
            kind = "raw" if match["raw"] is not None else match.lastgroup
            found.append((kind, match["base64"] if kind == "raw" else match[kind]))
            at = match.end()
        return found

    def peek(self) -> str:
        """The mark or kind of the next token, "" at the end."""
        if self.at >= len(self.tokens):
            return ""
        kind, text = self.tokens[self.at]
        return text if kind == "mark" else kind

    def take(self, *kinds: str) -> str:
        """The next token's text, which must be one of these kinds or marks."""
        if self.peek() not in kinds:
            found = repr(self.tokens[self.at][1]) if self.at < len(self.tokens) else "the line ends"
            raise self.fault(f"{' or '.join(kinds)} was expected, but {found}")
        self.at += 1
        kind, text = self.tokens[self.at - 1]
        if kind != "text":
            return text
        try:
            plain = str(json.loads(text))
            plain.encode()
        except ValueError:
            raise self.fault(f"{text} is not a proper text") from None
        return plain

    def maybe(self, word: str) -> bool:
        """Whether this word comes next, which is taken then."""
        if self.peek() != "word" or self.tokens[self.at][1] != word:
            return False
        self.at += 1
        return True

    def name(self) -> str:
        """A name, quoted or not."""
        return self.take("word", "text")

    def whole(self) -> int:
        """A whole number from 0 on."""
        text = self.take("number")
        if not text.isdigit() or len(text) > 18:
            raise self.fault(f"{text} is not a whole number")
        return int(text)

    def real(self) -> float:
        """A finite number."""
        number = float(self.take("number"))
        if not math.isfinite(number):
            raise self.fault("numbers must be finite")
        return number

    def raw(self) -> bytes:
        """The bytes in `raw(...)`."""
        try:
            data = base64.b64decode(self.take("raw"), validate=True)
            limits.check(data)
        except (binascii.Error, limits.LimitError):
            raise self.fault("raw() must hold base64 of msgpack") from None
        return data

    def end(self) -> tuple[str, str]:
        """A node and a port of it."""
        node = self.name()
        self.take(".")
        return node, self.name()

    def extra(self, known: tuple[str, ...]) -> dict[str, bytes] | None:
        """The fields this version does not know; those it knows may not be among them."""
        found: dict[str, bytes] = {}
        while self.peek() == "+":
            self.at += 1
            name = self.name()
            if name in known:
                raise self.fault(f"{name!r} is a field of its own")
            self.take("=")
            found[name] = self.raw()
        return found or None
