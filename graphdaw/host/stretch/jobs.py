"""Stretching recordings in the background: jobs, the threads that look after helpers, and what was made before."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphdaw.errors import GraphdawError, MediaError
from graphdaw.graph.project import disk
from graphdaw.host.media import MAX_LOADED_BYTES, MediaStream
from graphdaw.host.stretch.cache import Cache, sha256_of
from graphdaw.host.stretch.helpers import Helper
from graphdaw.host.stretch.plan import MOST_SEMITONES, marks_of, pieces_of
from graphdaw.nodes.base import Recording

Samples = npt.NDArray[np.float32]

VERSION = 1  # of what is done with the library, which is another sound when it changes
LIBRARY = "python-stretch"
IDLE_S = 30.0  # after which a helper is let go
PATIENCE_S = 60.0  # for a helper that says nothing,
PATIENCE = 1.0  # and so much more a second of each channel
MOST_HELPERS = 4


@dataclass(frozen=True, slots=True)
class Stretched:
    """A recording that was stretched: a WAV file in the cache, to be read and never written."""

    path: Path
    channels: int
    frames: int
    sample_rate_hz: float


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be made of which recording."""

    recording: Path | Recording
    marks: tuple[tuple[float, float], ...] | None
    ratio: float | None
    pitch_semitones: float

    @property
    def name(self) -> str:
        """The recording, as sentences name it."""
        return self.recording.name if isinstance(self.recording, Recording) else str(self.recording)


