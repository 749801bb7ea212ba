"""SFZ files as text: headers, opcodes, what regions inherit, definitions and included files.

A region has the opcodes of its group, master and global header unless it says otherwise. `#define $NAME value` replaces
the name wherever it stands from then on; `#include "file"` reads another file in its place.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.graph.instruments.inside import MAX_BYTES, Surroundings

MAX_DEPTH, MAX_INCLUDES = 8, 256
MAX_REGIONS, MAX_OPCODES = 16_384, 2_000_000
MAX_LINE, MAX_VALUE = 16_384, 1_024  # characters
INHERITED = ("global", "master", "group")

_REMARKS = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_HEADER = re.compile(r"<([A-Za-z_]{1,20})>")
_OPCODE = re.compile(r"(?:(?<=\s)|\A)([A-Za-z_][A-Za-z0-9_]{0,63})=")
_DEFINE = re.compile(r"#define\s+\$([A-Za-z0-9_]{1,64})(?:\s+(.*))?\Z")
_INCLUDE = re.compile(r'#include\s+"([^"]+)"')
_NAME = re.compile(r"\$([A-Za-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class SfzRegion:
    """All that holds for one region: its opcodes with what it inherits, and its sample's path, "" if there is none."""

    opcodes: dict[str, str]
    sample: str
    octave_offset: int = 0
    note_offset: int = 0


@dataclass(slots=True)
class SfzFile:
    """The regions, the text files they come from, names of samples that are not there, values of controllers."""

    regions: list[SfzRegion] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    control: dict[str, str] = field(default_factory=dict)
    other_headers: Counter[str] = field(default_factory=Counter)


def read_sfz(path: str | os.PathLike[str], name: str = "") -> SfzFile:
    """An SFZ file with all that it includes; raises MediaError, and nothing else, for whatever it holds."""
    called = name or os.fspath(path)
    try:
        return _Reader(path).read()
    except OSError as error:
        raise MediaError(f"{called} cannot be read: {error.strerror or error}; choose an SFZ file.") from error
    except ValueError as error:
        raise MediaError(f"{called} is no SFZ file that can be read: {error}; choose another.") from error


class _Reader:
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._around = Surroundings(path)
        self._found = SfzFile()
        self._defined: dict[str, str] = {}
        self._levels: dict[str, dict[str, str]] = {}
        self._header = ""
        self._open: dict[str, str] = {}
        self._bytes = self._includes = self._opcodes = 0
        self._samples: dict[str, str] = {}

    def read(self) -> SfzFile:
        self._take_file(self._path, 0)
        self._close_header()
        if not self._found.regions:
            raise ValueError("it has no <region>")
        return self._found

    def _take_file(self, path: str, depth: int) -> None:
        with outside.opened(path) as file:
            data = file.read(MAX_BYTES - self._bytes + 1)
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise ValueError(f"it holds more than {MAX_BYTES >> 20} MiB of text")
        self._found.files.append(path)
        text = data.decode("utf-8", errors="replace").lstrip("\ufeff").replace("\r", "\n")
        for line in _REMARKS.sub(" ", text).split("\n"):
            if len(line) > MAX_LINE:
                raise ValueError(f"a line has more than {MAX_LINE} characters")
            self._take_line(line.strip(), depth)

    def _take_line(self, line: str, depth: int) -> None:
        define = _DEFINE.match(line)
        if define:
            value = self._expanded((define[2] or "").strip())
            if len(value) > MAX_VALUE:
                raise ValueError(f"${define[1]} stands for more than {MAX_VALUE} characters")
            self._defined[define[1]] = value
            return
        line = self._expanded(line)
        include = _INCLUDE.match(line)
        if include:
            self._take_file(self._included(include[1], depth), depth + 1)
            self._take_line(line[include.end() :].strip(), depth)
            return
        at = 0
        for header in _HEADER.finditer(line):
            self._take_opcodes(line[at : header.start()])
            self._close_header()
            self._header, self._open = header[1].lower(), {}
            at = header.end()
        self._take_opcodes(line[at:])

    def _included(self, name: str, depth: int) -> str:
        self._includes += 1
        if depth >= MAX_DEPTH or self._includes > MAX_INCLUDES:
            raise ValueError(f"it includes files more than {MAX_DEPTH} deep, or more than {MAX_INCLUDES}")
        path = self._around.find(name)
        if not path:
            raise ValueError(f"it includes {name[:60]!r}, which is not there")
        return path

    def _expanded(self, text: str) -> str:
        """The text with defined names replaced; of `$KEYs` the longest beginning that is defined counts."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            for end in range(len(name), 0, -1):
                if name[:end] in self._defined:
                    return self._defined[name[:end]] + name[end:]
            return match[0]

        result = _NAME.sub(value, text) if "$" in text else text
        if len(result) > MAX_LINE:
            raise ValueError(f"a line stands for more than {MAX_LINE} characters")
        return result

    def _take_opcodes(self, text: str) -> None:
        names = list(_OPCODE.finditer(text))
        ends = [*(name.start() for name in names[1:]), len(text)]
        self._opcodes += len(names)
        if self._opcodes > MAX_OPCODES:
            raise ValueError(f"it has more than {MAX_OPCODES} opcodes")
        for name, end in zip(names, ends, strict=False):
            self._open[name[1].lower()] = text[name.end() : end].strip()[:MAX_VALUE]

    def _close_header(self) -> None:
        """What was said under a header takes effect when the next one begins."""
        header, opcodes = self._header, self._open
        if header == "control":
            self._found.control.update(opcodes)
        elif header in INHERITED:
            for inner in INHERITED[INHERITED.index(header) :]:
                self._levels.pop(inner, None)
            self._levels[header] = opcodes
        elif header == "region":
            self._add_region(opcodes)
        elif header:
            self._found.other_headers[f"<{header}>"] += 1

    def _add_region(self, own: dict[str, str]) -> None:
        if len(self._found.regions) >= MAX_REGIONS:
            raise ValueError(f"it has more than {MAX_REGIONS} regions")
        opcodes: dict[str, str] = {}
        for header in INHERITED:
            opcodes |= self._levels.get(header, {})
        opcodes |= own
        self._opcodes += len(opcodes)
        if self._opcodes > MAX_OPCODES:
            raise ValueError(f"its regions have more than {MAX_OPCODES} opcodes together")
        control = self._found.control
        name = opcodes.get("sample", "")
        path = "" if not name or name.startswith("*") else self._sample(control.get("default_path", "") + name)
        offsets = [_whole(control.get(key, "0")) for key in ("octave_offset", "note_offset")]
        self._found.regions.append(SfzRegion(opcodes, path, *offsets))

    def _sample(self, name: str) -> str:
        if name not in self._samples:
            self._samples[name] = self._around.find(name)
            if not self._samples[name]:
                self._found.missing.append(name.replace("\\", "/"))
        return self._samples[name]


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?\d{1,3}", text) else 0
