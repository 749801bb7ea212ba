"""Recordings from disk, as float32 planes at the rate the engine runs at. Any thread but the audio thread."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import soundfile

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.host.chunks import read_chunks
from graphdaw.host.rates import RateChanger
from graphdaw.nodes.base import Recording

Samples = npt.NDArray[np.float32]

MAX_CHANNELS = 64
MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 768_000  # of a file; a rate of 1 Hz would make a gigabyte of a kilobyte
FORMATS = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3"}  # libsndfile's names
MAX_LOADED_BYTES = 1 << 30  # 46 minutes of 48 kHz stereo; longer recordings are streamed
MAGIC = {b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"fLaC", b"OggS"}
KINDS = "WAV, AIFF, FLAC, Ogg, MP3, CAF, W64 and AU can be"
LOUDEST = 1e9  # full scale is 1; what is louder is damage, and would overflow in the resampler
CHUNK_FRAMES = 16_384  # decoded at a time, or as many fewer as a higher rate makes of them
PREROLL_FRAMES = 2_048  # read ahead of a place that is sought, so that the resampler's filter is full when it arrives


DECODER_LEAD_FRAMES = 11_520  # ten MP3 frames: a decoder set down in the middle is right only after some of them


class _Decoder(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file whose reads do not seek: the library's do, after each read, which breaks MP3 at every chunk."""

    def seekable(self) -> bool:
        """No, as far as `read` is concerned."""
        return False


