"""Sound written to files: streamed, in a format that the name's ending chooses, complete or not there at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soundfile

from graphdaw.errors import MediaError
from graphdaw.graph.project import disk

if TYPE_CHECKING:
    from graphdaw.host.tags import Tags

Samples = npt.NDArray[np.float32]

CHUNK_FRAMES = 16_384  # what an encoder is handed, always: Vorbis decides by what it has, so blocks must not matter
WAV_LIMIT_BYTES = (1 << 32) - 65_536  # past this a WAV file counts its bytes in 64 bits (RF64)
TAKEN_BY_SAMPLES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
WHOLE = {"PCM_16": 16, "PCM_24": 24}  # bits of what is written as whole numbers; past full scale is cut off
DITHER_SEED = 16  # always the same noise, so that two files of one sound are equal


@dataclass(frozen=True, slots=True)
class Format:
    """What a file ending stands for."""

    name: str  # libsndfile's
    subtypes: dict[int, str]  # by bit depth; the first is the default, 0 stands for "no depth to choose"
    max_channels: int
    max_rate_hz: int
    rates_hz: tuple[int, ...] = ()  # where only some are possible
    kind: str = ""  # how people call it

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return self.kind or self.name


PCM = {24: "PCM_24", 16: "PCM_16"}
FORMATS = {
    ".wav": Format("WAV", {**PCM, 32: "FLOAT"}, 1_024, 768_000),
    ".flac": Format("FLAC", PCM, 8, 655_350),
    ".ogg": Format("OGG", {0: "VORBIS"}, 255, 200_000),
    ".opus": Format("OGG", {0: "OPUS"}, 255, 48_000, (8_000, 12_000, 16_000, 24_000, 48_000), "Opus"),
    ".mp3": Format(
        "MP3",
        {0: "MPEG_LAYER_III"},
        2,
        48_000,
        (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    ),
}
SYSTEM_ERROR = 2  # libsndfile's, for whatever the system refused


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: where, how long, how loud (1.0 is full scale), and whether peaks were cut off."""

    path: Path
    channels: int
    frames: int
    sample_rate_hz: int
    peak: float
    clipped: bool


