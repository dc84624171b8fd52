"""Single columns of a hop, which the C core computes without tests for the window's edges (kws_column)."""

from dataclasses import replace

from kwslib.deployment.streaming import Call, Move
from kwslib.features.ccore import constants

MOST_TAPS = 2 * constants()["KWS_TAP_PAIRS"]
COLUMNS = {"run_convolution": "run_column", "run_depthwise": "depth_column"}


def single_column(step: Call | Move) -> Call | Move:
    """The step with the kernel for single columns, if its layer computes only one, with plain scales and
    inside its row."""
    if not isinstance(step, Call) or step.layer.kind not in COLUMNS:
        return step
    window, kind = step.layer.fields, COLUMNS[step.layer.kind]
    single = window["out_width"] == window["out_height"] == 1 and window["band_rows"]
    inside = window["pad_left"] == 0 and window["kernel_width"] <= window["in_width"]
    run = window["kernel_width"] * window["in_channels"]
    length = run // 4 if kind == "run_column" else window["kernel_width"]
    if not single or not inside or (run % 4 if kind == "run_column" else length > MOST_TAPS):
        return step
    fields = {
        "length": length,
        "weights": window["weights"],
        "groups": window["out_channels"] // 4,
        "output": window["output"],
    }
    return replace(
        step, layer=replace(step.layer, kind=kind, name=f"{step.layer.name}_column", fields=fields)
    )
