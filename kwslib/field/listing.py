"""Export of trials: a CSV row with every draw, and the sound of a trial as a file."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import soundfile

from kwslib.field.evaluate import Stage
from kwslib.labels import SAMPLE_RATE
from kwslib.writing import atomic_files

LISTING = "trials.csv"


def save_trials(stage: Stage, answers: dict[int, str], folder: Path) -> Path:
    """Write `<index>_<said>_<answered>.wav` of each trial in `answers`, and their draws as trials.csv, or none of
    them. Returns the path of trials.csv.

    Raises KwsError when the folder is not writable.
    """
    trials = {index: stage.trial(index) for index in answers}
    names = [f"{index:05d}_{trial.said}_{answers[index]}.wav" for index, trial in trials.items()]
    with atomic_files([folder / name for name in (*names, LISTING)]) as (*sounds, draws):
        for temporary, trial in zip(sounds, trials.values(), strict=True):
            sound = io.BytesIO()
            soundfile.write(sound, stage.render(trial), SAMPLE_RATE, subtype="PCM_16", format="WAV")
            temporary.write_bytes(sound.getvalue())
        draws.write_text(listing(stage, answers.items()), encoding="utf-8")
    return folder / LISTING


def listing(stage: Stage, answers: Iterable[tuple[int, str]]) -> str:
    """The draws of trials and the answers to them, as CSV."""
    rows = [stage.trial(index).listed(stage.rooms) | {"answered": answered} for index, answered in answers]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