class AudioWriter:
    """Writes blocks to a file that appears under its name only when all of it is there.

    `path` ends in .wav, .flac, .ogg, .opus or .mp3; `bit_depth` is 16, 24 (default) or, in WAV, 32 (floating point).
    With `dither`, 16 bits are rounded by the toss of two dice (noise of triangular density, two steps wide), so that
    what is lost is heard as noise and never as distortion. `quality`, from 0 to 1, is for formats that lose something.
    As a context manager it finishes the file on leaving, or removes it on leaving by an error. Raises `MediaError`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        sample_rate_hz: int,
        channels: int,
        bit_depth: int | None = None,
        expected_frames: int = 0,
        dither: bool = False,
        quality: float | None = None,
        tags: Tags | None = None,
    ) -> None:
        self.path = Path(path)
        self.channels = channels
        self.sample_rate_hz = sample_rate_hz
        self.frames = 0
        self.peak = 0.0
        self._waiting = np.zeros((0, channels), np.float32)
        form = _format_of(self.path, channels, sample_rate_hz)
        self._subtype = _subtype_of(self.path, form, bit_depth)
        self._tags = tags
        self._dice = np.random.default_rng(DITHER_SEED) if dither and self._subtype == "PCM_16" else None
        size = expected_frames * channels * TAKEN_BY_SAMPLES.get(self._subtype, 0)
        name = "RF64" if form.name == "WAV" and size > WAV_LIMIT_BYTES else form.name
        if name == "RF64" and tags:
            raise MediaError(f"{self.path} cannot hold tags: a WAV past 4 GiB has no room for them; choose FLAC.")
        how = _compression(self.path, form, quality)
        self._partial = self._make_partial()
        try:
            self._file = soundfile.SoundFile(
                str(self._partial), "w", sample_rate_hz, channels, self._subtype, format=name, **how
            )
        except soundfile.LibsndfileError as error:
            self._partial.unlink(missing_ok=True)
            self._held.close()
            if error.code == SYSTEM_ERROR:
                raise MediaError(f"{self.path} cannot be written: {_why_disk(self._partial)}") from error
            held = "1 channel" if channels == 1 else f"{channels} channels"
            raise MediaError(
                f"{self.path} cannot hold {held} at {sample_rate_hz} Hz: {error.error_string.rstrip('.')}."
            ) from error

    def write(self, block: Samples) -> None:
        """Append a block, float32 of shape (channels, frames)."""
        if block.size:
            self.peak = max(self.peak, float(np.max(np.abs(block))))
        self.frames += block.shape[1]
        self._waiting = np.concatenate([self._waiting, block.T])
        while len(self._waiting) >= CHUNK_FRAMES:
            self._put(self._waiting[:CHUNK_FRAMES])
            self._waiting = self._waiting[CHUNK_FRAMES:]

    def finish(self) -> Written:
        """Complete the file and give it its name; where that fails, remove it."""
        self._complete()
        self._partial.replace(self.path)
        return self._written(self.path)

    def finish_beside(self, first: int = 1) -> tuple[Written, int]:
        """Complete the file under a name that is free: `give_free_name`."""
        self._complete()
        path, number = give_free_name(self._partial, self.path, first)
        return self._written(path), number

    def _complete(self) -> None:
        try:
            self._put(self._waiting)
            self._file.close()
            if self._tags:
                from graphdaw.host.tags import write_tags  # here, because few files have any

                write_tags(self._partial, self.path, self._tags)
            with self._partial.open("rb") as file:
                os.fsync(file.fileno())
            self._check_length()
            self._held.close()
        except MediaError:
            self.discard()
            raise
        except (OSError, soundfile.LibsndfileError) as error:
            self.discard()
            raise MediaError(f"{self.path} could not be written: {_why_disk(self._partial, error)}") from error

    def _written(self, path: Path) -> Written:
        clipped = self._subtype in WHOLE and self.peak > 1.0
        return Written(path, self.channels, self.frames, self.sample_rate_hz, self.peak, clipped)

    def discard(self) -> None:
        """Remove what was written so far; what had the name before is still there."""
        with suppress(soundfile.LibsndfileError):  # the disk is full, and the file goes anyway
            self._file.close()
        self._partial.unlink(missing_ok=True)
        self._held.close()

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.discard()

    def _put(self, chunk: Samples) -> None:
        try:
            bits = WHOLE.get(self._subtype)
            self._file.write(quantised(chunk, bits, self._dice) if bits else np.ascontiguousarray(chunk))
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise MediaError(f"{self.path} could not be written: {_why_disk(self._partial)}") from error

    def _make_partial(self) -> Path:
        folder = self.path.parent
        if not folder.is_dir():
            raise MediaError(f"{self.path} cannot be written: the folder {folder} does not exist.")
        if self.path.is_dir():
            raise MediaError(f"{self.path} cannot be written: it is a folder.")
        partial = folder / f".{self.path.name}.{secrets.token_hex(4)}.part"
        try:
            handle = os.open(partial, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            disk.try_lock(handle)  # while we live, which is how one that a crash left is told from ours
            self._held = os.fdopen(handle, "rb")
            disk.sweep(str(folder), re.escape(self.path.name), r"[0-9a-f]{8}\.part")
        except OSError as error:
            raise MediaError(f"{self.path} cannot be written: {error.strerror}.") from error
        return partial

    def _check_length(self) -> None:
        """What cannot be noticed while writing: samples that were buffered and lost on closing."""
        size = self.frames * self.channels * TAKEN_BY_SAMPLES.get(self._subtype, 0)
        if self.path.suffix.lower() == ".wav" and self._partial.stat().st_size < size:
            raise OSError("the disk is full.")


def quantised(samples: Samples, bits: int, dice: np.random.Generator | None = None) -> npt.NDArray[np.int32]:
    """Samples as whole numbers in the upper `bits` of 32, the nearest ones unless there are dice.

    The library's own conversion rounds down, and scales by one step less than what it reads back by.
    """
    scaled = samples.astype(np.float64) * (1 << (bits - 1))
    if dice is not None:
        scaled += dice.random(samples.shape) - dice.random(samples.shape)
    whole = np.clip(np.nan_to_num(np.rint(scaled)), -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return np.ascontiguousarray(whole.astype(np.int32) << (32 - bits))


def fitting_rate(path: Path, rate_hz: int) -> int:
    """The rate itself where files of this ending can have it, else the lowest one above, else their highest."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        return rate_hz
    higher = [rate for rate in form.rates_hz if rate >= rate_hz]
    return min(higher) if higher else min(rate_hz, form.max_rate_hz)


def check_format(path: Path, sample_rate_hz: int, bit_depth: int | None, channels: int = 1) -> None:
    """Raise `MediaError` where such a file could not be written there."""
    AudioWriter(path, sample_rate_hz=sample_rate_hz, channels=channels, bit_depth=bit_depth).discard()


def part_bits(path: Path, bit_depth: int | None) -> int:
    """Bits of the WAV file that a take is while it is recorded: floating point where it is to be encoded later."""
    return (bit_depth or 24) if path.suffix.lower() == ".wav" else 32


