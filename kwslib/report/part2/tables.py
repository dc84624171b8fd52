"""What Part 2 shows of a network: its counts, layer by layer, its memory and time, and published networks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.checkpoints import save_checkpoint
from kwslib.deployment.export import ExportResult, export
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.measure.latency import CUDA_GRAPH, RUNS, Latency
from kwslib.measure.profiling import FLASH_BYTES, ORIGINAL_FLASH, ORIGINAL_RAM, RAM_BYTES, Costs, costs
from kwslib.networks.models import ZOO, ModelConfig, build
from kwslib.record.comparison import book_file
from kwslib.record.recording import Run

if TYPE_CHECKING:
    import pandas

MEMORY = {  # row of the memory table: recorded name
    "every output kept, float32 (the original's way)": "forward_memory_bytes",
    "alive at once, float32": "peak_live_bytes_float32",
    "alive at once, int8": "peak_live_bytes_int8",
    "arena of TensorFlow Lite Micro, int8": "tflm_arena_bytes",
}

RUNTIMES = {  # runtime: part of the recorded name
    "PyTorch": "pytorch",
    "ONNX Runtime": "onnxruntime",
    "LiteRT float32": "litert",
    "LiteRT int8": "litert_int8",
}


def export_untrained(config: ModelConfig, folder: Path) -> ExportResult:
    """All exported forms of a network with fresh weights: neither size nor speed hangs on their values."""
    save_checkpoint(folder / "model.pt", build(config), config)
    noise = np.random.default_rng(0).integers(-128, 128, (16, FRAMES, CHANNELS)).astype(np.int8)
    return export(folder / "model.pt", noise, folder)


def record_counts(run: Run, counts: Costs) -> None:
    """Record all that can be counted without running the network. Shares as the original takes them."""
    run.record("parameters", counts.parameters)
    run.record("bits_per_parameter", round(8 * counts.weight_bytes("float32") / counts.parameters))
    run.record("bytes_per_parameter", counts.weight_bytes("float32") / counts.parameters, "B")
    run.record("batch_size", counts.operations[0].shape[0])
    run.record("macs", counts.macs)
    run.record("flops", counts.flops, "FLOP")
    for dtype in ("float32", "int8"):
        run.record(f"weights_bytes_{dtype}", counts.weight_bytes(dtype), "B")
        run.record(f"peak_live_bytes_{dtype}", counts.peak_live_bytes(dtype), "B")
    run.record("forward_memory_bytes", counts.all_outputs_bytes, "B")
    run.record("flash_share_percent", 100 * counts.weight_bytes("float32") / ORIGINAL_FLASH, "%")
    run.record("ram_share_percent", 100 * counts.all_outputs_bytes / ORIGINAL_RAM, "%")


def flash_table(counts: Costs) -> "pandas.DataFrame":
    """Bytes of the weights in float32 and int8, and their share of the board's flash."""
    import pandas

    sizes = {f"weights, {dtype}": counts.weight_bytes(dtype) for dtype in ("float32", "int8")}
    return pandas.DataFrame(
        {"bytes": sizes, "% of 1 MB of flash": {row: 100 * size / FLASH_BYTES for row, size in sizes.items()}}
    )


def memory_table(run: Run) -> "pandas.DataFrame":
    """The recorded ways of counting memory, in bytes and as a share of the board's RAM."""
    import pandas

    sizes = {row: run.values[name]["value"] for row, name in MEMORY.items()}
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
            "output": " × ".join(map(str, op.shape[1:])),
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
    """`published_models` as shown: thousands of parameters, millions of MACs, accuracy and its data set."""
    import pandas

    return pandas.DataFrame(
        {
            "year": published.year,
            "parameters (k)": published.parameters / 1e3,
            "MACs (M)": published.macs / 1e6,
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

    columns = {"median (µs)": 50, "quartile 1": 25, "quartile 3": 75, "5 %": 5, "95 %": 95}
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


def record_latencies(run: Run, latencies: Sequence[Latency]) -> None:
    """Record the medians; a GPU's is that of the replayed graph, the core execution time."""
    medians = {each.runtime: each.median for each in latencies}
    for runtime, name in RUNTIMES.items():
        run.record(f"cpu_latency_ms_{name}", medians[runtime], "ms", n=RUNS)
    if CUDA_GRAPH in medians:
        run.record("gpu_latency_us", 1000 * medians[CUDA_GRAPH], "us", n=RUNS)
