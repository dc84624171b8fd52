"""Part 4's tables of the virtual board: stages compared with the original's, cycles by function, peers, time
by channels."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.machine import Board, BoardProfile
from kwslib.deployment.core_network import Network
from kwslib.features.frontend import FRAMES
from kwslib.record import names
from kwslib.record.comparison import load_original
from kwslib.record.values import Value, Values
from kwslib.report.numbers import two_digits

if TYPE_CHECKING:
    import pandas


STEP_MS = 20
LEAST_SHARE = 0.02  # of a stage, to be listed
# TensorFlow Lite Micro on this very network: built apart and run once, ms at 64 MHz. The second is the original's
# build, as far as it is known, by all rules of the cycle model (72.5 by the manual's alone); the others were counted by
# the manual's rules alone, which give up to 5 % less.
PEERS = {
    "TFLM, reference kernels, -O2": 305.0,
    "TFLM + CMSIS-NN, -Os, as the original's": 74.3,
    "TFLM + CMSIS-NN, -O2": 51.5,
    "TFLM + CMSIS-NN, -O2, as a depthwise convolution": 40.1,
}


def original_cycle_ms() -> float:
    """Time from inference to inference on the original's board: the sum of its three stages."""
    stated = load_original()
    return sum(stated[name].value for name in ("board_frontend", "board_network", "board_decision"))


def cycle_frames() -> float:
    """Number of 20 ms frames in the original's cycle, which its front end computed before each inference."""
    return original_cycle_ms() / STEP_MS


def frontend_ms(profile: BoardProfile) -> dict[str, float]:
    """The front end's time by duration of sound: one frame, the original's cycle, a whole second."""
    frame = profile.stages()["frontend"]["ms"] / FRAMES
    return {"frame": frame, "cycle": frame * cycle_frames(), "second": frame * FRAMES}


def stage_table(profile: BoardProfile) -> "pandas.DataFrame":
    """Stages of one inference: the original's milliseconds, our milliseconds and our cycles."""
    import pandas

    stated, stages = load_original(), profile.stages()
    frame = stages["frontend"]
    of_cycle = {key: value / FRAMES * cycle_frames() for key, value in frame.items()}
    rows = {
        "front end, sound of one cycle": (stated["board_frontend"].value, of_cycle),
        "front end, one frame": (None, {key: value / FRAMES for key, value in frame.items()}),
        "front end, a whole second": (None, frame),
        "network": (stated["board_network"].value, stages["network"]),
        "decision": (stated["board_decision"].value, stages["decision"]),
    }
    table = {
        name: {
            "original (ms)": theirs,
            "ours (ms)": ours["ms"],
            "cycles": round(ours["cycles"]),
        }
        for name, (theirs, ours) in rows.items()
    }
    return pandas.DataFrame(table).T.astype({"cycles": int})


def shown(table: "pandas.DataFrame") -> "pandas.DataFrame":
    """The table with our times to the precision that the cycle model's error permits."""
    columns = table.columns.intersection(["ours (ms)", "network (ms)"])
    return table.assign(**{column: [two_digits(ms) for ms in table[column]] for column in columns})


def function_table(profile: BoardProfile) -> "pandas.DataFrame":
    """Functions that take at least LEAST_SHARE of their stage, by stage: cycles, instructions, reads that wait
    for flash."""
    import pandas

    order = list(profile.stages())
    shown = [
        function
        for function in profile.functions
        if function.stage != "rest" and function.cycles >= LEAST_SHARE * profile.cycles(function.stage)
    ]
    rows = [
        {
            "stage": function.stage.replace("frontend", "front end"),
            "function": function.name,
            "cycles": function.cycles,
            "share (%)": 100 * function.cycles / profile.cycles(function.stage),
            "instructions": function.instructions,
            "waits for flash (cycles)": 2 * function.flash_reads,
            "cache misses": function.cache_misses,
        }
        for function in sorted(shown, key=lambda function: order.index(function.stage))
    ]
    return pandas.DataFrame(rows).set_index(["stage", "function"])


