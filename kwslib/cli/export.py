"""`kws export`: a checkpoint as ONNX, TensorFlow Lite and C."""

import sys
from pathlib import Path

import typer

from kwslib.cli.data import OWN, with_own
from kwslib.cli.options import DATA, JSON, PROFILE
from kwslib.cli.output import one_line, print_json


def export_model(
    checkpoint: Path = typer.Argument(help="FILE.pt, as `kws train` leaves it."),
    out: Path = typer.Option(..., "--out", help="Folder to write into."),
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    own: list[str] = OWN,
    as_json: bool = JSON,
) -> None:
    """Write model.onnx, model.tflite (int8), model_float32.tflite, model_data.h and model_data.cc.

    The ranges of the int8 model's activations come from training clips: give the data it was trained on. A
    quantized checkpoint has its own, and gives model.tflite and kws_model.h, with packed weights, for our C core.
    """
    from kwslib.checkpoints import load_checkpoint
    from kwslib.data.corpus import open_corpus
    from kwslib.deployment.conversion import check_installed
    from kwslib.deployment.export import calibration_features, export, export_quantized

    network, config, _ = load_checkpoint(checkpoint)
    source: dict[str, object] = {"data": None}
    if hasattr(network, "quantization"):
        result = export_quantized(checkpoint, out)
    else:
        check_installed()
        corpus = with_own(open_corpus(data, profile), own)
        print(one_line(corpus.describe()), file=sys.stderr)
        source = {"data": corpus.name, "synthetic": corpus.synthetic}
        result = export(checkpoint, calibration_features(corpus, config.labels), out)
    sizes = {path.name: path.stat().st_size for path in result.files}
    if as_json:
        operators = list(result.operators)
        print_json({"labels": list(result.labels), "operators": operators, "bytes": sizes} | source)
        return
    for name, size in sizes.items():
        print(one_line(f"{out / name}: {size:,} bytes"))
