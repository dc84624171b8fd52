"""The network from which `kws keyword` starts: one that tells other words apart in simulated rooms.

    python benchmarks/pretrain.py [--write]

It is trained for the field on every word of the recordings with at least a hundred training clips. The words on which
own words are measured (APART of kwslib/keyword/training.py) are not among them, nor is anyone who says one of these, so
that this network serves in benchmarks/takes.py as it is. It is trained in _build/pretrain, and with --write copied to
kwslib/keyword. That a word's network starts from it, and its recipe, were chosen on validation with "bed" (`takes.py
bed --validation`, with --scratch and without).
"""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import typer

from kwslib.checkpoints import train_setup
from kwslib.cli.main import script
from kwslib.data.corpus import Corpus
from kwslib.field.training import FieldAugmentation, field_splits
from kwslib.keyword import ARCH
from kwslib.keyword.training import APART, pretrained_name
from kwslib.networks.recipes import DROPOUT, MASKED, setup
from kwslib.networks.training import Recipe
from kwslib.record import recording

ROOT = Path(__file__).resolve().parents[1]
CLIPS = 100  # of training, that a word has at least
EPOCHS = 120
AUGMENTATION = FieldAugmentation(streams=4, windows=3, clean=0.3, hours=6.0, listening=0.5)


def without(corpus: Corpus, words: tuple[str, ...]) -> Corpus:
    """The corpus without anyone who says one of the words."""
    gone = {clip.speaker for clip in corpus.clips if clip.word in words}
    return replace(corpus, clips=tuple(clip for clip in corpus.clips if clip.speaker not in gone))


def main(write: bool = typer.Option(False, "--write", help="Keep the network in kwslib/keyword.")) -> None:
    run = recording.start("pretrain", "report", seeds=(0,))
    corpus = without(run.corpus, APART)
    clips = Counter(clip.word for clip in corpus.clips if clip.split == "training")
    words = tuple(word for word, n in clips.most_common() if n >= CLIPS)
    print(f"{len(words)} words: {', '.join(words)}", flush=True)
    ordinary = setup(ARCH, EPOCHS, words)
    training_setup = replace(
        ordinary,
        config=replace(ordinary.config, dropout=DROPOUT),
        recipe=Recipe(epochs=EPOCHS, label_smoothing=0.0, **MASKED),
    )
    splits = field_splits(corpus, training_setup, AUGMENTATION)
    trained = ROOT / "_build" / "pretrain" / pretrained_name(ARCH)
    trained.parent.mkdir(parents=True, exist_ok=True)
    _, history = train_setup(training_setup, splits, 0, out=trained)
    print(f"{history[-1].validation_accuracy:.1%} of {splits['validation'].n} validation clips right")
    if write:
        shutil.copyfile(trained, ROOT / "kwslib" / "keyword" / trained.name)


if __name__ == "__main__":
    script(main)
