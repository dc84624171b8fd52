"""Tables of Part 1: four recordings and their levels, sizes of representations, the accuracy with each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.data.corpus import Corpus
from kwslib.data.levels import background_level, loud_and_quiet, speech_level
from kwslib.errors import KwsError
from kwslib.experiments.seeds import Trained, accuracies, classes
from kwslib.features.representations import MFCC_KEPT, NAMES, spectrum, with_librosa
from kwslib.labels import DEFAULT_KEYWORDS
from kwslib.record import names
from kwslib.record.values import Value, Values, over_seeds
from kwslib.report.numbers import span_text
from kwslib.statistics import mean_interval, mean_share

if TYPE_CHECKING:
    import pandas

LOUDNESSES = ("loud", "quiet")
RECORDED = dict(zip(NAMES, ("microfrontend", "logmel", "linear", "mfcc", "mfcc13"), strict=True))


def examples(corpus: Corpus, recordings: Path | str | None = None) -> dict[str, Path]:
    """{"yes, loud": file, ...}: four recordings of the corpus, or `yes_loud.*` and so on in the user's folder.

    Raises KwsError, naming a recording that is missing in the folder.
    """
    if recordings is None:
        chosen = {word: loud_and_quiet(corpus, word) for word in DEFAULT_KEYWORDS}
        return {
            f"{word}, {loudness}": clip.path
            for word in chosen
            for loudness, clip in zip(LOUDNESSES, chosen[word], strict=True)
        }
    paths = {}
    for title in [f"{word}, {loudness}" for word in DEFAULT_KEYWORDS for loudness in LOUDNESSES]:
        stem = title.replace(", ", "_")
        found = sorted(Path(recordings).glob(f"{stem}.*"))
        if not found:
            raise KwsError(
                f"{Path(recordings) / stem}.wav: no such recording: record it, or name another folder"
            )
        paths[title] = found[0]
    return paths


def level_table(paths: Mapping[str, Path], clips: Mapping[str, np.ndarray]) -> "pandas.DataFrame":
    """Recording and levels (dB of full scale) by example."""
    import pandas

    rows = {
        title: {
            "recording": "/".join(paths[title].with_suffix("").parts[-2:]),
            "speech (dB)": speech_level(samples),
            "background (dB)": background_level(samples),
        }
        for title, samples in clips.items()
    }
    return pandas.DataFrame(rows).T.infer_objects()


def level_values(levels: "pandas.DataFrame") -> Values:
    """The speech levels of `level_table`."""
    return {
        f"speech_level_{title.replace(', ', '_')}": Value(speech, "dB")
        for title, speech in levels["speech (dB)"].items()
    }


def size_table(samples: np.ndarray) -> "pandas.DataFrame":
    """Shape and number of values that represent one clip int16 (n,), for each representation."""
    import pandas

    pictures = with_librosa(samples)
    shapes = {
        "waveform": samples.shape,
        "spectrum": spectrum(samples)[1].shape,
        "linear spectrogram": pictures["linear"].shape,
        "mel spectrogram": pictures["mel"].shape,
        f"MFCC, first {MFCC_KEPT}": pictures["mfcc"][:MFCC_KEPT].shape,
    }
    rows = {
        name: {"shape": " × ".join(f"{size:,}" for size in s), "numbers": int(np.prod(s))}
        for name, s in shapes.items()
    }
    return pandas.DataFrame(rows).T.infer_objects()


def agreement_values(largest: Mapping[str, float], n: int) -> Values:
    """The largest differences between librosa and torchaudio over `n` clips, by representation and over all."""
    values = {
        f"librosa_torchaudio_max_difference_{name}_db": Value(value, "dB", n=n)
        for name, value in largest.items()
    }
    return values | {"librosa_torchaudio_max_difference_db": Value(max(largest.values()), "dB", n=n)}


def agreement_table(largest: Mapping[str, float]) -> "pandas.DataFrame":
    """The largest |librosa - torchaudio| by representation."""
    import pandas

    titles = {"linear": "linear spectrogram", "mel": "mel spectrogram", "mfcc": "MFCC"}
    named = {titles.get(name, name): value for name, value in largest.items()}
    return pandas.DataFrame({"largest difference (dB)": named})


def accuracy_values(runs: Mapping[str, Sequence[Trained]]) -> Values:
    """Test accuracy of each representation, mean over seeds."""
    return {
        names.accuracy(RECORDED[name]): over_seeds(mean_share(accuracies(trained)), len(trained))
        for name, trained in runs.items()
    }


def accuracy_intervals(
    runs: Mapping[str, Sequence[Trained]],
) -> tuple[tuple[str, ...], list[float], list[float], list[float]]:
    """Names, means, lower and upper bounds of test accuracy over seeds."""
    bounds = [mean_share(accuracies(trained)) for trained in runs.values()]
    return tuple(runs), [b.mean for b in bounds], [b.low for b in bounds], [b.high for b in bounds]


def accuracy_table(runs: Mapping[str, Sequence[Trained]]) -> "pandas.DataFrame":
    """Test accuracy (%) of each representation: mean over seeds and its interval, and that of each class."""
    import pandas

    rows = {}
    for name, trained in runs.items():
        mean, low, high = (100 * value for value in mean_share(accuracies(trained)))
        by_class = {
            label: 100 * mean_share(accuracies(trained, label=label)).mean for label in classes(trained)
        }
        rows[name] = {"accuracy (%)": mean, "95 % from": low, "to": high, **by_class}
    return pandas.DataFrame(rows).T


def differences(
    runs: Mapping[str, Sequence[Trained]], y: np.ndarray, reference: str = "log-mel"
) -> dict[tuple[str, str], np.ndarray]:
    """{(reference, other): accuracy difference in points, (seeds, n)}, by seed and test clip of classes y (n,)."""
    right = {
        name: np.array([r.predictions["testing"] == y for r in trained], float)
        for name, trained in runs.items()
    }
    return {
        (reference, other): 100 * (right[reference] - right[other]) for other in runs if other != reference
    }


def difference_values(found: Mapping[tuple[str, str], np.ndarray]) -> Values:
    """The means of `differences` with their intervals over seeds."""
    return {
        f"difference_{RECORDED[reference]}_{RECORDED[other]}": over_seeds(
            mean_interval(ahead.mean(1)), len(ahead), "points"
        )
        for (reference, other), ahead in found.items()
    }


def difference_table(found: Mapping[tuple[str, str], np.ndarray]) -> "pandas.DataFrame":
    """Differences in accuracy between one representation and the others, in points, paired by seed and clip.

    A difference counts only if both intervals, over seeds and over clips, exclude zero (see the book's methods).
    """
    import pandas

    rows = {}
    for (reference, other), ahead in found.items():
        seeds, clips = mean_interval(ahead.mean(1)), mean_interval(ahead.mean(0))
        verdicts = all(i.low > 0 for i in (seeds, clips)), all(i.high < 0 for i in (seeds, clips))
        rows[f"{reference} − {other}"] = {
            "points": seeds.mean,
            "over seeds": span_text(seeds.low, seeds.high, "+.1f"),
            "over clips": span_text(clips.low, clips.high, "+.1f"),
            "so": f"{reference} is better"
            if verdicts[0]
            else f"{other} is better"
            if verdicts[1]
            else "not told apart",
        }
    return pandas.DataFrame(rows).T.infer_objects()
