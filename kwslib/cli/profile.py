"""`kws profile`: what a model costs: parameters, bytes, operations, memory and the time of one clip."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.options import JSON
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError
from kwslib.networks import ARCHITECTURES

if TYPE_CHECKING:
    from torch import nn

    from kwslib.measure.profiling import Costs


def profile_model(
    model: str = typer.Argument(help="FILE.pt, FILE.tflite, or the name of a network, such as tinyconv."),
    device: str = typer.Option("cpu", help="Where latency is measured: cpu or cuda."),
    as_json: bool = JSON,
) -> None:
    """Parameters, bytes, MACs, FLOPs, memory and latency (batch 1, one thread), layer by layer."""
    if device not in ("cpu", "cuda"):
        raise KwsError(f"--device {device}: use cpu or cuda")
    if model not in ARCHITECTURES and not model.endswith((".pt", ".tflite")):
        raise KwsError(
            f"{model}: not a model; name a .pt or .tflite file, or one of {', '.join(ARCHITECTURES)}"
        )
    result = _file(Path(model), device) if model.endswith(".tflite") else _network(model, device)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _network(name: str, device: str) -> dict[str, Any]:
    from kwslib.deployment.model_file import read_model
    from kwslib.measure import latency
    from kwslib.measure.profiling import costs
    from kwslib.networks.models import ModelConfig, build
    from kwslib.quantization.quantizers import dequantized, quantization_of

    if name in ARCHITECTURES:
        config = ModelConfig(name)
        network = build(config)
    else:
        file = read_model(name)
        assert file.checkpoint
        network, config = file.checkpoint.network, file.checkpoint.config
    packed = {}
    if quantization_of(network):
        packed, network = _packed_bytes(network), dequantized(network)
    times = latency.cuda(network) if device == "cuda" else (latency.pytorch(network),)
    counts = costs(network)
    memory = {
        "every_output_float32": counts.all_outputs_bytes,
        "peak_live_float32": counts.peak_live_bytes("float32"),
        "peak_live_int8": counts.peak_live_bytes("int8"),
    }
    weights = {dtype: counts.weight_bytes(dtype) for dtype in ("float32", "int8")} | packed
    head = {"model": name, "arch": config.arch, "channels": config.channels, "labels": list(config.labels)}
    return head | _counts(counts, weights, memory) | {"latency": [time.as_json() for time in times]}


def _packed_bytes(network: "nn.Module") -> dict[str, int]:
    """A quantized network's constants as the C core stores them; nothing where it cannot run the network."""
    from kwslib.quantization.integer import integer_network

    try:
        return {"packed": integer_network(network).flash_bytes}
    except KwsError:
        return {}


def _file(path: Path, device: str) -> dict[str, Any]:
    from kwslib.deployment import litert
    from kwslib.measure import latency
    from kwslib.measure.profiling import file_costs

    if device == "cuda":
        raise KwsError(
            f"{path}: a .tflite file runs on the CPU only: use --device cpu, or profile the .pt file"
        )
    file = litert.read_tflite(path)
    counts = file_costs(file)
    memory = {"peak_live": counts.peak_live_bytes(file.dtype)}
    if litert.has_micro():
        memory["tflm_arena"] = litert.tflm_arena_bytes(file)
    times = [latency.litert(file).as_json()]
    return {"model": str(path)} | _counts(counts, {"file": len(file.content)}, memory) | {"latency": times}


def _counts(counts: "Costs", flash: dict[str, int], memory: dict[str, int]) -> dict[str, Any]:
    from kwslib.measure import FLASH_BYTES, RAM_BYTES

    return {
        "parameters": counts.parameters,
        "macs": counts.macs,
        "flops": counts.flops,
        "flash_bytes": flash,
        "flash_share_percent": {name: 100 * size / FLASH_BYTES for name, size in flash.items()},
        "memory_bytes": memory,
        "ram_share_percent": {name: 100 * size / RAM_BYTES for name, size in memory.items()},
        "layers": counts.layers(),
    }


def _print(result: dict[str, Any]) -> None:
    print(one_line(result["model"]))
    for name in ("parameters", "macs", "flops"):
        print(f"  {name:<29}{result[name]:>11,}")
    for memory, capacity in (("flash", "1 MB"), ("memory", "256 KB")):
        share = result["flash_share_percent" if memory == "flash" else "ram_share_percent"]
        for name, size in result[f"{memory}_bytes"].items():
            print(
                f"  {memory + ' ' + name.replace('_', ' '):<29}{size:>11,} B {share[name]:6.2f} % of {capacity}"
            )
    for time in result["latency"]:
        device = f"{time['device']}, {time['threads']} thread" if time["threads"] else time["device"]
        spread = f"{time['p05_ms']:.4f} to {time['p95_ms']:.4f} ms in 90 % of {time['runs']:,} runs"
        print(f"  latency {time['runtime']} ({device}): median {time['median_ms']:.4f} ms, {spread}")
    print(f"\n  {'layer':<24}{'kind':<20}{'output':<18}{'parameters':>11}{'MACs':>11}{'FLOPs':>11}")
    for layer in result["layers"]:
        shape = " x ".join(map(str, layer["shape"]))
        counts = "".join(f"{layer[name]:>11,}" for name in ("parameters", "macs", "flops"))
        print(f"  {layer['name']:<24}{layer['kind']:<20}{shape:<18}{counts}")