class MediaStream:
    """A recording read piece by piece in constant memory, resampled to `sample_rate_hz`.

    `channels` is the file's own; `frames` is the length at `sample_rate_hz`, or None where the file does not say.
    With `loop` it never ends: the resampler runs on across the seam. Samples that are not finite, or past all
    measure, become zeros.
    Raises `MediaError`.
    """

    def __init__(self, path: str | Path, sample_rate_hz: float, loop: bool = False) -> None:
        self.path = Path(path)
        self.loop = loop
        self._rate_hz = float(sample_rate_hz)
        if not 1.0 <= self._rate_hz <= MAX_RATE_HZ:
            raise MediaError(
                f"{self.path} cannot be played at {sample_rate_hz} Hz: rates go from 1 to {MAX_RATE_HZ} Hz."
            )
        self._file = _open(self.path)
        self.channels: int = self._file.channels
        self.file_rate_hz: int = self._file.samplerate
        self._chunk_frames = max(1, int(CHUNK_FRAMES * min(1.0, self.file_rate_hz / self._rate_hz)))
        known = _is_known(self._file.frames)
        self.frames: int | None = _length(self._file.frames, self.file_rate_hz, self._rate_hz) if known else None
        if self._file.frames == 0:
            self._file.close()
            raise MediaError(f"{self.path} holds no sound: its length is 0 frames.")
        self._pending: Samples = np.zeros((self.channels, 0), np.float32)  # decoded, not yet asked for
        self._ended = False
        self._start(0)

    def read(self, frames: int) -> Samples:
        """The next `frames` frames, shape (channels, n); n is less only where the recording ends, then 0."""
        while self._pending.shape[1] < frames and not self._ended:
            self._fill()
        ready, self._pending = self._pending[:, :frames], self._pending[:, frames:]
        return np.ascontiguousarray(ready)

    def seek(self, frame: int) -> None:
        """Go to a frame, counted at `sample_rate_hz`; what is read there is what reading on would have given."""
        if frame < 0:
            raise MediaError(f"{self.path} cannot be read from frame {frame}: frames count from 0.")
        self._start(frame)

    def close(self) -> None:
        """Close the file; reading afterwards is an error."""
        self._file.close()

    def __enter__(self) -> MediaStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, frame: int) -> None:
        """Set the file and a fresh resampler so that `frame` comes next."""
        source, skip = frame, 0
        self._resampler: RateChanger | None = None
        if self._rate_hz != self.file_rate_hz:
            self._resampler = RateChanger(self.file_rate_hz, self._rate_hz, self.channels)
            source, skip = self._whole_period_before(frame)
        if self.loop and self._file.frames:
            source %= self._file.frames
        lead = min(source, DECODER_LEAD_FRAMES)
        try:
            self._file.seek(min(source, self._file.frames) - lead)
            self._file.read(lead, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise MediaError(f"{self.path} cannot be read from frame {frame}: {_reason(error)}") from error
        self._pending = np.zeros((self.channels, 0), np.float32)
        self._ended = False
        while skip > 0 and not self._ended:
            skip -= self.read(min(skip, CHUNK_FRAMES)).shape[1]

    def _whole_period_before(self, frame: int) -> tuple[int, int]:
        """A source frame that falls exactly on an output frame before `frame`, and how far before it that is."""
        if not self._rate_hz.is_integer():
            source = max(0, int(frame * self.file_rate_hz / self._rate_hz) - PREROLL_FRAMES)
            return source, frame - round(source * self._rate_hz / self.file_rate_hz)
        common = math.gcd(self.file_rate_hz, int(self._rate_hz))
        source_period, period = self.file_rate_hz // common, int(self._rate_hz) // common
        periods = max(0, frame // period - -(-PREROLL_FRAMES // source_period))
        return periods * source_period, frame - periods * period

    def _fill(self) -> None:
        """Decode one chunk, resample it and put it behind what is pending."""
        block = self._decode()
        last = len(block) == 0
        if self._resampler is not None:
            block = self._resampler.change(block, last)
        self._ended = last
        self._pending = np.concatenate([self._pending, block.T], axis=1)

    def _decode(self) -> Samples:
        """The file's next chunk, shape (frames, channels); empty at the end."""
        try:
            block: Samples = self._file.read(self._chunk_frames, dtype="float32", always_2d=True)
            if len(block) == 0 and self.loop:
                self._file.seek(0)
                block = self._file.read(self._chunk_frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise MediaError(f"{self.path} is damaged: {_reason(error)}") from error
        sound = np.abs(block) <= LOUDEST  # which nothing that is not a number is
        if not sound.all():
            block[~sound] = 0.0
        return block


def load_media(path: str | Path, sample_rate_hz: float) -> Samples:
    """A whole recording, float32 of shape (channels, frames), at `sample_rate_hz`.

    Raises `MediaError` where it is missing, is no audio, or would take more than 1 GiB of memory.
    """
    with MediaStream(path, sample_rate_hz) as stream:
        limit = MAX_LOADED_BYTES // (4 * stream.channels)
        if stream.frames is not None and stream.frames > limit:
            raise _too_long(stream, limit)
        pieces, frames = [], 0
        for piece in _pieces(stream):
            pieces.append(piece)
            frames += piece.shape[1]
            if frames > limit:  # the header promised less than the file holds
                raise _too_long(stream, limit)
    if not frames:
        raise MediaError(f"{stream.path} holds no sound: nothing could be decoded.")
    return np.concatenate(pieces, axis=1)


def read_recording(path: str | Path, sample_rate_hz: float | None, name: str) -> Recording:
    """A whole recording with what its file says of it, at `sample_rate_hz`, or at its own rate for None.

    Raises `MediaError`.
    """
    with _open(Path(path)) as file:
        own_hz, frames = float(file.samplerate), file.frames
    rate_hz = own_hz if sample_rate_hz is None else float(sample_rate_hz)
    samples = load_media(path, rate_hz)
    chunks = read_chunks(path)
    first, end = chunks.loop if chunks.loop[1] <= frames else (0, 0)
    return Recording(
        name, samples, rate_hz, (round(first * rate_hz / own_hz), round(end * rate_hz / own_hz)), chunks.cycle_frames
    )


def length_s(path: str | Path) -> float:
    """How long a recording is, in seconds: as its file says or, where it does not, by reading it."""
    with _open(Path(path)) as file:
        rate_hz, frames = file.samplerate, file.frames
    if not _is_known(frames):
        with MediaStream(path, rate_hz) as stream:
            frames = sum(piece.shape[1] for piece in _pieces(stream))
    return float(frames / rate_hz)


def _is_known(frames: int) -> bool:
    return 0 <= frames < 1 << 48  # libsndfile's word for "unknown" is the largest number it has


def _pieces(stream: MediaStream) -> Iterator[Samples]:
    while (piece := stream.read(CHUNK_FRAMES)).shape[1]:
        yield piece


def _too_long(stream: MediaStream, limit: int) -> MediaError:
    minutes = limit / stream._rate_hz / 60.0
    return MediaError(
        f"{stream.path} is too long to load: with {stream.channels} channels, {minutes:.0f} minutes is the limit."
    )


def _open(path: Path) -> _Decoder:
    """The file behind `path`, with its header inside the limits."""
    try:
        with outside.opened(path) as plain:
            head = plain.read(12)
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist.") from error
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}; choose a recording.") from error
    if not _begins_as_known(head):
        raise MediaError(f"{path} is no recording that can be read: {KINDS}.")
    try:
        file = _Decoder(str(path))
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        raise MediaError(f"{path} is no recording that can be read: {_reason(error)}") from error
    reason = ""
    if file.format not in FORMATS:
        reason = f"it is of the kind {file.format}; {KINDS}."
    elif not 1 <= file.channels <= MAX_CHANNELS:
        reason = f"it has {file.channels} channels, and 1 to {MAX_CHANNELS} are allowed."
    elif not MIN_RATE_HZ <= file.samplerate <= MAX_RATE_HZ:
        reason = f"its sample rate is {file.samplerate} Hz, and {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are allowed."
    if reason:
        file.close()
        raise MediaError(f"{path} cannot be used: {reason}")
    return file


def _begins_as_known(head: bytes) -> bool:
    """Whether it is worth asking libsndfile, which else tries 15 old formats, one of which opens other files."""
    return head[:4] in MAGIC or head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0)


def _reason(error: Exception) -> str:
    """The library's reason without its prefix, as the end of a sentence."""
    text = getattr(error, "error_string", "") or str(error)
    return text.strip().rstrip(".") + "."


def _length(frames: int, from_hz: float, to_hz: float) -> int:
    return frames if from_hz == to_hz else round(frames * to_hz / from_hz)
