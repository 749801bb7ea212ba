"""Export: a graph to finished sound files: mix and stems, a region, at a rate, a depth and a loudness, with tags.

Everything is streamed. Where the level depends on all of the sound, it is rendered once into a file without a name,
measured on the way, and then written from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphdaw.errors import CancelledError, EngineError, MediaError
from graphdaw.graph.graph import Graph
from graphdaw.host.files import AudioWriter, Written, fitting_rate
from graphdaw.host.mastering import SILENT_LUFS, Limiter, Loudness, LoudnessMeter, decibels, factor
from graphdaw.host.regions import Mix, Region, Sounding
from graphdaw.host.scratch import Scratch
from graphdaw.host.stems import OUTPUT, stem_graphs, stem_path
from graphdaw.host.tags import Tags

Samples = npt.NDArray[np.float32]
Progress = Callable[[float], None]

NEAR_LU = 0.05  # as near as a loudness is brought where a limiter takes some of it
TRIES = 6  # at it
MOST_GAIN_DB = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What of a piece becomes a file, and how.

    The region goes from `from_s` to `to_s`; after it, up to `tail_s` seconds more are taken until nothing is heard.
    `stems` is "", "tracks", "outputs" or ids of nodes (see `stem_graphs`). The piece is played at the graph's rate,
    and converted to `rate_hz`. Dither is for 16 bits. `loudness_lufs` is reached by gain alone; where the true peak
    would pass `ceiling_db`, by the limiter if `limit` allows it, and else as nearly as the ceiling leaves room.
    `normalize_db` brings the highest sample to a level instead. Stems get the gain of the mix, and no limiter.
    """

    to_s: float
    from_s: float = 0.0
    tail_s: float = 0.0
    stems: str | tuple[str, ...] = ""
    bit_depth: int | None = None
    quality: float | None = None
    rate_hz: int | None = None
    dither: bool = True
    loudness_lufs: float | None = None
    ceiling_db: float = -1.0
    limit: bool = False
    normalize_db: float | None = None
    tags: Tags | None = None

    @property
    def levelled(self) -> bool:
        """Whether the level depends on all of the sound."""
        return self.loudness_lufs is not None or self.normalize_db is not None

    @property
    def passes(self) -> int:
        """How often the sound is gone through."""
        return 2 if self.levelled else 1