class Job(Future[Stretched]):
    """A stretched recording to come: a future that tells its `progress`, and that can be cancelled at any time."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task
        self.progress = 0.0  # 0 to 1
        self.stop = threading.Event()
        self._helper: Helper | None = None
        self._helped = threading.Lock()

    def cancel(self) -> bool:
        """Do not make it, or stop making it, which `result` then tells by CancelledError; False once it is made."""
        if super().cancel():
            return True
        self.stop.set()
        with self._helped:
            if self._helper is not None:
                self._helper.kill()
        return not self.done()

    def helped_by(self, helper: Helper | None) -> None:
        """Who works at it now, and is to be ended when it is cancelled."""
        with self._helped:
            self._helper = helper


class Stretcher:
    """Makes stretched recordings, several at a time, none of them twice."""

    def __init__(
        self,
        cache: Cache | None = None,
        helpers: int | None = None,
        patience: tuple[float, float] = (PATIENCE_S, PATIENCE),
    ) -> None:
        self.cache = cache or Cache()
        self._most = helpers or min(MOST_HELPERS, max(1, (os.cpu_count() or 2) // 2))
        self._patience = patience
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._keepers: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._unfinished: set[Job] = set()
        self._open = True

    def stretch(
        self,
        recording: str | os.PathLike[str] | Recording,
        *,
        marks: Sequence[tuple[float, float]] | None = None,
        ratio: float | None = None,
        pitch_semitones: float = 0.0,
    ) -> Job:
        """Make a recording longer or shorter at the same pitch, or higher or lower at the same length, or both.

        `marks` are pairs of a time in the recording and the time at which that is to be heard, in seconds; what lies
        between the first and the last is made, the first mark at its beginning. `ratio` stretches all of it. The job's
        `result` raises MediaError.
        """
        source = recording if isinstance(recording, Recording) else Path(recording)
        given = tuple((float(a), float(b)) for a, b in marks) if marks is not None else None
        job = Job(Task(source, given, ratio, float(pitch_semitones)))
        with self._lock:
            if not self._open:
                raise MediaError(f"{job.task.name} cannot be stretched: stretching was closed.")
            self._unfinished.add(job)
            self._jobs.put(job)
            if len(self._keepers) < self._most:
                self._keepers.append(threading.Thread(target=self._keep, name="graphdaw-stretch", daemon=True))
                self._keepers[-1].start()
        return job

    def close(self) -> None:
        """Stop everything that is under way or waits."""
        with self._lock:
            self._open = False
            keepers, self._keepers = self._keepers, []
            left = list(self._unfinished)
        for job in left:
            job.cancel()
        for _ in keepers:
            self._jobs.put(None)
        for keeper in keepers:
            keeper.join()

    def _keep(self) -> None:
        """One thread: jobs for one helper, until all is closed."""
        helper = Helper()
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                helper.close()
                continue
            if job is None:
                helper.close()
                return
            if job.set_running_or_notify_cancel():
                self._do(job, helper)
            with self._lock:
                self._unfinished.discard(job)

    def _do(self, job: Job, helper: Helper) -> None:
        try:
            made = self._made(job, helper)
        except GraphdawError as error:
            job.set_exception(error)
        except OSError as error:
            job.set_exception(MediaError(f"{job.task.name} could not be stretched: {error.strerror or error}."))
        except BaseException as error:
            job.set_exception(error)
        else:
            job.progress = 1.0
            job.set_result(made)

    def _made(self, job: Job, helper: Helper) -> Stretched:
        task = job.task
        if not abs(task.pitch_semitones) <= MOST_SEMITONES:
            raise MediaError(
                f"{task.name} cannot be transposed by {task.pitch_semitones:g} semitones: "
                f"{MOST_SEMITONES:g} up or down is possible."
            )
        source = _look(task)
        marks = marks_of(task.marks, task.ratio, source.frames / source.rate_hz, task.name)
        frames = sum(piece.frames for piece in pieces_of(marks, source.rate_hz))
        if not 0 < frames * source.channels * 4 <= MAX_LOADED_BYTES:
            raise MediaError(
                f"{task.name} would become {frames} frames long, which is {'too long' if frames else 'nothing'}."
            )
        key = _key(source, marks, task.pitch_semitones)
        with self._lock:
            making = self._making[key]
        with making:
            path = self.cache.find(key) or self._make(job, helper, source, marks, key, frames)
        return Stretched(path, source.channels, frames, source.rate_hz)

    def _make(
        self,
        job: Job,
        helper: Helper,
        source: Source,
        marks: tuple[tuple[float, float], ...],
        key: str,
        frames: int,
    ) -> Path:
        """Have it made in the cache's folder."""
        self.cache.make_room()
        folder = str(self.cache.folder)
        with ExitStack() as drafts:
            target, _ = drafts.enter_context(disk.temporary(folder, f"{key}.wav"))
            words = {
                "name": job.task.name,
                "source": str(source.path),
                "raw": source.samples is not None,
                "channels": source.channels,
                "rate_hz": source.rate_hz,
                "marks": marks,
                "pitch_semitones": job.task.pitch_semitones,
                "target": target,
            }
            if source.samples is not None:
                raw, handle = drafts.enter_context(disk.temporary(folder, f"{key}.raw"))
                with os.fdopen(os.dup(handle), "wb") as file:
                    file.write(np.ascontiguousarray(source.samples, np.float32).tobytes())
                words["source"] = raw

            def tell(done: float) -> None:
                job.progress = done

            patience_s = self._patience[0] + self._patience[1] * frames * source.channels / source.rate_hz
            job.helped_by(helper)
            try:
                helper.run(words, patience_s, tell, job.stop)
            finally:
                job.helped_by(None)
            return self.cache.put(key, Path(target))


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as it was found: at its own rate, and by the hash of what it holds."""

    path: Path
    samples: Samples | None
    channels: int
    frames: int
    rate_hz: float
    sha256: str


def _look(task: Task) -> Source:
    """Length, rate and hash of a recording; raises MediaError and OSError."""
    recording = task.recording
    if isinstance(recording, Recording):
        samples = np.ascontiguousarray(recording.samples, np.float32)
        channels, frames = samples.shape
        return Source(
            Path(), samples, channels, frames, recording.rate_hz, hashlib.sha256(samples.tobytes()).hexdigest()
        )
    with MediaStream(recording, 48_000.0) as stream:
        rate_hz = stream.file_rate_hz
    with MediaStream(recording, float(rate_hz)) as stream:
        channels, length = stream.channels, stream.frames
    if length is None:
        raise MediaError(f"{recording} does not say how long it is, so it cannot be stretched; convert it to WAV.")
    return Source(recording, None, channels, length, float(rate_hz), sha256_of(recording))


def _key(source: Source, marks: tuple[tuple[float, float], ...], pitch_semitones: float) -> str:
    """What a stretched recording is known by: all that its sound depends on."""
    try:
        library = metadata.version(LIBRARY)
    except metadata.PackageNotFoundError:
        library = ""  # the helper tells
    parts = [VERSION, library, source.sha256, source.channels, source.frames, source.rate_hz, marks, pitch_semitones]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_shared: list[Stretcher] = []
_sharing = threading.Lock()


def stretcher() -> Stretcher:
    """The one of this program, which is closed when it ends."""
    with _sharing:
        if not _shared:
            _shared.append(Stretcher())
            atexit.register(_shared[0].close)
        return _shared[0]
