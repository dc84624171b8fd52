"""Part 5's tables of quantized networks in integers: in Python, in C, in TensorFlow Lite Micro and on the board.

Times are the cycle model's milliseconds at 64 MHz, recorded to two digits. The time of integer kernels does not depend
on their input, so that one clip is enough for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.machine import Board
from kwslib.checkpoints import read_checkpoint
from kwslib.deployment.core_packed import int8_network, integers, packed_network
from kwslib.deployment.core_run import run_network
from kwslib.deployment.export import integer_tflite
from kwslib.deployment.model_file import read_model
from kwslib.errors import CheckFailed
from kwslib.features.dataset import FeatureSet
from kwslib.networks.evaluation import evaluate
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.quantization.grids import TERNARY, Width
from kwslib.quantization.integer import run_integers
from kwslib.record import names
from kwslib.record.values import Value, Values
from kwslib.report.words import counted
from kwslib.writing import write_bytes

if TYPE_CHECKING:
    import pandas

# Nordic Semiconductor, nRF52840 Product Specification v1.7, section 5.2.1.1: the CPU at 64 MHz running from flash with
# its cache, crystal oscillator on, supplied with 3 V through the DC/DC converter.
CURRENT_MA, SUPPLY_V = 3.3, 3.0
TIMES = ("network (ms)", "energy (µJ)")
BYTES = ("flash, constants (B)", "flash, all (B)", "RAM (B)")
QUICK_CLIPS, QUICK_WIDTHS = 4, (8, 4, 2, TERNARY, 1)


def energy_uj(ms: float) -> float:
    """Energy of the processor in microjoules for a time in milliseconds."""
    return CURRENT_MA * SUPPLY_V * ms


def _label(bits: Width) -> str:
    """As it stands in tables: 8 bits, ternary."""
    return bits if isinstance(bits, str) else counted(bits, "bit")


def integers_table(models: Mapping[Width, Path], testing: FeatureSet) -> "pandas.DataFrame":
    """Quantized networks in PyTorch and in integers on a whole test split: accuracies (%), answers that agree (%).

    NumPy computes the integers, and so does the C core with int8 and with packed weights. Raises CheckFailed when any
    of their logits differ.
    """
    import pandas

    rows = {}
    for bits, path in models.items():
        checkpoint = read_checkpoint(path)
        network, labels = integers(checkpoint), checkpoint.config.labels
        logits = run_integers(network, testing.x)
        for core in (int8_network(network), packed_network(network)):
            if not np.array_equal(logits, run_network(core, testing.x)):
                raise CheckFailed(f"{path}: the C core and NumPy disagree on its integers")
        answers = predict(checkpoint.network, testing.x)
        rows[_label(bits)] = {
            "PyTorch (%)": 100 * evaluate(answers, testing.y, labels).accuracy,
            "integers (%)": 100 * evaluate(logits, testing.y, labels).accuracy,
            "same answer (%)": 100 * (answers.argmax(1) == logits.argmax(1)).mean(),
            "constants (bytes)": f"{network.flash_bytes:,}",
        }
    return pandas.DataFrame(rows).T.rename_axis("weights")


def board_costs(
    models: Mapping[Width, Path], testing: FeatureSet, sounds: np.ndarray, quick: bool
) -> dict[Width, dict[str, Any]]:
    """Costs of quantized networks on the virtual board, with the test clips `sounds`, int16 (N, 16000), as raw audio.

    A row for each width. `quick` uses a few clips, and a few widths of several networks. Raises CheckFailed when the
    board's logits are not the integers'.
    """
    widths = [bits for bits in models if not quick or len(models) == 1 or bits in QUICK_WIDTHS]
    clips = QUICK_CLIPS if quick else len(sounds)

    def cost(i: int) -> dict[str, Any]:
        return board_cost(models[widths[i]], testing.x[:clips], testing.y[:clips], sounds[:clips])

    return dict(zip(widths, over_cores(cost, range(len(widths)), "on the board"), strict=True))


def board_values(rows: Mapping[Width, Mapping[str, Any]]) -> Values:
    """Times, energy and bytes of the firmware from `board_costs`."""
    values = {}
    for bits, row in rows.items():
        network = names.width(bits)
        values[names.board_ms(network)] = Value(row["network (ms)"], "ms")
        values[names.board_energy(network)] = Value(row["energy (µJ)"], "µJ")
        values[names.firmware("board_flash", network)] = Value(row["flash, all (B)"], "B")
        values[names.firmware("board_ram", network)] = Value(row["RAM (B)"], "B")
    return values


def board_table(rows: Mapping[Width, Mapping[str, Any]]) -> "pandas.DataFrame":
    """`board_costs` as a table."""
    import pandas

    table = pandas.DataFrame({_label(bits): row for bits, row in rows.items()}).T.rename_axis("weights")
    for column in table.columns.intersection(BYTES):  # none where no network was trained
        table[column] = [f"{int(size):,}" for size in table[column]]
    for column in table.columns.intersection(TIMES):
        table[column] = [f"{value:g}" for value in table[column]]
    return table


def board_cost(path: Path, q8: np.ndarray, y: np.ndarray, sounds: np.ndarray) -> dict[str, Any]:
    """One checkpoint's row of `board_table`; features q8 int8 (N, 49, 40) and classes y (N,) of the sounds."""
    checkpoint = read_checkpoint(path)
    network, labels = integers(checkpoint), checkpoint.config.labels
    board = Board(packed_network(network), labels)
    logits = board.run_clips(sounds).logits
    if not np.array_equal(logits, run_integers(network, q8)):
        raise CheckFailed(f"{path}: the board's logits are not those of its integers")
    profile = board.profile(sounds[0])
    ms = profile.stages()["network"]["ms"]
    return {
        "accuracy (%)": 100 * evaluate(logits, y, labels).accuracy,
        "flash, constants (B)": network.flash_bytes,
        "flash, all (B)": profile.flash_bytes,
        "RAM (B)": profile.ram_bytes,
        "network (ms)": rounded(ms),
        "energy (µJ)": rounded(energy_uj(ms)),
    }


