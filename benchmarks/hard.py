"""Two more ways of training for the field: hard seconds that are learned again, and mixtures of words.

    python benchmarks/hard.py [--write]

Part 8's unpadded network is trained for the field as there, but for fewer epochs (EPOCHS) and on fewer hours without a
keyword (SPENT); when the values were recorded, without the synthesizer's keywords, too. From this start three trainings
go on for MORE epochs, with one recipe and seed and equally many examples:

    the same again  the examples of the start
    hard seconds    a share HARD of the seconds without a keyword are drawn from those of the training hours at which
                    the start gives a keyword the highest posteriors
    mixtures        a share MIXED of the words are spoken over another talker's other word, which is quieter; the label
                    is that of the louder word

Each gets a threshold on validation, as Part 8's networks do; what it misses there is compared with the first, seed by
seed. What is trained lies in _build/hard, and a run that was stopped goes on there: an hour and more on one core. With
--write means over the seeds and of the differences are kept in book/results/98_hard.json, which Methods shows.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import typer

from kwslib.cache import cached, code, digest
from kwslib.checkpoints import load_checkpoint, resume_file, save_checkpoint, train_setup
from kwslib.cli.main import script
from kwslib.data.clips import Clip
from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Example, build_splits
from kwslib.data.spoken import with_spoken_words
from kwslib.deployment.decision import CERTAIN
from kwslib.experiments.zoo_field import (
    FIELD_EFFORTS,
    MOST_PER_HOUR,
    field_training_splits,
    for_field,
    on_validation,
)
from kwslib.features.dataset import FeatureSet, feature_splits
from kwslib.features.frontend import FRAMES
from kwslib.field.detection import allowed, best_within, choose, detection_curve, stream_hours, stream_logits
from kwslib.field.evaluate import stage
from kwslib.field.minutes import SIX, Sound, minutes
from kwslib.field.sources import spoken
from kwslib.field.stream import inference_frames, open_network, posteriors
from kwslib.field.training import SPEECH_FRAMES, field_copies
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
from kwslib.networks.recipes import setup
from kwslib.networks.resume import examples_digest
from kwslib.networks.training import Recipe, fit
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run
from kwslib.statistics import mean_share, paired_difference

ARCH, SEEDS = "tenet_valid", (0, 1, 2)
FOLDER = Path(__file__).resolve().parents[1] / "_build" / "hard"
EPOCHS, MORE = 25, 10  # of the start, and of each training that goes on from it
RATE = 1e-3  # of these, at its peak
REPORT = FIELD_EFFORTS["report"]
SPENT = replace(REPORT, training=replace(REPORT.training, hours=12.0))
START = for_field(setup(ARCH, EPOCHS), EPOCHS)
START = replace(START, recipe=replace(START.recipe, epochs=EPOCHS))
HARD, MIXED = 0.1, 0.25  # shares of the seconds without a keyword, and of the words
HARDEST = 0.002  # share of the hours' windows from which hard seconds are drawn
QUIETER = (3.0, 12.0)  # dB, of the loudest 0.3 s
APART = SAMPLE_RATE // 4  # samples that the other word is earlier or later, at most
SAME, *OTHERS = ("the same again", "hard seconds", "mixtures")
MEASURES = ("missed at its threshold", "missed at one false accept an hour")


def training_hours(corpus: Corpus) -> Sound:
    """The hours without a keyword from which the start is trained."""
    labels, how = START.config.labels, SPENT.training
    listening = with_spoken_words(corpus, labels[2:], SPENT.spoken)
    where = stage(listening, labels, how.field, split="training", rooms=how.training_rooms())
    return minutes(where, how.hours, SIX)


def hard_seconds(training: FeatureSet, start: Path, sound: Sound, seed: int) -> FeatureSet:
    """`training` with hard ones among its seconds without a keyword, which have names of their own."""
    network, words = open_network(start), [n.startswith("listening") for n in training.names].index(True)
    keyword = posteriors(stream_logits(network, sound.frames), network.scale)[:, 2:].max(axis=1)
    hardest = np.argsort(keyword, kind="stable")[-round(HARDEST * len(keyword)) :]
    print(f"seed {seed}: hard seconds have posteriors from {keyword[hardest[0]] / CERTAIN:.3f}", flush=True)
    begin = inference_frames(len(sound.frames))[hardest] - FRAMES
    speech = np.concatenate([[0], np.cumsum(sound.speech)])
    rng = np.random.default_rng([seed, 9])
    seconds, x, y = training.n - words, training.x.copy(), training.y.copy()
    for copy in range(training.copies):
        rows = copy * training.n + words + rng.choice(seconds, round(HARD * seconds), replace=False)
        drawn = rng.choice(begin, len(rows))
        x[rows] = sound.frames[drawn[:, None] + np.arange(FRAMES)]
        y[rows] = speech[drawn + FRAMES] - speech[drawn] >= SPEECH_FRAMES
    return replace(training, x=x, y=y)


def with_mixtures(training: FeatureSet, corpus: Corpus) -> FeatureSet:
    """`training` with mixtures in place of some words, where these are in rooms."""
    examples = build_splits(corpus, START.protocol)["training"]
    ordinary = feature_splits(corpus, START.protocol, START.heard)["training"]
    said = [row for row, example in enumerate(examples) if example.clip]
    rows = np.sort(np.random.default_rng(11).choice(said, round(MIXED * len(said)), replace=False))
    alone = FeatureSet(
        np.concatenate([ordinary.copy(copy)[0][rows] for copy in range(ordinary.copies)]),
        np.tile(ordinary.y[rows], ordinary.copies),
        tuple(ordinary.names[row] for row in rows),
        ordinary.copies,
    )
    others = [example.clip for example in examples if example.clip and example.label == 1]
    mixtures = [mixture(examples[row], others) for row in rows]
    mixed = field_copies(corpus, mixtures, alone, START, SPENT.training)
    x = training.x.copy()
    for copy in range(training.copies):
        x[copy * training.n + rows] = mixed.copy(copy)[0]
    return replace(training, x=x)


def mixture(example: Example, others: Sequence[Clip]) -> Example:
    """An example's word over one of the other words, as a recording in FOLDER; draws depend on its name alone."""
    assert example.clip
    rng = np.random.default_rng(list(hashlib.sha256(example.name.encode()).digest()))
    apart = [clip for clip in others if clip.speaker != example.clip.speaker]
    other, db, later = apart[rng.integers(len(apart))], rng.uniform(*QUIETER), rng.integers(-APART, APART + 1)
    name = f"{example.name} over {other.name}, {db:.2f} dB, {later} samples"
    path = FOLDER / "mixtures" / f"{digest(name)}.wav"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        second = np.pad(spoken(other), APART)[APART - later :][:CLIP_SAMPLES]
        sound = spoken(example.clip) + np.float32(10 ** (-db / 20)) * second
        soundfile.write(path, 0.9 * sound / np.abs(sound).max(), SAMPLE_RATE)
    return replace(example, name=name, clip=replace(example.clip, path=path, digest=digest(name)))


