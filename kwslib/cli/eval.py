"""`kws eval`: how often a model is right on a split of a corpus."""

import sys
from pathlib import Path

import typer

from kwslib.cli.options import DATA, JSON, PROFILE
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError


def evaluate_model(
    model: str = typer.Argument(help="FILE.pt, FILE.tflite, or board:FILE for the virtual board."),
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    split: str = typer.Option("testing", help="training, validation or testing."),
    keywords: str | None = typer.Option(
        None, help="The words, separated by commas, of a .tflite file that does not carry its labels."
    ),
    as_json: bool = JSON,
) -> None:
    """Accuracy with its 95 % interval, in all and of each class, under the fixed protocol."""
    import numpy as np

    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol, build_splits, load_waveforms
    from kwslib.data.splits import SPLITS
    from kwslib.features.dataset import feature_split
    from kwslib.networks.evaluation import evaluate
    from kwslib.predictors import ClipPredictor, load_predictor

    if split not in SPLITS:
        raise KwsError(f"--split {split}: use {', '.join(SPLITS)}")
    predictor = load_predictor(model, [word.strip() for word in keywords.split(",")] if keywords else None)
    corpus = open_corpus(data, profile)
    print(one_line(corpus.describe()), file=sys.stderr)
    protocol = Protocol(keywords=predictor.labels[2:])
    if isinstance(predictor, ClipPredictor):
        clips = build_splits(corpus, protocol)[split]
        logits, y = predictor.clip_logits(load_waveforms(clips)), np.array([clip.label for clip in clips])
    else:
        examples = feature_split(corpus, protocol, split)
        logits, y = predictor.logits(examples.x), examples.y
    if not len(y):
        raise KwsError(f"{corpus.root}: no {split} clips: add recordings or name another --split")
    result = evaluate(logits, y, predictor.labels).as_json()
    if as_json:
        where = {"data": corpus.name, "synthetic": corpus.synthetic, "split": split}
        print_json({"model": model} | where | result)
        return
    low, high = result["ci95"]
    right = f"{result['accuracy']:.2%} of {result['n']:,} {split} clips right ({low:.2%} to {high:.2%})"
    print(one_line(f"{model}: {right}, {corpus.title}"))
    for label, row in result["per_class"].items():
        print(f"  {label:<12}{row['correct']:>6} of {row['n']:>6}{row['accuracy']:>9.1%}")
