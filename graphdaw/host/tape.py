"""Tapes: what `record` nodes hear, in files, a file a take. The core writes them; here they get their names."""

from __future__ import annotations

import errno
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError, MediaError
from graphdaw.host.files import check_format, give_free_name, part_bits, transcode

WHY = {
    errno.ENOSPC: "the disk is full.",
    errno.EDQUOT: "the quota is used up.",
    errno.EFBIG: "the system allows no longer file.",
}


STAMP_AT = 48 + 8 + 338  # in a take's file: the broadcast extension's time reference (csrc/wav.c)


@dataclass(frozen=True, slots=True)
class Take:
    """A finished recording: where it is, and where it belongs.

    `start_frame` is the place in the piece of its first sample, below 0 before it begins; `preroll_frames` of it lie
    before the gate opened. `lost_frames` came while the disk was too far behind, and are silent in it, so that all
    others are in their place. A take is not `complete` where the disk refused the rest, or where it was found after a
    crash (`recovered`). `peak` is 1.0 at full scale; what was louder is `clipped`, but in floating point.
    """

    path: Path
    channels: int
    frames: int
    sample_rate_hz: int
    start_frame: int
    preroll_frames: int = 0
    lost_frames: int = 0
    peak: float = 0.0
    clipped: bool = False
    complete: bool = True
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class TapeSettings:
    """How a tape records: to what file, in what form, how much before the gate opens, and how late what is heard is.

    `late_frames` is asked again while it gives None; until then the node's memory keeps what there is to write.
    """

    path: Path
    sample_rate_hz: int
    bit_depth: int | None = None
    preroll_frames: int = 0
    late_frames: Callable[[], int | None] = lambda: 0


@dataclass(frozen=True, slots=True)
class TapeState:
    """How a tape is doing: the take that is being written, and how far behind the sound the disk is and was at most."""

    writing: bool
    start_frame: int
    frames: int
    lost_frames: int
    peak: float
    held_s: float
    held_peak_s: float
    room_s: float


class Positions:
    """Where in the piece the frames of an engine's clock are, since it began at one: what the transport did."""

    def __init__(self, position: int = 0, rolls: bool = True) -> None:
        self._turns = [(0, position, rolls)]

    def turn(self, frame: int, position: int, rolls: bool | None = None) -> None:
        """From that frame of the clock on the piece goes on from that place, or stands there; None: as before."""
        self._turns.append((frame, position, self._turns[-1][2] if rolls is None else rolls))

    def of(self, frame: int) -> int:
        """The position of a frame of the clock; before the piece sets off, as if it had come from before.

        So what is recorded while it is counted in lies before the place where it begins, even before the piece.

        >>> positions = Positions(1_000)
        >>> positions.turn(500, 0)
        >>> positions.turn(700, 200, rolls=False)
        >>> positions.of(499), positions.of(500), positions.of(900)
        (1499, 0, 200)
        >>> positions.turn(1_000, 200, rolls=True)
        >>> positions.of(900)
        100
        """
        begin, position, rolls = next(turn for turn in reversed(self._turns) if turn[0] <= frame)
        if not rolls:
            begin, position, rolls = next((turn for turn in self._turns if turn[0] > frame), (begin, position, False))
        return position + (frame - begin if rolls else 0)


