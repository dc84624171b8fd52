"""`kws export`: a checkpoint as ONNX, TensorFlow Lite and C; any model as a page for the browser."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import corpus_of
from kwslib.cli.options import DATA, JSON, OWN, PROFILE
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError

if TYPE_CHECKING:
    from kwslib.checkpoints import Checkpoint
    from kwslib.deployment.export import Exported
    from kwslib.deployment.model_file import ModelFile

MANY = 0.05  # of the calibration answers: more changed ones are warned of


def export_model(
    model: Path = typer.Argument(help="FILE.pt, as `kws train` writes it; for --web also FILE.tflite, int8."),
    out: Path | None = typer.Option(None, "--out", help="Folder to write into."),
    web: Path | None = typer.Option(None, "--web", help="HTML file to write: the spotter in a page."),
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    own: list[str] = OWN,
    as_json: bool = JSON,
) -> None:
    """Write model.onnx, model.tflite (int8), model_float32.tflite, model_data.h and model_data.cc; or a page.

    The ranges of the int8 model's activations come from training clips: give the data it was trained on. A
    quantized checkpoint has its own, and gives model.tflite and kws_model.h, with packed weights, for our C core.
    On those clips the C core's answers are compared with the float network's: how many int8 changed is reported.
    The page holds the C core and the model in one file, which any browser opens, from disk too.
    """
    from kwslib.deployment.export import INT8
    from kwslib.deployment.model_file import read_model
    from kwslib.writing import check_folder, write_bytes

    if out is None and web is None:
        raise KwsError("nothing to write: name a folder with --out, or a page with --web")
    if web is not None:
        _check_page(web, model)
    report: dict[str, Any] = {"bytes": {}}
    written: list[Path] = []
    lines: list[str] = []
    file = spotter = read_model(model)
    if file.checkpoint is None:
        if out is not None:
            raise KwsError(
                f"{model}: --out takes the checkpoint, FILE.pt; a .tflite file goes into a page, --web"
            )
    else:
        if out is not None:
            check_folder(out)
        exported, source = _exported(file.checkpoint, data, profile, own)
        report |= {"labels": list(exported.labels), "operators": list(exported.operators)} | source
        if exported.clips:
            report["calibration"] = {"clips": exported.clips, "changed": exported.changed}
            lines = [_changed(exported)]
        if exported.clips and web is not None:  # one that is quantized runs on its own bits
            spotter = read_model((out or Path()) / INT8, content=exported.int8)
        if out is not None:
            written += exported.write(out).files
    if web is not None:
        write_bytes(web, _page(spotter, model.stem).encode())
        written.append(web)
    report["bytes"] = {path.name: path.stat().st_size for path in written}
    if as_json:
        print_json(report)
        return
    for path in written:
        print(one_line(f"{path}: {report['bytes'][path.name]:,} bytes"))
    for line in lines:
        print(line)


def _exported(
    checkpoint: "Checkpoint", data: Path | None, profile: str | None, own: list[str]
) -> "tuple[Exported, dict[str, object]]":
    """What a checkpoint becomes, and which data it calibrated with."""
    from kwslib.deployment.conversion import check_installed
    from kwslib.deployment.export import calibration_features, export_network, export_quantized
    from kwslib.quantization.quantizers import quantization_of

    if quantization_of(checkpoint.network):
        return export_quantized(checkpoint), {"data": None}
    check_installed()
    labels = checkpoint.config.labels
    corpus = corpus_of(checkpoint.path, labels[2:], data, profile, own)
    print(one_line(corpus.describe()), file=sys.stderr)
    exported = export_network(checkpoint, calibration_features(corpus, labels))
    if exported.changed > MANY * exported.clips:
        print(
            f"kws: warning: {_changed(exported)}: was it trained on these data? `kws quantize`,"
            " which trains on the grid, changes fewer",
            file=sys.stderr,
        )
    return exported, {"data": corpus.name, "synthetic": corpus.synthetic}


def _changed(exported: "Exported") -> str:
    return f"int8 changed {exported.changed:,} of {exported.clips:,} calibration answers"


def _check_page(web: Path, model: Path) -> None:
    """Raises KwsError, before the long work, where no page can be written or built."""
    from kwslib.page.core import build_core
    from kwslib.writing import check_writable

    check_writable(web, model)
    build_core()


def _page(model: "ModelFile", title: str) -> str:
    from kwslib.page.clips import spoken_clips
    from kwslib.page.html import document
    from kwslib.page.networks import page_network

    network = page_network(model, title)
    words = network.labels[2:]
    return document(f"Say {' or '.join(words)}", [network], spoken_clips(words))