def trained_on(start: Path, training: FeatureSet, validation: FeatureSet, seed: int) -> Path:
    """The checkpoint of the start's network, trained on these examples for MORE epochs."""
    model, config, extra = load_checkpoint(start)
    recipe = replace(Recipe(**extra["recipe"]), epochs=MORE, learning_rate=RATE)
    path = FOLDER / digest(start.parent.name, repr(recipe), examples_digest(training)) / start.name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fit(model, recipe, training, validation, seed, resume=resume_file(path))
        save_checkpoint(path, model, config, {"seed": seed})
        resume_file(path).unlink()
    return path


def missed(corpus: Corpus, checkpoint: Path) -> list[float]:
    """Shares of validation's keywords that a network misses, in the order of MEASURES, by settings chosen there."""

    def make() -> dict[str, np.ndarray]:
        network = open_network(checkpoint)
        where, trials, sound = on_validation(network, corpus, REPORT)
        chosen = choose(network, where, trials, sound, allowed(stream_hours(sound), MOST_PER_HOUR))
        points = detection_curve(network, where, trials, sound, chosen.settings)
        found = chosen.point, best_within(points, MOST_PER_HOUR)
        for point in found:
            print(f"threshold {point.threshold}: {point.per_hour:.2f} false accepts an hour", flush=True)
        return {"missed": np.array([point.reject_rate for point in found])}

    key = digest(corpus.content_hash, checkpoint.read_bytes(), code("kwslib.experiments.zoo_field"))
    return cached("hard", key, make)["missed"].tolist()


def main(write: bool = typer.Option(False, "--write", help="Keep the values in book/results.")) -> None:
    run = recording.start("98_hard", "report", results=recorded_folder(), seeds=SEEDS)
    splits = field_training_splits(run.corpus, START, SPENT)
    training, validation = splits["training"], splits["validation"]
    known = digest(code(train_setup.__module__), repr(START), examples_digest(training))
    mixed, sound = with_mixtures(training, run.corpus), training_hours(run.corpus)
    found: dict[str, list[list[float]]] = {name: [] for name in (SAME, *OTHERS)}
    for seed in SEEDS:
        start = FOLDER / known / f"{ARCH}_seed{seed}.pt"
        if not start.is_file():
            start.parent.mkdir(parents=True, exist_ok=True)
            train_setup(START, splits, seed, out=start)
        hard = hard_seconds(training, start, sound, seed)
        for name, examples in zip(found, (training, hard, mixed), strict=True):
            found[name].append(missed(run.corpus, trained_on(start, examples, validation, seed)))
            at_its_own, at_one = found[name][-1]
            print(f"seed {seed}, {name}: {at_its_own:.1%} missed, {at_one:.1%} at one an hour", flush=True)
    record(run, found)
    if write:
        run.finish()


def record(run: Run, found: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Record the means of each training's shares, by seed and measure, and how much they differ from the first's."""
    for number, what in enumerate(MEASURES):
        by_seed = {name: [shares[number] for shares in each] for name, each in found.items()}
        results = {name: mean_share(values) for name, values in by_seed.items()}
        results |= {
            f"{name} minus {SAME}": paired_difference(by_seed[name], by_seed[SAME]) for name in OTHERS
        }
        for name, (mean, *ci95) in results.items():
            run.record(f"{name}: {what}", mean, "fraction", ci95, n=len(SEEDS))
            print(f"{f'{name}: {what}':72}{mean:8.2%}   {ci95[0]:.2%} to {ci95[1]:.2%}", flush=True)


if __name__ == "__main__":
    script(main)
