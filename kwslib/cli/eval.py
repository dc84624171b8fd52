"""`kws eval`: how often a model is right on a split of a corpus."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import corpus_of
from kwslib.cli.options import DATA, JSON, OWN, PROFILE
from kwslib.cli.output import one_line, print_confusion, print_json
from kwslib.errors import KwsError

if TYPE_CHECKING:
    import numpy as np

    from kwslib.data.protocol import Example

MISTAKES = 10  # that are printed


def evaluate_model(
    model: str = typer.Argument(help="FILE.pt, FILE.tflite, or board:FILE for the virtual board."),
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    own: list[str] = OWN,
    split: str = typer.Option("testing", help="training, validation or testing."),
    threshold: float | None = typer.Option(
        None,
        min=0,
        max=1,
        help="Posterior below which a word counts as unknown; 0 counts the likeliest class, as the book's tables do"
        " [default: the model's, else 0].",
    ),
    keywords: str | None = typer.Option(
        None, help="The words, separated by commas, of a .tflite file that does not carry its labels."
    ),
    as_json: bool = JSON,
) -> None:
    """Accuracy with its 95 % interval, overall and by class, under the fixed protocol; the confusion matrix; the
    mistakes by file name, the most confident first. A model that carries a threshold is evaluated with it, or with
    the one that --threshold names."""
    import numpy as np
    from scipy.special import softmax

    from kwslib.data.protocol import Protocol, build_splits, load_waveforms
    from kwslib.data.splits import SPLITS
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.features.dataset import feature_split
    from kwslib.networks.evaluation import tally
    from kwslib.predictors import ClipPredictor, decided, load_predictor

    if split not in SPLITS:
        raise KwsError(f"--split {split}: use {', '.join(SPLITS)}")
    predictor = load_predictor(model, [word.strip() for word in keywords.split(",")] if keywords else None)
    corpus = corpus_of(model, predictor.labels[2:], data, profile, own)
    print(one_line(corpus.describe()), file=sys.stderr)
    protocol = Protocol(keywords=predictor.labels[2:])
    clips = build_splits(corpus, protocol)[split]
    if isinstance(predictor, ClipPredictor):
        logits, y = predictor.clip_logits(load_waveforms(clips)), np.array([clip.label for clip in clips])
    else:
        examples = feature_split(corpus, protocol, split)
        logits, y = predictor.logits(examples.x), examples.y
    if not len(y):
        raise KwsError(f"{corpus.root}: no {split} clips: add recordings or name another --split")
    scores = softmax(logits.astype(np.float64), axis=1)
    settings = predictor.settings
    if threshold is not None:
        settings = DecisionSettings(len(predictor.labels), threshold=threshold) if threshold else None
    decisions = decided(scores, settings)
    result = tally(decisions, y, predictor.labels).as_json()
    result["mistakes"] = _mistakes(clips, predictor.labels, y, decisions, scores)
    if as_json:
        where = {"data": corpus.name, "synthetic": corpus.synthetic, "split": split}
        where["threshold"] = settings.threshold if settings else 0
        print_json({"model": model} | where | result)
        return
    low, high = result["ci95"]
    right = f"{result['accuracy']:.2%} of {result['n']:,} {split} clips right ({low:.2%} to {high:.2%})"
    condition = f", at a threshold of {settings.threshold}" if settings else ""
    print(one_line(f"{model}: {right}, {corpus.title}{condition}"))
    _print_classes(predictor.labels, result)
    _print_mistakes(result["mistakes"])


def _mistakes(
    clips: "Sequence[Example]",
    labels: Sequence[str],
    y: "np.ndarray",
    decisions: "np.ndarray",
    scores: "np.ndarray",
) -> list[dict[str, Any]]:
    """Clips whose decision is not their class y, both (N,), the one with the highest of the scores (N, C) first."""
    import numpy as np

    wrong = sorted(np.flatnonzero(decisions != y), key=lambda row: -scores[row, decisions[row]])
    return [
        {
            "file": str(clips[row].clip.path) if clips[row].clip else clips[row].name,
            "said": labels[y[row]],
            "heard": labels[decisions[row]],
            "score": float(scores[row, decisions[row]]),
        }
        for row in wrong
    ]


def _print_classes(labels: Sequence[str], result: dict[str, Any]) -> None:
    for label, row in result["per_class"].items():
        share = f"{row['accuracy']:>9.1%}" if row["n"] else ""
        print(one_line(f"  {label:<12}{row['correct']:>6} of {row['n']:>6}{share}"))
    print_confusion(labels, result["confusion"])


def _print_mistakes(mistakes: list[dict[str, Any]]) -> None:
    for mistake in mistakes[:MISTAKES]:
        line = f"{mistake['said']} heard as {mistake['heard']} ({mistake['score']:.1%})"
        print(one_line(f"  {line}: {mistake['file']}"))
    if (more := len(mistakes) - MISTAKES) > 0:
        print(f"  and {more} more mistakes; --json names all")
    to_hear = [mistake["file"] for mistake in mistakes if Path(mistake["file"]).is_file()]
    if to_hear:
        print(one_line(f"  one to listen to: {to_hear[0]}"))
