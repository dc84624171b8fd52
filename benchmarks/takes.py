"""How many takes of one's own word buy how much, with the synthesizer's voices and without.

    python benchmarks/takes.py [WORD ...] [--arch ARCH] [--write | --validation [--scratch]]

A word of Speech Commands stands in for one's own. Of the speakers who say it, none is heard elsewhere: their other
clips leave the corpus, and the network of pretrain.py never heard those of the words of APART, the only ones to start
from it. The first hundred, one clip each, are the takes; the others are the test, the same for every row. The first
word has all ROWS, the others, and another network than the default one, have the first row. A row trains on so many of
the takes, and on the synthesizer's 200 voices or none, from the network of pretrain.py or from random weights, chooses
its threshold on validation (without takes, on voices), and is measured on the test as `kws keyword` does, in floating
point. What is trained lies in _build/takes, and a run that was stopped goes on there. With --write the values are kept
in 92_takes.json of book/results, which a page shows with {benchmark}; of another network in 92_takes_ARCH.json, which
none shows yet.
With --validation nothing of testing is heard: the other speakers of WORD say it on validation, and what the first row
misses at the best threshold is counted for each of SEEDS; with --scratch from random weights. The training was chosen
by that, with "bed" for WORD.
"""

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import typer

from kwslib.cache import code, digest
from kwslib.checkpoints import train, train_setup
from kwslib.cli.main import script
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.word_file import WordFile, open_word, synthesized
from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.field.detection import choose, stream_logits
from kwslib.field.evaluate import stage, trial_logits
from kwslib.field.minutes import continuous_frames
from kwslib.field.stream import open_network
from kwslib.field.training import field_splits
from kwslib.keyword import ARCH, EPOCHS, threshold
from kwslib.keyword.hearing import everyday, everyday_of_people
from kwslib.keyword.training import (
    APART,
    AUGMENTATION,
    SHARE,
    pretrained,
    subset,
    with_word,
    word_copies,
    word_setup,
)
from kwslib.networks import ARCHITECTURES
from kwslib.networks.recipes import Setup
from kwslib.networks.resume import examples_digest
from kwslib.predictors import decided
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.statistics import wilson

FOLDER = Path(__file__).resolve().parents[1] / "_build" / "takes"
TAKES = 100
ROWS = (  # takes of training, the synthesizer's voices, pretrained
    *((80, True, True), (30, True, True), (10, True, True), (0, True, True)),
    *((80, False, True), (10, False, True), (80, True, False), (10, True, False)),
)
WORDS = ("happy", "zero")
TRIALS, HOURS = 600, 4.0  # of testing
SEEDS, VALIDATION_HOURS = (0, 1), 4.0


@dataclass(frozen=True)
class StandIn:
    """The corpus of a word with its takes; and the same with the synthesizer's validation in place of the takes'."""

    word: str
    corpus: Corpus
    without: Corpus

    @staticmethod
    def make(recordings: Corpus, word: str) -> "StandIn":
        speakers: dict[str, Clip] = {}
        for clip in recordings.clips:
            if clip.word == word:
                speakers.setdefault(clip.speaker, clip)
        mine = sorted(speakers.values(), key=lambda clip: hashlib.sha1(clip.speaker.encode()).hexdigest())
        if len(mine) <= TAKES:
            raise KwsError(f"{len(mine)} speakers say {word!r} here: name a word of more than {TAKES}")
        others = tuple(clip for clip in recordings.clips if clip.speaker not in speakers)
        folder = FOLDER / word
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for clip in mine[:TAKES]:
            shutil.copy(clip.path, folder / clip.path.name)
        word_file = WordFile(word, folder, (), (), ())
        corpus = open_word(word_file, replace(recordings, clips=others))
        tested = [replace(clip, assigned="testing") for clip in mine[TAKES:]]
        rest = [clip for clip in corpus.clips if clip.word != word or clip.split != "testing"]
        corpus = replace(corpus, clips=tuple(sorted([*rest, *tested], key=lambda clip: clip.name)))
        voices = [
            clip for clip in synthesized(word, False) if (clip.word, clip.split) == (word, "validation")
        ]
        rest = [clip for clip in corpus.clips if clip.word != word or clip.split != "validation"]
        return StandIn(
            word, corpus, replace(corpus, clips=tuple(sorted([*rest, *voices], key=lambda c: c.name)))
        )


def chosen(word: FeatureSet, takes: int, voices: bool) -> FeatureSet:
    """The keyword's examples of so many takes, and in the synthesizer's voices or without."""
    spoken = np.array(["/training-" in name for name in word.names])
    return subset(word, (spoken & voices) | (~spoken & (np.cumsum(~spoken) <= takes)))


def trained_file(word: str, setup: Setup, training: FeatureSet, start: Path | None) -> Path:
    """Path of the network that this training leaves."""
    known = code(train.__module__), repr(setup), examples_digest(training), start and start.read_bytes()
    return FOLDER / f"{word}_{digest(*known)}.pt"