@dataclass(frozen=True)
class InMicro:
    """A trained network of 8 bits in TensorFlow Lite Micro: its accuracy (0..1), and by what its logits are compared
    with the percent of them that are within 1. `seed` is that of the network."""

    seed: int
    accuracy: float
    within: dict[str, float]


def in_micro(checkpoint: Path, testing: FeatureSet) -> InMicro:
    """A trained 8-bit network with the scales it was trained with, saved as a .tflite file next to its checkpoint, in
    TensorFlow Lite Micro."""
    from kwslib.predictors import TflmPredictor

    trained = read_checkpoint(checkpoint)
    network, path = integers(trained), checkpoint.with_suffix(".tflite")
    content = integer_tflite(trained)
    write_bytes(path, content)
    micro = TflmPredictor(read_model(path, content=content)).integer_logits(testing.x).astype(int)
    scale, zero_point = network.output
    wanted = {
        "the integers": run_integers(network, testing.x),
        "PyTorch, rounded": np.rint(predict(trained.network, testing.x) / scale + zero_point).clip(-128, 127),
    }
    within = {name: 100 * float((np.abs(micro - values) <= 1).mean()) for name, values in wanted.items()}
    return InMicro(trained.extra["seed"], evaluate(micro, testing.y, trained.config.labels).accuracy, within)


def micro_values(found: InMicro) -> Values:
    """The share of TFLM's logits within 1 of the integers', and its accuracy."""
    return {
        "tflm_within_one_percent": Value(found.within["the integers"], "%"),
        "accuracy_tflm_qat8": Value(found.accuracy, "fraction"),
    }


def micro_table(found: Mapping[Width, InMicro], rows: "pandas.DataFrame") -> "pandas.DataFrame":
    """TFLM's results, with PyTorch's accuracies of the same seed by QAT and PTQ from the sweep's `rows`."""
    import pandas

    return pandas.DataFrame({f"{bits} bits": _in_micro(each, rows) for bits, each in found.items()}).T


def _in_micro(found: InMicro, rows: "pandas.DataFrame") -> dict[str, float]:
    same = rows[(rows.recipe == "ours") & (rows.bits == 8) & (rows.seed == found.seed)].set_index("method")
    table = {f"TFLM within 1 of {name} (%)": percent for name, percent in found.within.items()}
    table |= {"TFLM's accuracy, QAT (%)": 100 * found.accuracy}
    table |= {
        f"PyTorch's, {method.upper()} (%)": 100 * same.testing[method]
        for method in ("qat", "ptq")
        if method in same.index
    }
    return table
