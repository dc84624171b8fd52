"""Effect of a stream's past on a network trained on one-second clips: the same clips, alone and in streams.

The results of a windowed network do not depend on sound before the window, except through the noise estimate of the
front end. Those of a causal network depend on the whole past, which was empty in training.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.data.protocol import Protocol, build_splits, load_waveforms, noise_stretches
from kwslib.deployment.core_network import Network, read_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.core_stream import run_at_once
from kwslib.deployment.stream_plan import stream
from kwslib.features.frontend import FRAMES, HOP, STEP, Frontend, features
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
from kwslib.progress import over_cores
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Values, over_seeds
from kwslib.report.numbers import with_interval
from kwslib.report.part7.chains import NAMES
from kwslib.statistics import mean_interval, mean_share

if TYPE_CHECKING:
    import pandas

ALONE = "nothing: a clip alone"
FRESH, OTHERS, NOISE, ZEROS = (
    "other clips, the front end fresh for each",
    "other clips",
    "3 s of a noise recording",
    "3 s of digital silence",
)
KEYS = {ALONE: "alone", FRESH: "fresh", OTHERS: "others", NOISE: "noise", ZEROS: "zeros"}
PAST_SECONDS = 3  # more than a causal tenet hears
CLIPS = {"quick": 60, "report": None}  # of the test split
SECOND = CLIP_SAMPLES // STEP  # frames


def clips_of(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Clips of the test split, int16 (N, 16000), in an order that mixes the classes, and their classes (N,)."""
    examples = build_splits(run.corpus, Protocol())["testing"][: CLIPS[run.profile.name]]
    return load_waveforms(examples), np.array([example.label for example in examples])


def streams(run: Run, clips: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Frames int8 (F, 40) of a stream for each past, and the number of frames at the end of each clip, (N,)."""
    n, rng = len(clips), np.random.default_rng(0)
    past = PAST_SECONDS * SAMPLE_RATE
    noises = noise_stretches(run.corpus, "testing")
    pieces = [np.resize(noises[number % len(noises)], past) for number in range(n)]
    gains = 10 ** rng.uniform(-2, 0, (n, 1))  # as those of the silence clips
    noise = np.concatenate([(np.stack(pieces) * gains).astype(np.int16), clips], axis=1)
    zeros = np.concatenate([np.zeros((n, past), np.int16), clips], axis=1)
    frames = {name: _listened(sound) for name, sound in ((OTHERS, clips), (NOISE, noise), (ZEROS, zeros))}
    alone = features(clips)
    gap = np.full((n, SECOND - FRAMES, alone.shape[2]), -128, np.int8)  # a frame of silence between two clips
    frames[FRESH] = np.concatenate([gap, alone], axis=1).reshape(-1, alone.shape[2])
    return {name: (stream, np.arange(1, n + 1) * (len(stream) // n)) for name, stream in frames.items()}


def _listened(sound: np.ndarray) -> np.ndarray:
    """Frames of rows (N, samples) one after the other; a step of silence before them lets hops end with clips."""
    return Frontend().process(np.concatenate([np.zeros(STEP, np.int16), sound.reshape(-1)]))


def logits_at(network: Network, frames: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Logits int8 (N, C) of a stream after given numbers of frames (N,)."""
    if stream(network).endless:
        return run_at_once(network, frames)[ends // HOP - 1]
    return run_network(network, frames[ends[:, None] + np.arange(-FRAMES, 0)])


def measure(run: Run, models: Mapping[str, list[Path]]) -> dict[str, dict[str, list[np.ndarray]]]:
    """Whether each test clip is classified correctly, bool (N,) for each seed, by network and past."""
    clips, said = clips_of(run)
    alone, streamed = features(clips), streams(run, clips)
    found: dict[str, dict[str, list[np.ndarray]]] = {}
    for arch, paths in models.items():
        networks = [read_network(path) for path in paths]
        found[arch] = {ALONE: [run_network(network, alone).argmax(1) == said for network in networks]}
        for past, (frames, ends) in streamed.items():
            logits = over_cores(partial(logits_at, frames=frames, ends=ends), networks, past, threads=True)
            found[arch][past] = [answers.argmax(1) == said for answers in logits]
    return found


def past_values(found: Mapping[str, Mapping[str, list[np.ndarray]]]) -> Values:
    """Means over seeds from `measure`, as accuracy_<arch>_<alone, fresh, others, noise or zeros>."""
    return {
        names.accuracy(arch, KEYS[past]): over_seeds(
            mean_share([float(each.mean()) for each in right]), len(right)
        )
        for arch, pasts in found.items()
        for past, right in pasts.items()
    }


def past_table(found: Mapping[str, Mapping[str, list[np.ndarray]]]) -> "pandas.DataFrame":
    """Test accuracy (%) by preceding sound, and the difference from clips alone, paired by clip."""
    import pandas

    columns: dict[str, dict[str, str]] = {}
    for arch, pasts in found.items():
        shares = {past: 100 * np.mean(right, axis=0) for past, right in pasts.items()}  # (N,), over seeds
        columns[f"{NAMES[arch]}, right (%)"] = {past: f"{each.mean():.1f}" for past, each in shares.items()}
        columns[f"{NAMES[arch]}, difference (points)"] = {
            past: _points(each - shares[ALONE]) for past, each in shares.items() if past != ALONE
        }
    return pandas.DataFrame(columns).fillna("").rename_axis("what came before")


def _points(differences: np.ndarray) -> str:
    return with_interval(*mean_interval(list(differences)), form="+.1f")
