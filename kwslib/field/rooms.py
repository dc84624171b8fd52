"""Rooms: impulse responses from a mouth and from a background source to the microphone, simulated or measured.

Simulated rooms are boxes, computed by the image-source method (Allen and Berkley, JASA 65, 1979; pyroomacoustics,
Scheibler et al., ICASSP 2018). A box decays more slowly than Sabine's law predicts; an exponential therefore sets each
response to exactly its reverberation time. A bank of rooms is generated once per field and split from a seed, and
cached: training, validation and testing never share a room.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError
from kwslib.field.conditions import Field
from kwslib.field.responses import BEFORE, decay_time, read_response
from kwslib.labels import SAMPLE_RATE
from kwslib.paths import absent
from kwslib.progress import over_cores

ROOMS = 100  # of a split
SMALLEST, LARGEST = (3.0, 3.0, 2.4), (7.0, 6.0, 3.0)  # m
WALL = 0.3  # m that mouth and microphone keep from it
MOST_REFLECTIONS = 50
AUDIO = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".w64", ".caf")  # what of a folder is a response


@dataclass(frozen=True)
class Room:
    """`speech` and `background`: impulse responses float32 (n,) at 16 kHz. Direct speech at 1 m has a gain of 1.
    `taken`: what of a measured response is used, in words, where it is not all."""

    name: str
    distance: float
    rt60: float
    speech: np.ndarray
    background: np.ndarray
    taken: str = ""


def room_bank(field: Field, split: str, count: int = ROOMS) -> tuple[Room, ...]:
    """The rooms of a split for a field's distances and reverberation times, cached."""
    rng = np.random.default_rng([SPLITS.index(split), 2204])
    shares = (np.arange(count) + 0.5) / count  # even over both ranges, in random company
    distances = _logarithmic(field.distance, rng.permutation(shares))
    if field.rt60 is None:
        return tuple(_open_air(float(distance)) for distance in distances)
    times = field.rt60[0] + rng.permutation(shares) * (field.rt60[1] - field.rt60[0])
    seeds = rng.integers(2**32, size=count)

    def make() -> dict[str, np.ndarray]:
        draws = list(zip(seeds, distances, times, strict=True))
        rooms = over_cores(lambda draw: _simulated(*draw), draws, f"rooms for {split}")
        arrays = {
            f"{n}_{part}": getattr(r, part) for n, r in enumerate(rooms) for part in ("speech", "background")
        }
        return arrays | {"names": np.array([room.name for room in rooms])}

    responses = cached("rooms", digest(field.distance, field.rt60, split, count, code(__name__)), make)
    return tuple(
        Room(
            str(responses["names"][n]),
            float(d),
            float(t),
            responses[f"{n}_speech"],
            responses[f"{n}_background"],
        )
        for n, (d, t) in enumerate(zip(distances, times, strict=True))
    )


def measured_rooms(folder: Path, field: Field, count: int = ROOMS) -> tuple[Room, ...]:
    """Rooms from measured impulse responses, one audio file each, at distances drawn from the field.

    A response is scaled by its direct sound; the background uses the response of another file, if there is one.
    Rooms with a longer reverberation time than the field's are used unchanged. Raises KwsError for a folder without
    responses, and as `read_response` does.
    """
    if not folder.is_dir():
        raise KwsError(f"{folder}: {absent(folder, 'folder')}: give one of impulse responses (WAV or FLAC)")
    audio = (path for path in folder.iterdir() if path.suffix.lower() in AUDIO and path.is_file())
    found_here = (path for path in audio if path.name[0] != ".")
    paths = sorted(found_here, key=lambda path: path.name)  # on Windows, paths would ignore case
    if not paths:
        raise KwsError(f"{folder}: no impulse responses here: put WAV or FLAC files into it")
    found = [(path.name, *read_response(path)) for path in paths]
    rng = np.random.default_rng(2205)
    distances = _logarithmic(field.distance, rng.permutation((np.arange(count) + 0.5) / count))
    rooms = []
    for number, distance in enumerate(distances):
        name, time, near, taken = found[number % len(found)]
        other = found[(number + 1) % len(found)][2]
        rooms.append(Room(name, float(distance), time, near / np.float32(distance), other, taken))
    return tuple(rooms)


def _logarithmic(limits: tuple[float, float], shares: np.ndarray) -> np.ndarray:
    return limits[0] * (limits[1] / limits[0]) ** shares


