"""Latency of one clip: batch 1, by default with one thread, as a distribution over many runs.

Each CPU call is timed separately after a warm-up, including input and output copies. On a GPU, CUDA events enclose a
series of calls: eager ones, whose rate kernel launches on the host limit, and replays of a captured graph, which give
the execution time alone. The original report states 1.019 ms (Colab CPU) and 35.968 us (Colab T4) for TinyConv.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from kwslib.deployment.litert import TfliteFile, read_tflite
from kwslib.errors import KwsError
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.networks.models import fold_batch_norm

RUNS, WARM_UP = 1000, 100
CUDA_GRAPH = "PyTorch, CUDA graph"
REPLAYS = 20  # GPU calls between two events, whose resolution is about half a microsecond


@dataclass(frozen=True)
class Latency:
    """Times of one inference in milliseconds, one per run. `threads` is 0 on a GPU."""

    runtime: str
    device: str
    threads: int
    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median time in milliseconds."""
        return self.percentile(50)

    def percentile(self, q: float) -> float:
        """The `q`-th percentile of the times in milliseconds."""
        return float(np.percentile(self.milliseconds, q))

    def as_json(self) -> dict[str, Any]:
        """Plain values: runtime, device, threads, runs, and the 5th, 25th, 50th, 75th and 95th percentiles."""
        spread = {f"p{q:02d}_ms": self.percentile(q) for q in (5, 25, 75, 95)}
        machine = {"runtime": self.runtime, "device": self.device, "threads": self.threads}
        return {**machine, "runs": len(self.milliseconds), "median_ms": self.median, **spread}


def pytorch(model: nn.Module, threads: int = 1, runs: int = RUNS) -> Latency:
    """Latency of a zoo network with folded batch norms in PyTorch on this CPU."""
    model, x = fold_batch_norm(model).cpu(), torch.from_numpy(_clip())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            return Latency("PyTorch", "CPU", threads, _time(lambda: model(x), runs))
    finally:
        torch.set_num_threads(before)


def onnxruntime(path: Path) -> Latency:
    """Latency of an .onnx file in ONNX Runtime on this CPU. Raises KwsError for a bad file."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class of their own
        raise KwsError(
            f"{path}: missing, damaged or not an .onnx model; make it with `kws export`"
        ) from error
    feed = {session.get_inputs()[0].name: _clip()}
    return Latency("ONNX Runtime", "CPU", 1, _time(lambda: session.run(None, feed), RUNS))


def litert(model: Path | TfliteFile, threads: int = 1, runs: int = RUNS) -> Latency:
    """Latency of a .tflite file in LiteRT, with XNNPACK, on this CPU. Raises KwsError for a bad file."""
    interpreter = read_tflite(model).with_xnnpack(threads)
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero_point = source["quantization"]
    x = _clip() / (scale or 1.0) + zero_point
    if np.issubdtype(source["dtype"], np.integer):
        x = np.clip(np.rint(x), np.iinfo(source["dtype"]).min, np.iinfo(source["dtype"]).max)
    x = x.astype(source["dtype"]).reshape(source["shape"])

    def infer() -> None:
        interpreter.set_tensor(source["index"], x)
        interpreter.invoke()
        interpreter.get_tensor(sink["index"])

    kind = np.dtype(source["dtype"]).name
    return Latency(f"LiteRT {kind}", "CPU", threads, _time(infer, runs))


def cuda(model: nn.Module, runs: int = RUNS) -> tuple[Latency, Latency]:
    """Latency of a zoo network on the first GPU: (eager calls, replays of one captured CUDA graph).

    Raises KwsError if there is no GPU.
    """
    if not torch.cuda.is_available():
        raise KwsError("no CUDA device here: measure on the CPU, as `kws profile MODEL --device cpu` does")
    model, x = fold_batch_norm(model).cuda(), torch.from_numpy(_clip()).cuda()
    side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    with torch.inference_mode():
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # capture wants kernels chosen and workspaces allocated beforehand
            for _ in range(WARM_UP):
                model(x)
        torch.cuda.current_stream().wait_stream(side)
        with torch.cuda.graph(graph):
            model(x)
        name = torch.cuda.get_device_name()
        eager = Latency("PyTorch, CUDA", name, 0, _time_on_gpu(lambda: model(x), runs))
        return eager, Latency(CUDA_GRAPH, name, 0, _time_on_gpu(graph.replay, runs))


def _clip() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, FRAMES, CHANNELS), dtype=np.float32)


def _time(call: Callable[[], object], runs: int) -> tuple[float, ...]:
    for _ in range(min(WARM_UP, runs)):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return tuple(times)


def _time_on_gpu(call: Callable[[], object], runs: int) -> tuple[float, ...]:
    """Milliseconds per call, one value for each run of REPLAYS calls, by CUDA events."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for run in range(WARM_UP + runs):
        start.record()
        for _ in range(REPLAYS):
            call()
        end.record()
        end.synchronize()
        if run >= WARM_UP:
            times.append(start.elapsed_time(end) / REPLAYS)
    return tuple(times)