@dataclass(frozen=True, slots=True)
class Level:
    """What was done to a sound on its way into the file, and, where that was measured, how loud it is there."""

    gain_db: float = 0.0
    limited: bool = False
    loudness_lufs: float | None = None
    true_peak_db: float | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished file; `stem` is the title of its part, "" for the mix."""

    file: Written
    stem: str
    level: Level


def export(
    graph: Graph,
    path: str | Path,
    settings: ExportSettings,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> list[Exported]:
    """Write a graph, as it is now, to a file, followed by its stems; each is complete or not there.

    `progress` is called with the part done, 0 to 1; once `stop` is set, CancelledError is raised. Raises MediaError,
    and what compiling the graph raises. Any thread may call it; edits made meanwhile are not heard.
    """
    path = Path(path)
    with graph.history.turn:
        still = Graph(document=graph.document.copy())
    _check(still, path, settings)
    stems = list(stem_graphs(still, settings.stems)) if settings.stems else []
    exporter = _Exporter(settings, Watch(settings.passes * (1 + len(stems)), progress, stop))
    mix = exporter.mix(still, path)
    return [mix, *(exporter.stem(alone, stem_path(path, name), name, mix.level) for name, alone in stems)]


def _check(graph: Graph, path: Path, settings: ExportSettings) -> None:
    """Refuse what cannot be done, before any of it is."""
    begin, end = (round(time_s * graph.sample_rate) for time_s in (settings.from_s, settings.to_s))
    if not any(node.type == OUTPUT for node in graph.nodes.values()):
        raise EngineError("The graph has no output node, so there is nothing to hear; add one and wire into it.")
    if not 0 <= begin < end:
        raise MediaError(f"{path} would be empty: from {settings.from_s:g} s to {settings.to_s:g} s there is nothing.")
    if settings.loudness_lufs is not None and settings.normalize_db is not None:
        raise MediaError(f"{path} can have a loudness or a highest peak, not both; leave one out.")
    if not -30.0 <= settings.ceiling_db <= 0.0:
        raise MediaError(f"{path} cannot have a ceiling of {settings.ceiling_db:g} dBTP: it goes from -30 to 0.")


class Watch:
    """Tells of progress through so many parts of equal length, and stops the work when it is told to."""

    def __init__(self, parts: int, progress: Progress | None, stop: threading.Event | None) -> None:
        self._parts, self._tell, self._stop = parts, progress, stop
        self._part, self._furthest = -1, 0.0

    def begin(self) -> None:
        """The next part begins."""
        self._part += 1

    def done(self, share: float) -> None:
        """So much of this part is done, 0 to 1; raises CancelledError."""
        if self._stop is not None and self._stop.is_set():
            raise CancelledError("The export was stopped; no file was left half done.")
        self._furthest = max(self._furthest, (self._part + min(1.0, share)) / self._parts)
        if self._tell is not None:
            self._tell(min(1.0, self._furthest))


class _Exporter:
    """One export: what its files have in common."""

    def __init__(self, settings: ExportSettings, watch: Watch) -> None:
        self.settings = settings
        self.watch = watch
        self._frames: int | None = None  # of the mix, at the graph's rate; stems are as long

    def mix(self, graph: Graph, path: Path) -> Exported:
        """The whole graph, at the level that was asked for."""
        level = Level()

        def pour(sound: Sounding, writer: AudioWriter) -> None:
            nonlocal level
            self.watch.begin()
            if not self.settings.levelled:
                _write(writer, sound.blocks())
                return
            with Scratch(path, sound.channels, sound.rate_hz, self.watch.done) as scratch:
                level = self._level(scratch, sound, path)
                self.watch.begin()
                _write(writer, _levelled(scratch, level, self.settings.ceiling_db))

        return Exported(self._file(graph, path, pour), "", level)

    def stem(self, graph: Graph, path: Path, name: str, level: Level) -> Exported:
        """A part of it, raised as the mix was."""

        def pour(sound: Sounding, writer: AudioWriter) -> None:
            for _ in range(self.settings.passes):
                self.watch.begin()
            _write(writer, _raised(sound.blocks(), level.gain_db))

        return Exported(self._file(graph, path, pour), name, Level(level.gain_db))

    def _file(self, graph: Graph, path: Path, pour: Callable[[Sounding, AudioWriter], None]) -> Written:
        settings = self.settings
        region = Region(settings.from_s, settings.to_s, settings.tail_s, self._frames)
        rate_hz = settings.rate_hz or fitting_rate(path, graph.sample_rate)
        with Sounding(Mix(graph), region, graph.sample_rate, rate_hz, self.watch.done) as sound:
            writer = AudioWriter(
                path,
                sample_rate_hz=rate_hz,
                channels=sound.channels,
                bit_depth=settings.bit_depth,
                expected_frames=sound.most_frames,
                dither=settings.dither,
                quality=settings.quality,
                tags=settings.tags,
            )
            try:
                pour(sound, writer)
            except BaseException:
                writer.discard()
                raise
            self._frames = sound.played_frames
            return writer.finish()

    def _level(self, scratch: Scratch, sound: Sounding, path: Path) -> Level:
        """What has to be done to the sound, which is rendered into the scratch on the way."""
        if self.settings.normalize_db is not None:
            scratch.fill(sound.blocks())
            return Level(self.settings.normalize_db - decibels(scratch.peak) if scratch.peak else 0.0)
        if scratch.channels > 2:
            raise MediaError(
                f"{path} has {scratch.channels} channels, and loudness is measured of one or two: mix it down first."
            )
        with LoudnessMeter(scratch.rate_hz) as meter:
            scratch.fill(sound.blocks(), meter.add)
            measured = meter.finish()
        if measured.lufs <= SILENT_LUFS:
            raise MediaError(f"{path} would be silent, so it can have no loudness: look at what the output hears.")
        return self._loudness_level(scratch, measured)

    def _loudness_level(self, scratch: Scratch, measured: Loudness) -> Level:
        """The gain for a loudness; behind a limiter by the secant method, since some of the gain is lost there."""
        target, ceiling_db = self.settings.loudness_lufs or 0.0, self.settings.ceiling_db
        gain_db, free_db = min(target - measured.lufs, MOST_GAIN_DB), ceiling_db - measured.true_peak_db
        if gain_db <= free_db or not self.settings.limit:
            gain_db = min(gain_db, free_db)
            return Level(gain_db, False, measured.lufs + gain_db, measured.true_peak_db + gain_db)
        before_db, before_lufs = free_db, measured.lufs + free_db
        level, reached = _behind_limiter(scratch, gain_db, ceiling_db)
        for _ in range(TRIES - 1):
            missing = target - reached
            if abs(missing) <= NEAR_LU or gain_db in (MOST_GAIN_DB, before_db):
                break
            kept = (reached - before_lufs) / (gain_db - before_db)
            before_db, before_lufs = gain_db, reached
            gain_db = min(gain_db + missing / min(max(kept, 0.1), 1.0), MOST_GAIN_DB)
            level, reached = _behind_limiter(scratch, gain_db, ceiling_db)
        return level


def _write(writer: AudioWriter, blocks: Iterator[Samples]) -> None:
    for block in blocks:
        writer.write(block)


def _raised(blocks: Iterator[Samples], gain_db: float) -> Iterator[Samples]:
    return (block * factor(gain_db) for block in blocks) if gain_db else blocks


def _levelled(scratch: Scratch, level: Level, ceiling_db: float) -> Iterator[Samples]:
    if not level.limited:
        yield from _raised(scratch.blocks(), level.gain_db)
        return
    with Limiter(scratch.rate_hz, scratch.channels, level.gain_db, ceiling_db) as limiter:
        for block in scratch.blocks():
            yield limiter.limit(block)
        yield limiter.finish()


def _behind_limiter(scratch: Scratch, gain_db: float, ceiling_db: float) -> tuple[Level, float]:
    """How loud it becomes there."""
    with LoudnessMeter(scratch.rate_hz) as meter:
        for block in _levelled(scratch, Level(gain_db, True), ceiling_db):
            meter.add(block)
        lufs, true_peak_db = meter.finish()
    return Level(gain_db, True, lufs, true_peak_db), lufs