def peer_table(profile: BoardProfile, macs: int) -> "pandas.DataFrame":
    """The same network in four builds of TensorFlow Lite Micro and in ours: ms, cycles per MAC."""
    import pandas

    ours = profile.stages()["network"]["ms"]
    rows = {**PEERS, "ours": ours}
    return pandas.DataFrame(
        {
            name: {
                "network (ms)": ms,
                "cycles per MAC": ms * 64_000 / macs,
                "times ours": ms / ours,
            }
            for name, ms in rows.items()
        }
    ).T


def first_channels(network: Network, channels: int) -> Network:
    """TinyConv reduced to its first filters and their columns of the linear layer, for timing only."""
    conv, dense = network.layers
    wide = conv.fields["out_channels"]
    output = conv.fields["output"]
    cut = {key: value[:channels] if isinstance(value, np.ndarray) else value for key, value in output.items()}
    fields = conv.fields | {
        "weights": conv.fields["weights"][:channels],
        "out_channels": channels,
        "output": cut,
    }
    blocks = dense.fields["weights"]  # (outputs / 4, inputs / 4, 4, 4)
    rows = blocks.transpose(0, 2, 1, 3).reshape(4 * len(blocks), -1, wide)[:, :, :channels]
    inputs = rows.shape[1] * channels
    kept_weights = rows.reshape(len(blocks), 4, inputs // 4, 4).transpose(0, 2, 1, 3)
    return replace(
        network,
        layers=(
            replace(conv, fields=fields),
            replace(dense, fields=dense.fields | {"weights": kept_weights, "inputs": inputs}),
        ),
        sizes=network.sizes | {conv.output: inputs},
    )


def time_by_channels(
    board: Board, clip: np.ndarray, channels: tuple[int, ...] = (4, 7, 8)
) -> dict[int, float]:
    """Milliseconds of the network by number of channels."""
    return {
        count: Board(first_channels(board.network, count), board.labels)
        .profile(clip)
        .stages()["network"]["ms"]
        for count in channels
    }


def channel_values(times: dict[int, float]) -> Values:
    """Times by channels to two digits, from {channels: ms}, and the share of time saved with half of the channels."""
    values = {names.board_ms(names.channels(left)): Value(rounded(ms), "ms") for left, ms in times.items()}
    saved = 1 - times[4] / times[8]
    return values | {"board_time_saved_channels_4": Value(saved, "fraction")}


def original_by_channels() -> dict[int, float]:
    """The original's measured milliseconds by number of channels (its Figure 15)."""
    stated = load_original()
    names = {4: "board_removed_50", 7: "board_removed_10", 8: "board_removed_0"}
    return {count: stated[name].value for count, name in names.items()}


def decompose(times: dict[int, float]) -> tuple[float, float]:
    """Milliseconds (fixed, per channel) of a least-squares line through the times by channels."""
    slope, fixed = np.polyfit(list(times), list(times.values()), 1)
    return float(fixed), float(slope)


def board_values(profile: BoardProfile, macs: int, cpu_ms: float | None = None) -> Values:
    """Cost on the board: milliseconds to two digits, bytes, cycles per multiply-accumulate."""
    stages, front = profile.stages(), frontend_ms(profile)
    times = {
        "frontend": front["cycle"],  # what the original's figure means
        "frontend_frame": front["frame"],
        "frontend_second": front["second"],
        "network": stages["network"]["ms"],
        "decision": stages["decision"]["ms"],
    }
    values = {}
    for name, ms in times.items():
        values[names.board_ms(name)] = Value(rounded(ms), "ms")
    values["board_flash_bytes"] = Value(profile.flash_bytes, "B")
    values["board_ram_bytes"] = Value(profile.ram_bytes, "B")
    values["board_stack_bytes"] = Value(profile.run.stack_bytes, "B")
    values["board_cycles_per_mac"] = Value(profile.cycles("network") / macs)
    values["board_inferences_per_second"] = Value(rounded(1000 / times["network"]))
    if cpu_ms is not None:
        values["board_cpu_ratio"] = Value(rounded(times["network"] / cpu_ms))
    return values