class Tape:
    """Records one node; `takes` are those that are finished, `problem` says in a sentence why it had to stop.

    Takes are named `take.wav`, `take-2.wav` and so on; a name that is in use is left alone and the next one taken.
    """

    def __init__(
        self,
        engine: Any,
        index: int,
        settings: TapeSettings,
        positions: Positions,
        *,
        from_frame: int,
        takes: list[Take] | None = None,
    ) -> None:
        check_format(settings.path, settings.sample_rate_hz, settings.bit_depth)
        self.settings = settings
        self.positions = positions
        self.index = index
        self.takes: list[Take] = [] if takes is None else takes
        self._told = len(self.takes)
        self.problem = ""
        self._engine = engine
        self._numbered = 0
        self._late_known = False
        self._using = threading.RLock()  # the core's tapes: they are given back while nobody looks at them
        self._reels: list[_Reel] = []
        self._reels.append(self._reel(from_frame))

    @property
    def lost_frames(self) -> int:
        """What the disk was too late for, in the finished takes."""
        return sum(take.lost_frames for take in self.takes)

    def follow(self, index: int, now: int, *, begins: int | None = None) -> None:
        """The node has been replaced by another one: its take ends, and goes on in the next, at `begins` if not now."""
        if index != self.index or not self._reels or self._reels[-1].orphaned():
            self.stop(now)
            self.index = index
            self._reels.append(self._reel(now if begins is None else begins))

    def stop(self, at: int) -> None:
        """End at that frame; the disk may still be behind."""
        for reel in self._reels:
            reel.stop(at)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until all takes have their names; False if that takes longer."""
        for reel in self._reels:
            reel.naming.join(timeout_s)
        return not any(reel.naming.is_alive() for reel in self._reels)

    def catch_up(self, share: float) -> None:
        """Wait for the disk until no more than that share of the ring is held: for time that does not run by itself."""
        with self._using:
            for reel in self._reels:
                reel.catch_up(share)

    def ended(self) -> bool:
        """True when nothing more will be written."""
        return not any(reel.naming.is_alive() for reel in self._reels)

    def new_takes(self) -> list[Take]:
        """Those that were finished since last asked."""
        takes = self.takes[self._told :]
        self._told += len(takes)
        return takes

    def hear_late(self) -> None:
        """Ask how late what is heard is, where that was not known when the tape began."""
        if not self._late_known and (late := self.settings.late_frames()) is not None:
            self._late_known = True
            with self._using:  # not while asking, which takes the engine's lock
                for reel in self._reels:
                    reel.late(late)

    def free(self) -> None:
        """Give back what has ended; on the control side."""
        with self._using:
            ended = [reel for reel in self._reels if not reel.naming.is_alive()]
            self._reels = [reel for reel in self._reels if reel not in ended]
            for reel in ended:
                reel.free()

    def state(self) -> TapeState:
        """How it is doing now."""
        core, rate = ffi.new("GdTapeState *"), self.settings.sample_rate_hz
        with self._using:
            if self._reels:
                self._reels[-1].read_state(core)
        return TapeState(
            bool(core.writing),
            int(core.start),
            int(core.frames),
            int(core.lost),
            float(core.peak),
            core.held_frames / rate,
            core.held_peak_frames / rate,
            core.ring_frames / rate,
        )

    def _reel(self, from_frame: int) -> _Reel:
        before = self._reels[-1].naming if self._reels else None
        late = self.settings.late_frames()
        self._late_known = late is not None
        return _Reel(
            self._engine, self.index, self.settings, late, from_frame, partial(self._finish, self.positions), before
        )

    def _finish(self, positions: Positions, part: Path, core: Any) -> None:
        """Name a take that the core has finished, in the form that was asked for."""
        settings = self.settings
        if core.error:
            self.problem = (
                f"{settings.path} could not be written: {_why(core.error)} "
                "What was recorded until then is kept, and the sound goes on."
            )
        if core.file < 0:
            return
        with suppress(OSError):  # the disk fails: the take is there, with the engine's clock for its stamp
            os.pwrite(core.file, max(0, positions.of(core.start)).to_bytes(8, "little"), STAMP_AT)
        try:
            path = self._name(part)
        except MediaError as error:
            self.problem = f"{error} What was recorded is kept as {part}."
            path = part
        finally:
            os.close(core.file)
        self.takes.append(
            Take(
                path,
                core.channels,
                core.frames,
                settings.sample_rate_hz,
                positions.of(core.start),
                core.opened - core.start,
                core.lost,
                core.peak,
                core.peak > 1.0 and part_bits(path, settings.bit_depth) < 32,
                complete=not core.error,
            )
        )

    def _name(self, part: Path) -> Path:
        wanted, depth = self.settings.path, self.settings.bit_depth
        if wanted.suffix.lower() != ".wav":
            try:
                path, self._numbered = transcode(part, wanted, depth, self._numbered + 1)
            except MediaError as error:
                wanted = wanted.with_suffix(".wav")
                self.problem = f"{error} The take was kept as {wanted.name}."
            else:
                part.unlink(missing_ok=True)
                return path
        path, self._numbered = give_free_name(part, wanted, self._numbered + 1)
        return path


class _Reel:
    """One tape of the core, and the thread that names what comes off it."""

    def __init__(
        self,
        engine: Any,
        index: int,
        settings: TapeSettings,
        late: int | None,
        from_frame: int,
        finish: Callable[[Path, Any], None],
        before: threading.Thread | None,
    ) -> None:
        path = settings.path
        self._parts = path.absolute().parent / f".{path.name}.{secrets.token_hex(4)}"
        self._finish = finish
        self._before = before  # its takes come first
        self._stopped = False
        name = ffi.new("char[]", os.fsencode(self._parts))
        bits = part_bits(path, settings.bit_depth)
        late = lib.GD_LATE_UNKNOWN if late is None else late
        spec = ffi.new("GdTapeSpec *", [name, bits, settings.preroll_frames, late, from_frame])
        self._core = lib.gd_tape_new(engine, index, spec)
        if self._core == ffi.NULL:
            raise EngineError("The thread that records could not be started; close other programs and try again.")
        self.naming = threading.Thread(target=self._name_takes, name="graphdaw-takes", daemon=True)
        self.naming.start()

    def late(self, frames: int) -> None:
        lib.gd_tape_late(self._core, frames)

    def stop(self, at: int) -> None:
        if not self._stopped:  # where it ends was said by the clock that it began at
            self._stopped = True
            lib.gd_tape_stop(self._core, at)

    def catch_up(self, share: float) -> None:
        core = ffi.new("GdTapeState *")
        lib.gd_tape_state(self._core, core)
        lib.gd_tape_catch_up(self._core, int(share * core.ring_frames))

    def read_state(self, core: Any) -> None:
        lib.gd_tape_state(self._core, core)

    def orphaned(self) -> bool:
        """Whether its node is gone; another one may have the same index."""
        core = ffi.new("GdTapeState *")
        lib.gd_tape_state(self._core, core)
        return bool(core.orphaned)

    def free(self) -> None:
        lib.gd_tape_free(self._core)

    def _name_takes(self) -> None:
        take = ffi.new("GdTake *")
        if self._before is not None:
            self._before.join()
        while lib.gd_tape_next(self._core, take):
            self._finish(self._parts.with_name(f"{self._parts.name}-{take.number}.part.wav"), take)


def _why(number: int) -> str:
    return WHY.get(number, f"{os.strerror(number).rstrip('.').lower()}.")