def give_free_name(part: Path, wanted: Path, first: int = 1) -> tuple[Path, int]:
    """Name a finished file `name.wav`, or `name-2.wav` and so on where that is taken; returns the path and the number.

    Numbers below `first` are left out. Raises `MediaError`.
    """
    number = first
    while True:
        path = wanted if number == 1 else wanted.with_stem(f"{wanted.stem}-{number}")
        try:
            _rename_to_new(part, path)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise MediaError(f"{path} cannot be written: {error.strerror}.") from error
        else:
            with suppress(OSError):  # some systems cannot; the file is there, only a power cut could take its name
                disk.sync_folder(str(path.parent))
            return path, number


def _rename_to_new(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: only there two programs could choose the same name at once
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        part.rename(path)
    else:
        part.unlink()


def transcode(part: Path, wanted: Path, bit_depth: int | None, first: int = 1) -> tuple[Path, int]:
    """Encode a finished WAV file to the format that `wanted` has, under a free name; see `give_free_name`."""
    try:
        source = soundfile.SoundFile(str(part))
    except soundfile.LibsndfileError as error:
        raise MediaError(f"{part} cannot be read back: {error.error_string.rstrip('.')}.") from error
    with source:
        writer = AudioWriter(wanted, sample_rate_hz=source.samplerate, channels=source.channels, bit_depth=bit_depth)
        try:
            for block in source.blocks(CHUNK_FRAMES, dtype="float32", always_2d=True):
                writer.write(block.T)
        except BaseException:
            writer.discard()
            raise
        written, number = writer.finish_beside(first)
    return written.path, number


def write_audio(path: str | Path, audio: Samples, sample_rate_hz: int, bit_depth: int | None = None) -> Written:
    """Write an array of shape (channels, frames) to a file; see `AudioWriter`."""
    frames = audio.shape[1]
    writer = AudioWriter(
        path, sample_rate_hz=sample_rate_hz, channels=audio.shape[0], bit_depth=bit_depth, expected_frames=frames
    )
    try:
        writer.write(audio)
    except BaseException:
        writer.discard()
        raise
    return writer.finish()


def _format_of(path: Path, channels: int, sample_rate_hz: int) -> Format:
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        ending = f"“{path.suffix}” is no format" if path.suffix else "the name has no ending"
        raise MediaError(f"{path} cannot be written: {ending} GraphDAW writes ({', '.join(sorted(FORMATS))}).")
    if not 1 <= channels <= form.max_channels:
        raise MediaError(f"{path} cannot hold {channels} channels: {form.title} takes 1 to {form.max_channels}.")
    if sample_rate_hz > form.max_rate_hz:
        raise MediaError(f"{path} cannot be at {sample_rate_hz} Hz: {form.title} goes up to {form.max_rate_hz} Hz.")
    if form.rates_hz and sample_rate_hz not in form.rates_hz:
        possible = ", ".join(map(str, form.rates_hz))
        raise MediaError(f"{path} cannot be at {sample_rate_hz} Hz: {form.title} takes {possible} Hz.")
    return form


def _subtype_of(path: Path, form: Format, bit_depth: int | None) -> str:
    depths = [depth for depth in form.subtypes if depth]
    if bit_depth is None:
        return next(iter(form.subtypes.values()))
    if not depths:
        raise MediaError(f"{path} cannot have a bit depth: {form.title} has none to choose.")
    if bit_depth not in depths:
        raise MediaError(
            f"{path} cannot have {bit_depth} bits: {form.title} takes {', '.join(map(str, sorted(depths)))}."
        )
    return form.subtypes[bit_depth]


def _compression(path: Path, form: Format, quality: float | None) -> dict[str, float]:
    """What the library is told about quality: its scale goes from best to smallest."""
    if quality is None:
        return {}
    if any(form.subtypes):
        raise MediaError(f"{path} cannot have a quality: {form.title} loses nothing.")
    if not 0.0 <= quality <= 1.0:
        raise MediaError(f"{path} cannot have a quality of {quality}: it goes from 0 to 1.")
    return {"compression_level": 1.0 - quality}


def _why_disk(partial: Path, error: Exception | None = None) -> str:
    """Why a write failed, as far as the system tells: libsndfile keeps no error number."""
    if isinstance(error, OSError):
        return f"{(error.strerror or str(error)).rstrip('.')}."
    try:
        free = os.statvfs(partial.parent)
    except OSError:
        return "its folder is gone."
    if free.f_bavail * free.f_frsize < 1 << 20:
        return "the disk is full."
    return "the system refused the data (a quota or a limit on file size?)."
