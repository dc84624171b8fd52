"""More varied rooms for training, with properties of measured responses that an empty box does not have.

A box under the image-source method has the same absorption for all walls and frequencies, no furniture and an ideal
microphone. Here each wall differs, source and microphone may be at a wall or on a table, and the source may face away.
After the mixing time, reflections are replaced by the dense noise of a furnished room, with its own decay time in each
octave (shorter for higher ones, which air and fabric absorb). A filter models the response of the recording equipment:
loudspeaker, case, microphone. Randomized simulation generalizes to conditions that were not simulated:
Tobin et al., arXiv:1703.06907; for rooms, Ko et al., ICASSP 2017.
"""

import numpy as np

from kwslib.cache import cached, code, digest
from kwslib.field.conditions import Field
from kwslib.field.responses import BEFORE
from kwslib.field.rooms import Room, walls_for
from kwslib.labels import SAMPLE_RATE
from kwslib.progress import over_cores

SMALLEST, LARGEST = (2.2, 2.0, 2.2), (9.0, 7.0, 3.5)  # m
NEAREST = 0.03  # m from a wall
AT_A_WALL = 0.5  # share of microphones that stand within 0.3 m of one
ORDER = 12  # of reflections that are computed one by one
MIXING = (0.02, 0.06)  # s after the direct sound at which the diffuse tail takes over
OCTAVES = 125.0 * 2.0 ** np.arange(7)  # Hz
DECAY = (1.3, 0.6)  # of the reverberation time at the lowest and the highest octave; each varies by a third
TURNED = 6.0  # dB, the most that the direct sound loses
COLOUR = 8.0  # dB, the most that an octave gains or loses by what recorded it
DIRECT = 40  # samples on either side of the peak that make up the direct sound, as of a measured response
TAPS = 256


def varied_bank(field: Field, count: int) -> tuple[Room, ...]:
    """Training rooms for a field's distances and reverberation times, cached; none for a field without walls."""
    if field.rt60 is None or not count:
        return ()
    rng = np.random.default_rng([2206, count])
    low, high = field.distance
    distances = low * (high / low) ** rng.uniform(size=count)
    times = rng.uniform(*field.rt60, count)
    seeds = rng.integers(2**32, size=count)

    def make() -> dict[str, np.ndarray]:
        draws = list(zip(seeds, distances, times, strict=True))
        found = over_cores(
            lambda draw: _responses(int(draw[0]), float(draw[1]), float(draw[2])), draws, "varied rooms"
        )
        return {f"{n}_{part}": pair[part] for n, pair in enumerate(found) for part in (0, 1)}

    responses = cached("rooms", digest("varied", field.distance, field.rt60, count, code(__name__)), make)
    return tuple(
        Room(f"varied {n}", float(d), float(t), responses[f"{n}_0"], responses[f"{n}_1"])
        for n, (d, t) in enumerate(zip(distances, times, strict=True))
    )


def _responses(seed: int, distance: float, rt60: float) -> tuple[np.ndarray, np.ndarray]:
    """Responses from a mouth and from a source of background, float32: direct speech at 1 m has a gain of 1."""
    rng = np.random.default_rng(seed)
    early = _early(rng, distance, rt60)
    colour = _colour(rng)
    speech, background = (_furnished(rng, response, rt60) for response in early)
    # the mouth is turned away: what comes straight is less than what comes by way of the walls
    speech[: BEFORE + DIRECT] *= 10 ** (-rng.uniform(0, TURNED) / 20)
    speech, background = (np.convolve(response, colour) for response in (speech, background))
    peak = int(np.argmax(np.abs(speech[: BEFORE + DIRECT + TAPS])))
    direct = np.sqrt(np.sum(np.square(speech[max(peak - DIRECT, 0) : peak + DIRECT])))
    return (speech / direct / distance).astype(np.float32), (background / direct).astype(np.float32)


