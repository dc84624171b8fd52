"""`kws export`: a checkpoint as ONNX, TensorFlow Lite and a C array."""

import sys
from pathlib import Path

import typer

from kwslib.cli.output import print_json


def export_model(
    checkpoint: Path = typer.Argument(help="FILE.pt, as `kws train` leaves it."),
    out: Path = typer.Option(..., "--out", help="Folder to write into."),
    data: Path | None = typer.Option(
        None, help="Folder of clips in Speech Commands' layout, to calibrate with."
    ),
    profile: str | None = typer.Option(None, help="quick (synthetic corpus) or report (Speech Commands)."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Write model.onnx, model.tflite (int8), model_float32.tflite, model_data.h and model_data.cc.

    The ranges of the int8 model's activations come from training clips: give the data it was trained on.
    """
    from kwslib.data.corpus import open_corpus
    from kwslib.deployment.conversion import check_installed
    from kwslib.deployment.export import calibration_features, export
    from kwslib.networks.models import load_checkpoint

    check_installed()
    _, config, _ = load_checkpoint(checkpoint)
    corpus = open_corpus(data, profile)
    print(corpus.describe(), file=sys.stderr)
    result = export(checkpoint, calibration_features(corpus, config.labels), out)
    sizes = {path.name: path.stat().st_size for path in result.files}
    if as_json:
        operators = list(result.operators)
        print_json(
            {"labels": list(result.labels), "operators": operators, "bytes": sizes, "data": corpus.name}
        )
        return
    for name, size in sizes.items():
        print(f"{out / name}: {size:,} bytes")
