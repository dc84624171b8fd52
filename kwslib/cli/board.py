"""`kws board`: a model's firmware on the virtual board."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import one_line, print_json, which_second
from kwslib.errors import KwsError

if TYPE_CHECKING:
    from kwslib.board.machine import BoardProfile


def run_on_board(
    model: Path = typer.Argument(help="FILE.tflite, int8, or a quantized FILE.pt."),
    wav: Path | None = typer.Option(
        None,
        help="The clip; of a long one, the loudest second is used [default: one second of silence].",
    ),
    stream: Path | None = typer.Option(
        None,
        help="A recording of at least one second: report what each hop of 40 ms costs while listening to it.",
    ),
    keep: Path | None = typer.Option(
        None, help="Folder for firmware.elf with symbols, its map, and kws_model.h for Arduino."
    ),
    as_json: bool = JSON,
) -> None:
    """Compile the firmware, execute it on the virtual board, and report its answer, times and memory."""
    import numpy as np

    from kwslib.board.chip import deployable
    from kwslib.board.cycles import ERROR
    from kwslib.cli.board_stream import print_bill
    from kwslib.data.audio import read_second
    from kwslib.labels import CLIP_SAMPLES
    from kwslib.predictors import BoardPredictor, decided

    if stream:
        if wav or keep:
            raise KwsError(
                "--stream runs a recording hop by hop: give --wav and --keep to a run of their own"
            )
        print_bill(model, stream, as_json)
        return
    clip, second = read_second(wav) if wav else (np.zeros(CLIP_SAMPLES, np.int16), 0.0)
    predictor = BoardPredictor(model)
    profile = predictor.board.profile(clip)
    if keep:
        predictor.board.keep(keep)
    chain = deployable(predictor.network, predictor.labels)
    scores = dict(zip(predictor.labels, map(float, profile.run.posteriors[0]), strict=True))
    result = {
        "second": second,
        "label": predictor.labels[int(decided(profile.run.posteriors, predictor.settings)[0])],
        "scores": scores,
        "stages": profile.stages(),
        "flash_bytes": profile.flash_bytes,
        "ram_bytes": profile.ram_bytes,
        "stack_bytes": profile.run.stack_bytes,
        "instructions": profile.instructions,
        "ms_error_percent": 100 * ERROR,
    } | chain.as_json()
    if as_json:
        functions = [vars(function) for function in profile.functions]
        print_json(result | {"functions": functions})
    else:
        _print(result, profile)
        if chain.reason:
            print(f"\n  {one_line(chain.reason)}")


def _print(result: dict[str, Any], profile: "BoardProfile") -> None:
    from kwslib.board.cycles import rounded

    scores = ", ".join(f"{label} {p:.1%}" for label, p in result["scores"].items())
    print(one_line(f"{result['label']}: {scores}{which_second(result['second'])}"))
    print(f"\n  {'stage':<12}{'cycles':>11}{'ms':>9}")
    for stage, cost in result["stages"].items():
        print(f"  {stage:<12}{cost['cycles']:>11,}{rounded(cost['ms']):>9g}")
    print(f"\n  at 64 MHz by the cycle model, ± {result['ms_error_percent']:g} %")
    print(f"\n  {'function':<28}{'stage':<10}{'cycles':>11}{'instructions':>14}{'flash reads':>13}")
    for function in profile.functions[:12]:
        counts = f"{function.cycles:>11,}{function.instructions:>14,}{function.flash_reads:>13,}"
        print(f"  {function.name:<28}{function.stage:<10}{counts}")
    print(
        f"\n  flash {result['flash_bytes']:,} B, RAM {result['ram_bytes']:,} B, stack {result['stack_bytes']:,} B"
    )