def _early(rng: np.random.Generator, distance: float, rt60: float) -> list[np.ndarray]:
    """Direct sound and early reflections of a box whose walls differ, from mouth and background."""
    import pyroomacoustics

    while True:
        size = rng.uniform(SMALLEST, LARGEST)
        microphone = rng.uniform(0.3, size - 0.3)
        if rng.random() < AT_A_WALL:  # or on a table or shelf
            axis = rng.integers(3)
            near = rng.uniform(NEAREST, 0.3)
            microphone[axis] = near if rng.random() < 0.5 else size[axis] - near
        direction = rng.standard_normal(3) * (1, 1, 0.4)
        mouth = microphone + distance * direction / np.linalg.norm(direction)
        noise = rng.uniform(NEAREST, size - NEAREST)
        found = walls_for(size, rt60, NEAREST, mouth, noise, microphone)
        if found is not None:
            break
    absorption, _ = found
    walls = ("east", "west", "north", "south", "floor", "ceiling")
    materials = {
        wall: pyroomacoustics.Material(float(np.clip(absorption * 2 ** rng.uniform(-1.5, 1.5), 0.02, 0.95)))
        for wall in walls
    }
    box = pyroomacoustics.ShoeBox(size, fs=SAMPLE_RATE, materials=materials, max_order=ORDER)
    box.add_source(mouth)
    box.add_source(noise)
    box.add_microphone(microphone)
    box.compute_rir()
    heard = (np.asarray(response) for response in box.rir[0])
    return [response[max(int(np.argmax(np.abs(response))) - BEFORE, 0) :] for response in heard]


def _furnished(rng: np.random.Generator, early: np.ndarray, rt60: float) -> np.ndarray:
    """An early response that turns into a diffuse tail, each octave decaying by its own time; as long as `rt60`."""
    length = BEFORE + int(rt60 * SAMPLE_RATE)
    response = np.zeros(length)
    response[: min(len(early), length)] = early[:length]
    time = (np.arange(length) - BEFORE) / SAMPLE_RATE
    mixing = rng.uniform(*MIXING)
    around = (time > mixing / 2) & (time < 1.5 * mixing)
    level = np.sqrt(np.mean(np.square(response[around]))) or 1e-4
    tail = np.zeros(length)
    trend = np.linspace(*DECAY, len(OCTAVES)) * 0.75 * (16 / 9) ** rng.uniform(size=len(OCTAVES))
    for band, factor in zip(_octaves(rng.standard_normal(length)), trend, strict=True):
        tail += band * 10 ** (-3 * np.maximum(time - mixing, 0) / (factor * rt60))
    faded = np.clip(time / mixing - 0.5, 0, 1)  # from half the mixing time to one and a half
    return response * np.sqrt(1 - faded) + level * tail * np.sqrt(faded)


def _octaves(noise: np.ndarray) -> list[np.ndarray]:
    """White noise (n,) in octaves, the lowest and the highest with all that is beyond them; their sum is the noise."""
    spectrum = np.fft.rfft(noise)
    frequencies = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE)
    edges = OCTAVES[:-1] * np.sqrt(2)
    band = np.searchsorted(edges, frequencies)
    return [np.fft.irfft(np.where(band == n, spectrum, 0), len(noise)) for n in range(len(OCTAVES))]


def _colour(rng: np.random.Generator) -> np.ndarray:
    """A minimum-phase filter (TAPS,) that lifts and lowers octaves at random: what recorded the room."""
    points = rng.uniform(-COLOUR, COLOUR, len(OCTAVES))
    frequencies = np.fft.rfftfreq(2 * TAPS, 1 / SAMPLE_RATE)
    decibels = np.interp(np.log2(np.maximum(frequencies, 1)), np.log2(OCTAVES), points)
    # of a minimum-phase filter the logarithm of the spectrum has a cepstrum that is zero at negative times
    cepstrum = np.fft.irfft(decibels / 20 * np.log(10))
    cepstrum[1:TAPS] *= 2
    cepstrum[TAPS + 1 :] = 0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:TAPS]
