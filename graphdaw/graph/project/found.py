"""Recordings that are not where they were: which are missing, and finding them again by content, size and name."""

from __future__ import annotations

import hashlib
import os
import unicodedata
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from graphdaw.errors import MediaError, ProjectError
from graphdaw.graph.media_values import CLIPS, media_values
from graphdaw.graph.model import Document, Medium
from graphdaw.graph.project import bundle
from graphdaw.graph.project.bundle import MEDIA
from graphdaw.graph.project.kept import generations
from graphdaw.graph.project.media import hash_file
from graphdaw.graph.vocabulary import Edit, SetClip, SetValues

MAX_FILES = 200_000
MAX_DEPTH = 16
MAX_HASHED_BYTES = 64 << 30
_SKIPPED = {"__pycache__", "node_modules", "proc", "sys", "dev"}


class Missing(msgspec.Struct, frozen=True):
    """A recording that cannot be read: its name, what plays it, and its hash, size or path where known.

    `nodes` are nodes with the parameter that names it, or with `clips.` and the id of a clip.
    """

    name: str
    value: str
    nodes: tuple[tuple[str, str], ...]
    hash: str = ""
    size: int = 0

    def __str__(self) -> str:
        return f"{self.name!r} of {', '.join(f'{node}.{param}' for node, param in self.nodes)}"


class Found(msgspec.Struct, frozen=True):
    """A missing recording and the file it was found in; `certain` when content agrees, else it is one of that name."""

    missing: Missing
    path: str
    certain: bool


def missing_media(document: Document) -> list[Missing]:
    """The recordings of a document that are not where it says, oldest node first; also paths that came with a file.

    >>> from graphdaw.graph.graph import Graph
    >>> graph = Graph()
    >>> player = graph.add("audio_file", file="/takes/gone.wav")
    >>> print(*missing_media(graph.document))
    'gone.wav' of audio_file1.file
    """
    users: dict[str, list[tuple[str, str]]] = {}
    for node in sorted(document.nodes.values(), key=lambda node: (node.order, node.id)):
        for param, value in media_values(node):
            users.setdefault(value, []).append((node.id, param))
    bundles: dict[str, frozenset[str]] = {}
    missing = []
    for value, nodes in users.items():
        hash, medium = _known(document, value)
        if hash and _is_there(document.media_files.get(hash, ""), hash, bundles):
            continue
        if value not in document.media and value not in document.foreign and os.path.isfile(value):
            continue
        name = medium.name if medium is not None else _last_part(value)
        missing.append(Missing(name, value, tuple(nodes), hash, medium.size if medium is not None else 0))
    return missing


def _known(document: Document, value: str) -> tuple[str, Medium | None]:
    """Hash and description of a recording, as far as the document has them."""
    if value in document.media:
        return value, document.media[value]
    return document.collected.get(value, ("", None))


def _is_there(place: str, hash: str, bundles: dict[str, frozenset[str]]) -> bool:
    if not os.path.isfile(place):
        return False
    if place not in bundles:
        try:
            names: Iterable[str] = ()
            if bundle.is_bundle(place):
                with bundle.reading(place), bundle.opened(place) as archive:
                    names = archive.namelist()
            bundles[place] = frozenset(names)
        except (OSError, ProjectError):
            return False
    return MEDIA + hash in bundles[place] or not bundles[place]