def measure(
    run: Run,
    stand_in: StandIn,
    setup: Setup,
    splits: dict[str, FeatureSet],
    word: FeatureSet,
    takes: int,
    voices: bool,
    start: Path | None,
) -> None:
    """Train and test one row; `word`: all training examples of the keyword; `start`: what it starts from."""
    training = with_word(splits["training"], chosen(word, takes, voices), SHARE)
    path = trained_file(stand_in.word, setup, training, start)
    if not path.is_file():
        train(setup.config, setup.recipe, training, splits["validation"], 0, out=path, start=start)
    network = open_network(path)
    settings = threshold.choose(network, stand_in.corpus if takes else stand_in.without).settings
    point = threshold.evaluate_settings(network, stand_in.corpus, settings, TRIALS, HOURS)
    clips = splits["testing"]
    scores = np.exp(network(clips.x))
    right = decided(scores / scores.sum(axis=1, keepdims=True), settings) == clips.y
    kind = f"{takes} takes{' and 200 voices' if voices else ''}{'' if start else ', from scratch'}"
    said = f"{stand_in.word}, {kind}"
    for what, which in (("test clips right", slice(None)), ("clips of the word right", clips.y == 2)):
        n = int(right[which].size)
        k = int(right[which].sum())
        note(run, f"{said}: {what}", k / n, "fraction", wilson(k, n), n)
    note(run, f"{said}: missed in rooms", point.reject_rate, "fraction", point.reject_ci95, point.keywords)
    note(run, f"{said}: false accepts an hour", point.per_hour, "", point.per_hour_ci95, point.false_accepts)
    for who, fired in (
        ("synthesized", everyday(network, settings)),
        ("recorded", everyday_of_people(network, settings, stand_in.corpus)),
    ):
        if fired:
            k = len(fired.names)
            note(
                run,
                f"{said}: {who} everyday words taken for it",
                k / fired.n,
                "fraction",
                wilson(k, fired.n),
                fired.n,
            )


def on_validation(stand_in: StandIn, training_setup: Setup, start: Path | None) -> None:
    """Print what the first row misses where no more than two and five false accepts an hour are allowed."""
    clips = tuple(
        replace(clip, assigned="validation")
        if (clip.word, clip.split) == (stand_in.word, "testing")
        else clip
        for clip in stand_in.corpus.clips
    )
    corpus = replace(stand_in.corpus, clips=clips)
    splits = field_splits(corpus, training_setup, AUGMENTATION)
    takes, voices, _ = ROWS[0]
    word = chosen(word_copies(corpus, training_setup, AUGMENTATION), takes, voices)
    training = with_word(splits["training"], word, SHARE)
    where = stage(corpus, training_setup.config.labels, split="validation")
    said, sound = where.frames(range(TRIALS)), continuous_frames(where, VALIDATION_HOURS)
    for seed in SEEDS:
        kind = f"{training_setup.config.arch}{'' if start else '_scratch'}"
        path = FOLDER / f"{stand_in.word}_validation_{kind}_{seed}.pt"
        train_setup(training_setup, {**splits, "training": training}, seed, out=path, start=start)
        network = open_network(path)
        heard = where, trial_logits(network, said), stream_logits(network, sound)
        for most in (2.0, 5.0):
            point = choose(network, *heard, most).point
            print(f"seed {seed}: {point.rejects} of {point.keywords} missed at {point.per_hour:.2f} an hour")


def note(run: Run, name: str, value: float, unit: str, ci95: tuple[float, float], n: int) -> None:
    run.record(name, value, unit, ci95, n=n)
    print(f"{name:70}{value:8.3f}   {ci95[0]:.3f} to {ci95[1]:.3f} of {n}", flush=True)


def main(
    words: list[str] = typer.Argument(list(WORDS), help="Words of the recordings."),
    arch: str = typer.Option(ARCH, help=f"The network: {', '.join(ARCHITECTURES)}."),
    write: bool = typer.Option(False, "--write", help="Keep the values in book/results."),
    validation: bool = typer.Option(False, "--validation", help="Hear nothing of testing."),
    scratch: bool = typer.Option(False, "--scratch", help="With --validation: start from random weights."),
) -> None:
    if arch not in ARCHITECTURES:
        raise KwsError(f"no network is called {arch!r}: use one of {', '.join(ARCHITECTURES)}")
    if write and validation:
        raise KwsError("--validation has nothing to --write: leave one of them out")
    if scratch and not validation:
        raise KwsError("--scratch goes with --validation: the test has a row that starts from random weights")
    heard = [word for word in words if word not in APART]
    if heard and pretrained(arch) and not scratch:
        known = f"the pretrained network may have heard speakers of {', '.join(heard)}"
        raise KwsError(f"{known}: use {', '.join(APART)}, or --validation --scratch")
    part = "92_takes" if arch == ARCH else f"92_takes_{arch}"
    run = recording.start(part, "report", results=recorded_folder(), seeds=(0,))
    for word in words:
        stand_in, training_setup = StandIn.make(run.corpus, word), word_setup(word, arch, EPOCHS)
        if validation:
            on_validation(stand_in, training_setup, None if scratch else pretrained(arch))
            continue
        splits = field_splits(stand_in.corpus, training_setup, AUGMENTATION)
        said = word_copies(stand_in.corpus, training_setup, AUGMENTATION)
        for takes, voices, start in ROWS if (word, arch) == (words[0], ARCH) else ROWS[:1]:
            known = pretrained(arch) if start else None
            measure(run, stand_in, training_setup, splits, said, takes, voices, known)
            if write:
                run.finish()


if __name__ == "__main__":
    script(main)
