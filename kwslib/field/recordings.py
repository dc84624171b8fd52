"""Own recordings, run through the same chain: one folder per class, with any number of files."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.data.audio import read_audio
from kwslib.data.faults import fault
from kwslib.data.levels import BACKGROUND
from kwslib.deployment.decision import DecisionSettings
from kwslib.errors import KwsError
from kwslib.features.frontend import FRAME_SECONDS, HOP
from kwslib.field.evaluate import FieldResult
from kwslib.field.microphone import to_int16
from kwslib.field.stream import StreamNetwork, answer, decide, first_after, frames_in, listen, windows
from kwslib.field.trials import PROMPT
from kwslib.labels import SAMPLE_RATE, SILENCE
from kwslib.paths import absent

TAIL = SAMPLE_RATE // 2  # samples after a recording's end in which the decision may still come


@dataclass(frozen=True)
class Refused:
    """A file or folder that is not a valid trial, and the reason."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Recording:
    """One spoken trial; `said` is the class of its folder."""

    path: Path
    said: str
    samples: np.ndarray


def read_recordings(
    folder: Path, labels: tuple[str, ...]
) -> tuple[tuple[Recording, ...], tuple[Refused, ...]]:
    """Recordings in folders named after their class, and what is rejected: folders with other names, files that are not
    audio, too short, silent or clipped. Raises KwsError when no recording remains."""
    if not folder.is_dir():
        raise KwsError(f"{folder}: {absent(folder, 'folder')}: give one with folders {', '.join(labels)}")
    found: list[Recording] = []
    refused: list[Refused] = []
    for inner in sorted(folder.iterdir()):
        if inner.name[0] == "." or not inner.is_dir():
            continue
        if inner.name not in labels:
            refused.append(Refused(inner, f"not a class: name it {', '.join(labels)}"))
            continue
        for path in sorted(inner.iterdir()):
            if path.is_dir() or path.name[0] == ".":
                continue
            try:
                samples = read_audio(path)
            except KwsError as error:
                refused.append(Refused(path, str(error).removeprefix(f"{path}: ")))
                continue
            problem = fault(samples, silence=inner.name == SILENCE)
            if problem:
                refused.append(Refused(path, problem))
            else:
                found.append(Recording(path, inner.name, samples))
    if not found:
        because = (
            "; ".join(f"{item.path.name}: {item.reason}" for item in refused[:3]) or "it holds no folder"
        )
        raise KwsError(f"{folder}: no usable recording ({because})")
    return tuple(found), tuple(refused)


def surrounded(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A recording with noise at the level of its own quietest tenth of a second: two seconds before it, to
    which the front end adapts, and half a second after it, for the decision. int16."""
    power = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    quietest = np.sqrt(max((power[BACKGROUND:] - power[:-BACKGROUND]).min(), 0) / BACKGROUND)
    before, after = (quietest * rng.standard_normal(n) for n in (PROMPT, TAIL))
    return to_int16(np.concatenate([before, samples, after]))


def run_recordings(
    network: StreamNetwork, recordings: tuple[Recording, ...], settings: DecisionSettings
) -> FieldResult:
    """Results with every recording as a trial, with the prompt at its start."""
    rng = np.random.default_rng(0)
    answers, false_accepts, seconds = [], 0, 0.0
    for recording in recordings:
        stream = surrounded(recording.samples, rng)
        since = first_after(PROMPT / SAMPLE_RATE, frames_in(len(stream)))
        decision = decide(network(windows(listen(stream))), network.scale, settings)
        answers.append(answer(decision, since))
        if network.labels.index(recording.said) < 2:
            false_accepts += int((decision.reported[since:] >= 0).sum())
            seconds += (len(decision.reported) - since) * HOP * FRAME_SECONDS
    said = np.array([network.labels.index(recording.said) for recording in recordings])
    return FieldResult(network.labels, said, np.array(answers), false_accepts, seconds / 3600, settings)


def reasons(refused: tuple[Refused, ...]) -> dict[str, int]:
    """Number of rejections by reason, shortened to its first word or two."""
    return dict(Counter(item.reason.split(":")[0].split(" (")[0] for item in refused))