def _open_air(distance: float) -> Room:
    return Room("open air", distance, 0.0, np.array([1 / distance], np.float32), np.ones(1, np.float32))


def _simulated(seed: int, distance: float, rt60: float) -> Room:
    """A box with the microphone on a table, a mouth at `distance`, a source of background anywhere."""
    import pyroomacoustics

    rng = np.random.default_rng(int(seed))
    while True:
        size = rng.uniform(SMALLEST, LARGEST)
        microphone = np.array([*rng.uniform(WALL, size[:2] - WALL), rng.uniform(0.7, 1.2)])
        angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.6) / max(1.0, distance)
        direction = np.array([np.cos(angle) * np.cos(rise), np.sin(angle) * np.cos(rise), np.sin(rise)])
        mouth = microphone + distance * direction
        noise = rng.uniform(WALL, size - WALL)
        walls = walls_for(size, rt60, WALL, mouth, noise, microphone)
        if walls is not None:
            break
    absorption, order = walls
    box = pyroomacoustics.ShoeBox(
        size,
        fs=SAMPLE_RATE,
        materials=pyroomacoustics.Material(absorption),
        max_order=min(order, MOST_REFLECTIONS),
    )
    box.add_source(mouth)
    box.add_source(noise)
    box.add_microphone(microphone)
    box.compute_rir()
    speech, background = (_shaped(np.asarray(response), rt60) for response in box.rir[0])
    name = " x ".join(f"{side:.1f}" for side in size) + " m"
    return Room(name, distance, rt60, speech, background)


def walls_for(
    size: np.ndarray, rt60: float, margin: float, mouth: np.ndarray, noise: np.ndarray, microphone: np.ndarray
) -> tuple[float, int] | None:
    """Absorption of a box's walls and order of its reflections, by Sabine's formula.

    None where the mouth is within `margin` metres of a wall, the background at the microphone, or no walls absorb
    enough for so short a time in so large a box.
    """
    import pyroomacoustics

    if not np.all((mouth > margin) & (mouth < size - margin)) or np.linalg.norm(noise - microphone) < 0.5:
        return None
    try:
        absorption, order = pyroomacoustics.inverse_sabine(rt60, size)
    except ValueError:
        return None
    return float(absorption), int(order)


def _shaped(response: np.ndarray, rt60: float) -> np.ndarray:
    """From the direct sound on, decaying by 60 dB in `rt60`, cut there. Float32."""
    response = response[max(int(np.argmax(np.abs(response))) - BEFORE, 0) :]
    time = np.arange(len(response)) / SAMPLE_RATE
    measured = decay_time(response) or rt60
    shaped = response * np.exp(np.log(1000) * time * (1 / measured - 1 / rt60))
    return shaped[: int(rt60 * SAMPLE_RATE) + BEFORE].astype(np.float32)


def describe(rooms: Sequence[Room], field: Field, folder: Path | None = None) -> str:
    """One line that describes a bank and names the rooms with a longer reverberation time than the field's, and those
    of which a part is used. folder: that of measured ones."""
    near, far = min(room.distance for room in rooms), max(room.distance for room in rooms)
    kinds = f"{len(rooms)} rooms"
    if folder is not None:
        count = len({room.name for room in rooms})
        kinds = f"{count} measured response{'s' * (count > 1)} in {folder}, {len(rooms)} distances"
    longest = field.rt60[1] if field.rt60 else 0.0
    beyond = {room.name: room.rt60 for room in rooms if room.rt60 > longest * (1 + 1e-9)}
    named = ", ".join(f"{name} ({time:.2f} s)" for name, time in beyond.items())
    more = f"; of a longer reverberation time than the field's {longest:g} s: {named}" if beyond else ""
    parts = {room.name: room.taken for room in rooms if room.taken}
    more += "".join(f"; of {name}, {taken}" for name, taken in parts.items())
    return f"{kinds}, {near:.2f} to {far:.2f} m{more}"


def setting(rooms: Sequence[Room], field: Field, folder: Path | None) -> dict[str, Any]:
    """The values for a command's JSON: the field, and of measured rooms their folder and the reverberation time of each
    response, whose range is then the field's."""
    if folder is None:
        return {"field": asdict(field), "rooms": None}
    times = {room.name: room.rt60 for room in rooms}
    heard = asdict(field) | {"rt60": [min(times.values()), max(times.values())]}
    return {"field": heard, "rooms": {"folder": str(folder), "rt60": times}}