def _last_part(path: str) -> str:
    """The name of a file, also of a path from a system that writes them otherwise."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def usual_folders(document: Document) -> list[str]:
    """Where a search looks when nobody says where: beside the project, and where its other recordings lie."""
    folders = [os.path.dirname(document.origin)] if document.origin else []
    places = [place for place in document.media_files.values() if place != document.origin]
    paths = [v for n in document.nodes.values() for _, v in media_values(n) if v not in document.media]
    chosen = [path for path in paths if path not in document.foreign and os.path.isfile(path)]
    folders += [os.path.dirname(place) for place in [*places, *chosen]]
    return list(dict.fromkeys(folder for folder in folders if folder and os.path.isdir(folder)))


def relink(document: Document, *folders: str | os.PathLike[str]) -> list[Found]:
    """Look for the missing recordings in folders and all below (by default the usual ones) and in earlier versions.

    A recording with a known hash is found by its content, whatever it is called now, and is in its place at once. One
    known only by its path is found by its name, which may be another recording: no setting changes, `settings_of` gives
    the edits that choose it. The search is bounded (`MAX_FILES`, `MAX_DEPTH`) and follows no links.
    """
    missing = missing_media(document)
    wanted = _Wanted(missing, may_guess=bool(folders))
    if not missing:
        return []
    for earlier in generations(document.origin) if document.origin else ():
        wanted.offer(earlier.path, os.path.basename(earlier.path), earlier.size)
    for path, name, size in _files([os.fspath(folder) for folder in folders] or usual_folders(document)):
        wanted.offer(path, name, size)
        if wanted.is_satisfied():
            break
    found = wanted.found(document)
    for one in found:
        if one.missing.hash:
            document.media_files[one.missing.hash] = one.path
        elif folders:
            document.foreign.discard(one.path)  # the user has said to look there
    return found


def settings_of(found: Iterable[Found]) -> list[Edit]:
    """The edits that set the nodes and clips to recordings found by name; those found by content need none."""
    by_node: dict[str, dict[str, str]] = {}
    edits: list[Edit] = []
    for one in found:
        if not one.missing.hash:
            for node, place in one.missing.nodes:
                if place.startswith(CLIPS):
                    edits.append(SetClip(node, place.removeprefix(CLIPS), {"media": one.path}))
                else:
                    by_node.setdefault(node, {})[place] = one.path
    return [*(SetValues(node, dict(values)) for node, values in by_node.items()), *edits]


class _Wanted:
    """What is looked for, and the best file offered for each so far."""

    def __init__(self, missing: list[Missing], may_guess: bool) -> None:
        self._missing = missing
        self._may_guess = may_guess
        self._sizes = {one.size for one in missing if one.hash and one.size}
        self._by_hash = {one.hash: one for one in missing if one.hash}
        self._any_size = any(one.hash and not one.size for one in missing)
        self._names = {_plain(one.name) for one in missing}
        self._content: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self._left_bytes = MAX_HASHED_BYTES

    def offer(self, path: str, name: str, size: int) -> None:
        """A file that might be one of them."""
        plain = _plain(name)
        if plain in self._names:
            self._named.setdefault(plain, path)
        if len(self._content) == len(self._by_hash):
            return
        if size in self._sizes or (self._any_size and plain in self._names):
            self._compare(path, size)
        elif name.endswith(".gdaw"):
            self._look_inside(path)

    def _compare(self, path: str, size: int) -> None:
        if size <= self._left_bytes:
            self._left_bytes -= size
            try:
                hash, _ = hash_file(path)
            except MediaError:
                return
            if hash in self._by_hash:
                self._content.setdefault(hash, path)

    def _look_inside(self, path: str) -> None:
        """Another project, or another copy of this one, may hold them."""
        try:
            with bundle.reading(path), bundle.opened(path) as archive:
                for hash in self._by_hash.keys() - self._content.keys():
                    if MEDIA + hash in archive.NameToInfo and _is_whole(archive, hash):
                        self._content[hash] = path
        except ProjectError:
            return

    def is_satisfied(self) -> bool:
        """Whether every recording is found by content, so that going on cannot help."""
        return len(self._content) == len(self._missing)

    def found(self, document: Document) -> list[Found]:
        """The best that was offered for each; a path the user chose may be guessed at, one from a file only if told."""
        found = []
        for one in self._missing:
            path = self._content.get(one.hash, "")
            if path:
                found.append(Found(one, path, certain=True))
            elif not one.hash and (self._may_guess or one.value not in document.foreign):
                path = self._named.get(_plain(one.name), "")
                if path:
                    found.append(Found(one, path, certain=False))
        return found


def _is_whole(archive: zipfile.ZipFile, hash: str) -> bool:
    digest = hashlib.sha256()
    with archive.open(MEDIA + hash) as member:
        while piece := member.read(bundle.CHUNK):
            digest.update(piece)
    return digest.hexdigest() == hash


def _plain(name: str) -> str:
    """A file name however its letters are composed and cased, which file systems disagree about."""
    return unicodedata.normalize("NFC", name).casefold()


def _files(folders: list[str]) -> Iterator[tuple[str, str, int]]:
    """Path, name and size of the files in folders and below, those nearest first, each folder once."""
    waiting = deque((folder, 0) for folder in folders)
    seen: set[tuple[int, int]] = set()
    count = 0
    while waiting:
        folder, depth = waiting.popleft()
        try:
            facts = os.stat(folder)
            if (facts.st_dev, facts.st_ino) in seen:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if depth < MAX_DEPTH and entry.name not in _SKIPPED and not entry.name.startswith("."):
                        waiting.append((entry.path, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    count += 1
                    yield os.path.abspath(entry.path), entry.name, entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
            if count >= MAX_FILES:
                return
