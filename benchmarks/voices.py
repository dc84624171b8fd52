"""The synthesizer's voice: does a network that hears it say other words alone take it for one of them?

    python benchmarks/voices.py [--write]

Where training has synthesized words (kwslib/data/spoken.py), the synthesizer says the keywords, too. For networks of
Part 8 this counts how many *yes* and *no* in synthesized voices that no training hears are taken for other words; and
how many single clips of other words are taken for a keyword: synthesized ones of validation, from which thresholds are
chosen, and recorded ones. The likeliest class of a clip counts. One of the networks is trained on clips once more by
its recipe, but for the synthesized keywords; it lies in _build/voices. Means over seeds, with the wider of the
intervals over seeds and over clips; with --write they are kept in book/results/99_voices.json.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import typer

from kwslib.checkpoints import load_checkpoint, train_setup
from kwslib.cli.main import script
from kwslib.data.audio import read_clip
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Protocol
from kwslib.data.spoken import with_spoken_words
from kwslib.data.word_file import synthesized
from kwslib.features.dataset import feature_split, feature_splits
from kwslib.features.frontend import features
from kwslib.labels import DEFAULT_KEYWORDS, class_labels
from kwslib.networks.recipes import setup
from kwslib.networks.training import predict
from kwslib.predictors import load_predictor
from kwslib.progress import over_cores
from kwslib.record import names, recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part8 import field, networks
from kwslib.statistics import widest_interval

ARCH = "tenet_valid"  # of the networks trained here
ON_CLIPS = ("tinyconv", "dscnn", "tenet", ARCH, "tenet_wide")
FOLDER = Path(__file__).resolve().parents[1] / "_build" / "voices"
Sounds = tuple[np.ndarray, np.ndarray]  # features int8 (n, 49, 40) and classes (n,)
Others = dict[str, Sounds]
Logits = Callable[[np.ndarray], np.ndarray]


def sounds(clips: Iterable[Clip]) -> Sounds:
    """Features and classes of clips."""
    labels, listed = class_labels(), list(clips)
    y = [labels.index(clip.word if clip.word in DEFAULT_KEYWORDS else "unknown") for clip in listed]
    return features(np.stack([read_clip(clip.path) for clip in listed])), np.array(y)


def spoken_keywords() -> list[Clip]:
    """The keywords in the synthesizer's voices that no training hears."""
    clips = [(word, clip) for word in DEFAULT_KEYWORDS for clip in synthesized(word, training_alone=False)]
    return [clip for word, clip in clips if clip.word == word and clip.split == "testing"]


def other_words(corpus: Corpus, split: str) -> list[Clip]:
    return [clip for clip in corpus.clips if clip.split == split and clip.word not in DEFAULT_KEYWORDS]


def note(run: Run, name: str, hits: list[np.ndarray]) -> None:
    """Record the share of hits, bool (n,) for each seed."""
    both = np.array(hits, float)
    (mean, low, high), n = widest_interval(both.mean(0), both.mean(1))
    run.record(name, mean, "fraction", (max(low, 0.0), min(high, 1.0)), n=n)
    print(f"{name:80}{mean:7.1%} ({low:.1%} to {high:.1%})", flush=True)


def count(run: Run, title: str, models: list[Logits], told: Sounds, keywords: Sounds, others: Others) -> None:
    """Record what the networks of all seeds take the sounds for: validation, synthesized keywords, other words."""
    note(run, f"{title}: validation clips right", [model(told[0]).argmax(1) == told[1] for model in models])
    note(run, f"{title}: taken for other words", [model(keywords[0]).argmax(1) == 1 for model in models])
    for name, (heard, _) in others.items():
        fired = [model(heard).argmax(1) > 1 for model in models]
        note(run, f"{title}: {name} words taken for keywords", fired)


def checkpoint(path: Path) -> Logits:
    return partial(predict, load_checkpoint(path)[0])


def trained_without(run: Run) -> list[Path]:
    """Checkpoints of ARCH, three seeds, trained on clips by its recipe, but for the synthesized keywords."""
    training_setup = setup(ARCH, run.profile.epochs)
    heard = with_spoken_words(run.corpus, DEFAULT_KEYWORDS, 1, splits=("training",))
    splits = feature_splits(heard, training_setup.protocol, training_setup.heard)

    def train(seed: int) -> Path:
        path = FOLDER / names.seed_checkpoint(seed, ARCH)
        if not (path.is_file() and load_checkpoint(path)[2]["finished"]):
            path.parent.mkdir(parents=True, exist_ok=True)
            train_setup(training_setup, splits, seed, out=path)
        return path

    return over_cores(train, run.seeds[:3], ARCH)


def main(write: bool = typer.Option(False, "--write", help="Keep the values in book/results.")) -> None:
    run = recording.start("99_voices", "report", results=recorded_folder() if write else None)
    corpus, keywords = run.corpus, sounds(spoken_keywords())
    validation = feature_split(corpus, Protocol(), "validation")
    told = validation.x, validation.y
    known = {clip.name for clip in corpus.clips}
    added = with_spoken_words(corpus, DEFAULT_KEYWORDS, 1, splits=("validation",)).clips
    others = {
        "synthesized validation": sounds(clip for clip in added if clip.name not in known),
        "recorded validation": sounds(other_words(corpus, "validation")),
        "recorded test": sounds(other_words(corpus, "testing")),
    }
    for arch in ON_CLIPS:
        paths = [run.model(names.seed_checkpoint(seed, arch)) for seed in run.seeds]
        count(run, networks.TITLES[arch], [checkpoint(path) for path in paths], told, keywords, others)
    models = [checkpoint(path) for path in trained_without(run)]
    count(run, f"{networks.TITLES[ARCH]}, trained without them", models, told, keywords, others)
    for arch in (*field.BEFORE["report"], *field.HERE["report"]):
        seeds = run.seeds if arch in field.HERE["report"] else run.seeds[:1]
        paths = [run.model(names.field_tflite(arch, seed)) for seed in seeds]
        models = [load_predictor(str(path)).logits for path in paths]
        count(run, field.TITLES[names.for_field(arch)], models, told, keywords, others)
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
