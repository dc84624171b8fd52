"""Fuzzing of everything that opens a model: changed .tflite files and checkpoints, in processes that may die.

    python tests/support/fuzz_models.py --cases 12000 --seed 1      ten minutes, on one core
    python tests/support/fuzz_models.py --first 937 --cases 1       one case again

Each case takes a good model, changes one to three things that it says (through the schema, or in a checkpoint's
dictionary) or some of its bytes, and has it opened and run by all who do so. A KwsError of one line is right; so is an
answer, if LiteRT and the C core give the same. All else is a finding: any other exception, a warning of NumPy's, an
answer that is not finite, the death of the process. Case n of a seed is always the same.
"""

import argparse
import copy
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flatbuffers
import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from repository import MODELS
from tflite_files import Maker, temporal_net, tinyconv

from kwslib.errors import KwsError

WHOLE = [0, 1, -1, 2, 3, 7, 127, 128, -128, 255, 32767, 32768, 40_000, 2**31 - 1, -(2**31), 2**32 - 1, 2**40]
REAL = [0.0, -1.0, 1e-45, 1e-38, 1e-30, 1e-8, 2e-3, 0.5, 3.0, 1e4, 1e30, 3e38, np.nan, np.inf, -np.inf]
PATIENCE, WAIT = 60, 600  # seconds of processor time, and in all, that a case may take


def bases(folder: Path) -> dict[str, Any]:
    """Good models: the bytes of a .tflite file, or what a checkpoint holds."""
    maker, rng = Maker(), np.random.default_rng(0)
    source = maker.tensor((1, 49, 40), kind="float32")
    flat = maker.tensor((1, 1960), kind="float32")
    weights = maker.tensor((4, 1960), data=rng.normal(size=(4, 1960)), kind="float32")
    output = maker.tensor((1, 4), kind="float32")
    maker.reshape(source, flat)
    maker.operator("FULLY_CONNECTED", [flat, weights, -1], output, "FullyConnectedOptions")
    files = [
        tinyconv(folder / "tinyconv2.tflite", 2),
        temporal_net(folder / "temporal.tflite"),
        maker.write(folder / "float.tflite", source, output),
        *(MODELS / f"{name}.tflite" for name in ("tinyconv", "tinyconv_qat8", "tenet_field")),
    ]
    points = [MODELS / f"{name}.pt" for name in ("tinyconv", "tinyconv_qat8", "tinyconv_qat3", "tenet_field")]
    return {path.name: path.read_bytes() for path in files} | {
        path.name: torch.load(path, weights_only=True) for path in points
    }


def changed(rng: np.random.Generator, base: Any) -> bytes | dict:
    """A model with one to three things changed."""
    if isinstance(base, bytes) and rng.random() < 0.3:
        content = bytearray(base)
        for _ in range(rng.integers(1, 9)):
            content[rng.integers(len(content))] = rng.integers(256)
        return bytes(content[: rng.integers(len(content))] if rng.random() < 0.1 else content)
    model = schema.ModelT.InitFromPackedBuf(base, 0) if isinstance(base, bytes) else copy.deepcopy(base)
    for _ in range(rng.integers(1, 4)):
        parent, key, value = _chosen(rng, model)
        new = _other(rng, value)
        if isinstance(parent, dict | list):
            parent[key] = new
        else:
            setattr(parent, key, new)
    if isinstance(base, dict):
        return model
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _children(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
    elif hasattr(value, "__dict__") and not isinstance(value, torch.Tensor):
        yield from vars(value).items()


def _chosen(rng: np.random.Generator, root: Any) -> tuple[Any, Any, Any]:
    """A place in a tree of objects, deep ones as likely as others: (its parent, its key, what is there)."""
    node = root
    while True:
        key, value = list(_children(node))[rng.integers(len(list(_children(node))))]
        if not list(_children(value)) or rng.random() < 0.1:
            return node, key, value
        node = value


def _other(rng: np.random.Generator, value: Any) -> Any:
    """Something else of the same kind, now and then nothing at all."""
    if rng.random() < 0.08:
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | np.integer):
        return int(rng.choice(WHOLE)) if rng.random() < 0.7 else int(rng.integers(16))
    if isinstance(value, float | np.floating):
        return float(rng.choice(REAL))
    if isinstance(value, bytes | str):
        text = rng.choice(["", "x", "\n", '"', "é", "\0", "[" * 99, '{"labels": 1}'])
        return text if isinstance(value, str) else str(text).encode()
    if isinstance(value, np.ndarray) and len(value):
        return _other_array(rng, value)
    if isinstance(value, torch.Tensor) and value.numel():
        new = value.clone().reshape(-1)
        new[rng.integers(len(new)) :][: rng.integers(1, 9)] = float(rng.choice(REAL))
        new = new * float(rng.choice([0, 1, 1e-30, 1e30])) if rng.random() < 0.2 else new
        return new.reshape(value.shape) if rng.random() < 0.8 else new[1:]
    if isinstance(value, list) and value:
        return rng.choice(np.array([0, 1])) * value[:-1] or value + value[-1:]
    return rng.choice(np.array([0, 1, 5])).item()


