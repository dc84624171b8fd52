"""`kws classify`: what is said in a recording."""

from pathlib import Path

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import one_line, print_json, which_second
from kwslib.errors import KwsError, listed


def classify(
    model: str = typer.Argument(help="FILE.pt, FILE.tflite, or board:FILE.tflite for the virtual board."),
    recordings: list[Path] = typer.Argument(
        help="Audio files of any sample rate and length; of a long one, the loudest second is used.",
        metavar="WAV...",
    ),
    as_json: bool = JSON,
) -> None:
    """Classify recordings. If one of them cannot be read, none is classified, and all unreadable ones are named."""
    import numpy as np
    from scipy.special import softmax

    from kwslib.data.audio import read_second
    from kwslib.features.frontend import features
    from kwslib.predictors import ClipPredictor, decided, load_predictor

    predictor = load_predictor(model)
    clips, seconds, problems = [], [], []
    for path in recordings:
        try:
            clip, second = read_second(path)
        except KwsError as error:
            problems.append((path, str(error).removeprefix(f"{path}: ")))
            continue
        clips.append(clip)
        seconds.append(second)
    if problems:
        raise KwsError(listed(problems))
    waveforms = np.stack(clips)
    if isinstance(predictor, ClipPredictor):
        logits = predictor.clip_logits(waveforms).astype(np.float64)  # (N, C)
    else:
        logits = predictor.logits(features(waveforms)).astype(np.float64)
    probabilities = softmax(logits, axis=1)
    decisions = decided(probabilities, predictor.settings)
    results = [
        {
            "file": str(path),
            "second": second,
            "label": predictor.labels[decision],
            "scores": dict(zip(predictor.labels, map(float, row), strict=True)),
        }
        for path, second, row, decision in zip(recordings, seconds, probabilities, decisions, strict=True)
    ]
    if as_json:
        print_json({"results": results})
        return
    for result in results:
        sure = result["scores"][result["label"]]
        print(one_line(f"{result['file']}: {result['label']} ({sure:.1%}){which_second(result['second'])}"))
