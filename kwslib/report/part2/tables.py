"""Tables of Part 2: a network's counts, layer by layer, its memory and time, and published networks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.export import ExportResult, export
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.measure import FLASH_BYTES, RAM_BYTES
from kwslib.measure.latency import CUDA_GRAPH, RUNS, Latency
from kwslib.measure.profiling import ORIGINAL_FLASH, ORIGINAL_RAM, Costs, costs
from kwslib.networks.models import ZOO, ModelConfig, build
from kwslib.record import names
from kwslib.record.comparison import book_file
from kwslib.record.values import Value, Values
from kwslib.report.numbers import by_magnitude

if TYPE_CHECKING:
    import pandas

RUNTIMES = {  # runtime: part of the recorded name
    "PyTorch": "pytorch",
    "ONNX Runtime": "onnxruntime",
    "LiteRT float32": "litert",
    "LiteRT int8": "litert_int8",
}


def export_untrained(config: ModelConfig, folder: Path) -> ExportResult:
    """All exported formats of an untrained network: neither size nor speed depends on the weights' values.

    The weights are the same every time, so that from the second time on ONNX and .tflite come from the cache.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        save_checkpoint(folder / "model.pt", build(config), config)
    noise = np.random.default_rng(0).integers(-128, 128, (16, FRAMES, CHANNELS)).astype(np.int8)
    return export(folder / "model.pt", noise, folder)


def count_values(counts: Costs) -> Values:
    """All counts that do not require running the network. Shares as the original defines them."""
    values = {
        "parameters": Value(counts.parameters),
        "bits_per_parameter": Value(round(8 * counts.weight_bytes("float32") / counts.parameters)),
        "bytes_per_parameter": Value(counts.weight_bytes("float32") / counts.parameters, "B"),
        "batch_size": Value(counts.operations[0].shape[0]),
        "macs": Value(counts.macs),
        "flops": Value(counts.flops, "FLOP"),
    }
    for dtype in ("float32", "int8"):
        values[names.counted_bytes("weights", dtype)] = Value(counts.weight_bytes(dtype), "B")
        values[names.counted_bytes("peak_live", dtype)] = Value(counts.peak_live_bytes(dtype), "B")
    values["forward_memory_bytes"] = Value(counts.all_outputs_bytes, "B")
    values["flash_share_percent"] = Value(100 * counts.weight_bytes("float32") / ORIGINAL_FLASH, "%")
    values["ram_share_percent"] = Value(100 * counts.all_outputs_bytes / ORIGINAL_RAM, "%")
    return values


def flash_table(counts: Costs) -> "pandas.DataFrame":
    """Bytes of the weights in float32 and int8, and their share of the board's flash."""
    import pandas

    sizes = {f"weights, {dtype}": counts.weight_bytes(dtype) for dtype in ("float32", "int8")}
    return pandas.DataFrame(
        {"bytes": sizes, "% of 1 MB of flash": {row: 100 * size / FLASH_BYTES for row, size in sizes.items()}}
    )


def memory_table(counts: Costs, arena: int) -> "pandas.DataFrame":
    """The ways of counting memory, in bytes and as a share of the board's RAM; `arena` is TensorFlow Lite Micro's."""
    import pandas

    sizes = {
        "every output kept, float32 (the original's way)": counts.all_outputs_bytes,
        "alive at once, float32": counts.peak_live_bytes("float32"),
        "alive at once, int8": counts.peak_live_bytes("int8"),
        "arena of TensorFlow Lite Micro, int8": arena,
    }
    return pandas.DataFrame(
        {"bytes": sizes, "% of 256 KB of RAM": {row: 100 * size / RAM_BYTES for row, size in sizes.items()}}
    )


def layer_table(counts: Costs) -> "pandas.DataFrame":
    """One row per operation: output, its bytes as float32, parameters, MACs, FLOPs; the sum below."""
    import pandas

    rows = [
        {
            "layer": op.name,
            "kind": op.kind,
            "output": " × ".join(f"{size:,}" for size in op.shape[1:]),
            "bytes": 4 * op.elements,
            "parameters": op.parameters,
            "MACs": op.macs,
            "FLOPs": op.flops,
        }
        for op in counts.operations
    ]
    table = pandas.DataFrame(rows).set_index("layer")
    table.loc["total"] = ["", "", *table[["bytes", "parameters", "MACs", "FLOPs"]].sum()]
    return table


def published_models() -> "pandas.DataFrame":
    """The networks of book/published_models.yml, one row each, missing values where a figure is absent."""
    import pandas
    import yaml

    entries = yaml.safe_load(book_file("published_models.yml").read_text(encoding="utf-8"))
    columns = ["family", "year", "parameters", "macs", "accuracy", "data", "source"]
    return pandas.DataFrame(entries).set_index("name")[columns]


def published_table(published: "pandas.DataFrame") -> "pandas.DataFrame":
    """`published_models` for display: thousands of parameters, millions of MACs, accuracy and its data set."""
    import pandas

    return pandas.DataFrame(
        {
            "year": published.year,
            "parameters (k)": (published.parameters / 1e3).map(by_magnitude),
            "MACs (M)": (published.macs / 1e6).map(by_magnitude),
            "accuracy (%)": published.accuracy,
            "data": published.data.map("version {:.0f}".format, na_action="ignore"),
        }
    )


def zoo() -> "pandas.DataFrame":
    """Parameters and macs of our own networks, by name."""
    import pandas

    counts = {arch: costs(build(ModelConfig(arch))) for arch in ZOO}
    rows = {arch: {"parameters": each.parameters, "macs": each.macs} for arch, each in counts.items()}
    return pandas.DataFrame(rows).T


def latency_table(latencies: Sequence[Latency]) -> "pandas.DataFrame":
    """Median and spread of each runtime in microseconds."""
    import pandas

    columns = {"median": 50, "quartile 1": 25, "quartile 3": 75, "percentile 5": 5, "percentile 95": 95}
    rows = {
        each.runtime: {
            "device": each.device,
            "threads": each.threads or "",
            "runs": len(each.milliseconds),
            **{name: 1000 * each.percentile(q) for name, q in columns.items()},
        }
        for each in latencies
    }
    return pandas.DataFrame(rows).T


def latency_values(latencies: Sequence[Latency]) -> Values:
    """The medians; a GPU's is that of the replayed graph, the core execution time."""
    medians = {each.runtime: each.median for each in latencies}
    values = {
        names.cpu_latency_ms(name): Value(medians[runtime], "ms", n=RUNS)
        for runtime, name in RUNTIMES.items()
    }
    if CUDA_GRAPH in medians:
        values["gpu_latency_us"] = Value(1000 * medians[CUDA_GRAPH], "us", n=RUNS)
    return values