def _other_array(rng: np.random.Generator, value: np.ndarray) -> np.ndarray:
    draw, new = rng.random(), value.copy()
    if draw < 0.2:
        return new[:-1] if rng.random() < 0.5 else np.append(new, new[-1:])
    place = slice(None) if draw < 0.4 else slice(at := int(rng.integers(len(new))), at + 1)
    if new.dtype.kind == "f":
        new[place] = rng.choice(REAL) if rng.random() < 0.7 else new[place] * 2.0 ** rng.integers(-40, 40)
    else:
        info = np.iinfo(new.dtype)
        new[place] = np.clip(rng.choice(WHOLE), info.min, info.max)
    return new


def write(folder: Path, model: bytes | dict) -> Path:
    """The file that is opened."""
    path = folder / ("model.tflite" if isinstance(model, bytes) else "model.pt")
    if isinstance(model, bytes):
        path.write_bytes(model)
    else:
        torch.save(model, path)
    return path


def opened(path: Path) -> None:
    """Everything that opens a model, one after the other; raises for what is neither an answer nor a KwsError."""
    from kwslib.checkpoints import load_checkpoint
    from kwslib.deployment.core_network import read_network
    from kwslib.deployment.core_packed import packed_network, read_integers
    from kwslib.deployment.core_run import run_network
    from kwslib.deployment.core_sparse import compress
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.deployment.model_data import model_header
    from kwslib.field.stream import decide, open_network
    from kwslib.measure import latency
    from kwslib.measure.profiling import costs, file_costs
    from kwslib.predictors import load_predictor
    from kwslib.quantization.quantizers import dequantized, quantization_of

    x = np.random.default_rng(0).integers(-128, 128, (3, 49, 40)).astype(np.int8)

    def predict() -> None:
        predictor = load_predictor(str(path))
        assert np.isfinite(predictor.logits(x)).all(), "logits are not finite"

    def core() -> None:
        tflite = path.suffix == ".tflite"
        network = read_network(path) if tflite else packed_network(read_integers(path))
        answers = run_network(network, x)
        assert (run_network(compress(network), x) == answers).all(), "sparse layers answer otherwise"
        predictor = load_predictor(str(path))
        if tflite:
            expected = predictor.integer_logits(x)  # type: ignore[attr-defined]
            assert (answers == expected).all(), "the C core and LiteRT answer otherwise"
        model_header(compress(network), predictor.labels, DecisionSettings(len(predictor.labels)))

    def profile() -> None:
        if path.suffix == ".tflite":
            file_costs(path).peak_live_bytes("int8")
            latency.litert(path, runs=1)
        else:
            model = load_checkpoint(path)[0]
            costs(dequantized(model) if quantization_of(model) else model)

    def field() -> None:
        network = open_network(path)
        heard = decide(network(x), network.scale, DecisionSettings(len(network.labels), smoothing=2))
        assert heard.smoothed.max() > 0

    for step in (predict, core, profile, field):
        try:
            step()
        except KwsError as error:
            if str(path) not in str(error) or "\n" in str(error):
                raise AssertionError(f"{step.__name__}: not one line that names the file: {error}") from error


def case(seed: int, number: int, models: dict[str, Any], folder: Path) -> None:
    """One case; raises what it finds."""
    rng = np.random.default_rng([seed, number])
    base = models[rng.choice(sorted(models))]
    try:
        path = write(folder, changed(rng, base))
    except Exception:  # the schema's writer or torch refuses to write it
        return
    opened(path)


def fuzz(first: int, cases: int, seed: int) -> Iterator[str]:
    """What goes wrong, a text each, as it does. A process works through cases until it dies; another goes on then."""
    with TemporaryDirectory(prefix="kws-fuzz-") as name:
        folder, number = Path(name), first
        models = bases(folder)
        while number < first + cases:
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reader)
                os._exit(_work(seed, range(number, first + cases), models, folder, writer))
            os.close(writer)
            with os.fdopen(reader, encoding="utf-8") as lines:
                for line in lines:
                    kind, _, text = line.rstrip("\n").partition(" ")
                    if kind == "case":
                        number = int(text)
                    else:
                        yield f"case {number}: {text}".replace("\\n", "\n")
            _, status = os.waitpid(child, 0)
            if status:
                yield f"case {number}: the process died by signal {os.WTERMSIG(status)}"
            number += 1


def _work(seed: int, numbers: range, models: Any, folder: Path, writer: int) -> int:
    torch.set_num_threads(1)
    warnings.simplefilter("error", RuntimeWarning)
    for number in numbers:
        os.write(writer, f"case {number}\n".encode())
        signal.alarm(WAIT)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        try:
            case(seed, number, models, folder)
        except BaseException:
            text = traceback.format_exc().strip().replace("\n", "\\n")
            os.write(writer, f"found {text}\n".encode(errors="replace"))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first case")
    parser.add_argument("--cases", type=int, default=12_000, help="how many")
    options = parser.parse_args()
    found = 0
    for finding in fuzz(options.first, options.cases, options.seed):
        found += 1
        print(finding, end="\n\n", flush=True)
    print(f"{found} findings in {options.cases:,} cases of seed {options.seed}")
    sys.exit(bool(found))
