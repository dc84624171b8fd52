"""The chains for continuous listening, and the cost of each: time of a hop, whether it fits, battery life."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.streaming import BATTERIES_MAH, bill, energy
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.experiments.bases import base_models, int8_model, trained_checkpoint
from kwslib.experiments.field import field_model, field_stage
from kwslib.features.dataset import FeatureSet
from kwslib.features.frontend import HOP_MS
from kwslib.labels import class_labels
from kwslib.networks.evaluation import accuracy
from kwslib.progress import over_cores
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, over_seeds
from kwslib.report.numbers import two_digits, with_interval
from kwslib.report.part4.board import PEERS
from kwslib.report.words import counted
from kwslib.statistics import mean_share

if TYPE_CHECKING:
    import pandas

STREAMING = ("tinyconv_valid", "tenet_causal")  # made for streams: trained here by the recipe of Part 3
NAMES = {"tinyconv_valid": "TinyConv, unpadded in time", "tenet_causal": "tenet, causal"}
TRIALS = {"quick": 1, "report": 4}  # of the field, 4 s each: what the virtual board hears


@dataclass(frozen=True)
class Chain:
    """An int8 network in the deployed chain. `key`: in the names of recorded values."""

    key: str
    name: str
    path: Path


def streaming_models(run: Run) -> dict[str, list[Path]]:
    """Networks for streams, int8, one per seed: the recorded ones, else ones trained by this run."""
    trained = over_cores(lambda arch: base_models(run, arch, run.swept_seeds), STREAMING, "training")
    return {
        arch: [int8_model(run, path) for path in models.values()]
        for arch, models in zip(STREAMING, trained, strict=True)
    }


def chains(run: Run, streaming: Mapping[str, list[Path]]) -> list[Chain]:
    """Part 3's TinyConv, the networks for streams (first seed), and Part 4's tenet, which needs whole windows."""
    return [
        Chain("tinyconv", "TinyConv", int8_model(run, trained_checkpoint(run))),
        *(Chain(arch, name, streaming[arch][0]) for arch, name in NAMES.items()),
        Chain("tenet_field", "tenet, for the field", field_model(run, "tenet")),
    ]


def accuracies(streaming: Mapping[str, list[Path]], testing: FeatureSet) -> dict[str, list[float]]:
    """Test accuracy of the int8 networks for streams on single clips, one per seed."""
    return {arch: [_accuracy(path, testing) for path in paths] for arch, paths in streaming.items()}


def _accuracy(path: Path, testing: FeatureSet) -> float:
    return accuracy(run_network(read_network(path), testing.x), testing.y)


def accuracy_values(found: Mapping[str, list[float]]) -> Values:
    """Means over seeds from `accuracies`."""
    return {
        names.int8_accuracy(arch): over_seeds(mean_share(shares), len(shares))
        for arch, shares in found.items()
    }


def accuracy_texts(found: Mapping[str, list[float]]) -> dict[str, str]:
    """Means (%) from `accuracies` with their intervals, as text."""
    texts = {}
    for arch, shares in found.items():
        mean = with_interval(*(100 * each for each in mean_share(shares)))
        texts[arch] = f"{mean}, {counted(len(shares), 'seed')}"
    return texts


def field_sound(run: Run, trials: int | None = None) -> np.ndarray:
    """A sequence of field trials, by default of the profile's number, int16 (n,), with the classes in turn."""
    trial_stage, n = field_stage(run), trials or TRIALS[run.profile.name]
    return np.concatenate([trial_stage.render(trial_stage.trial(index)) for index in range(n)])


def bills(listeners: list[Chain], sound: np.ndarray) -> dict[str, dict[str, Any]]:
    """The costs of each chain by its name (see `kwslib.board.streaming.bill`)."""
    labels = class_labels()
    found = over_cores(lambda chain: bill(read_network(chain.path), labels, sound), listeners, "boards")
    return {chain.name: cost for chain, cost in zip(listeners, found, strict=True)}


def bill_values(listeners: list[Chain], costs: Mapping[str, Mapping[str, Any]]) -> Values:
    """Values from `bills`; times to the precision that the cycle model's error permits."""
    values: Values = {}
    for chain in listeners:
        cost, key = costs[chain.name], chain.key
        times = {stage: spent["ms_mean"] for stage, spent in cost["stages"].items()}
        times |= {"worst": cost["worst_hop_ms"]}
        values |= {names.stage_ms(stage, key): Value(rounded(ms), "ms") for stage, ms in times.items()}
        window = cost["whole_window_network_ms"]
        values[names.chain("window_ms_network", key)] = Value(rounded(window), "ms")
        loads = {"load": cost["load_percent"] / 100, "load_window": window_ms(cost) / HOP_MS}
        values |= {names.chain(what, key): Value(rounded(load), "fraction") for what, load in loads.items()}
        values |= {names.chain(size, key): Value(cost[size], "B") for size in ("ram_bytes", "flash_bytes")}
        values[names.chain("processor_share", key)] = Value(rounded(processor_share(cost)), "fraction")
        for battery, days in cost["battery_days"].items():
            values[names.battery_days(battery, key)] = Value(rounded(days), "d")
    return values


def beside_tflm(costs: Mapping[str, Mapping[str, Any]]) -> "pandas.DataFrame":
    """Milliseconds of the network in a hop: TensorFlow Lite Micro's, quoted as in Part 4, and ours."""
    import pandas

    rows = {f"{name}, TinyConv, whole window": ms for name, ms in PEERS.items()}
    for name, cost in costs.items():
        rows[f"ours, {name}, whole window"] = cost["whole_window_network_ms"]
        if cost["way"] != "whole window":
            rows[f"ours, {name}, what is new"] = cost["stages"]["network"]["ms_mean"]
    shown = {name: {"network in a hop (ms)": two_digits(ms)} for name, ms in rows.items()}
    return pandas.DataFrame(shown).T


def window_ms(cost: Mapping[str, Any]) -> float:
    """Mean ms of a hop that runs the network over the whole window."""
    saved = cost["whole_window_network_ms"] - cost["stages"]["network"]["ms_mean"]
    return cost["load_percent"] * HOP_MS / 100 + saved


def processor_share(cost: Mapping[str, Any]) -> float:
    """The processor's share of a hop's energy; the rest is the microphone's."""
    return cost["energy_uj_processor"] / cost["energy_uj_per_hop"]


def verdict(cost: Mapping[str, Any]) -> str:
    """Whether a chain is deployable, and if not, by how much it is too slow."""
    excess = cost["worst_hop_ms"] - HOP_MS
    return "yes" if cost["fits"] else f"no: {excess:.1f} ms too long, not deployable"


def bill_table(costs: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]) -> "pandas.DataFrame":
    """Costs of continuous listening, one column per chain; `texts`: the accuracy of each chain as text."""
    import pandas

    columns = {}
    for name, cost in costs.items():
        stages, window = cost["stages"], window_ms(cost)
        rows = {
            "test clips right (%)": texts[name],
            "a hop computes": {"incremental": "new rows", "endless": "new columns"}.get(
                cost["way"], cost["way"]
            ),
            **{
                f"{stage.replace('frontend', 'front end')}, mean (ms)": two_digits(spent["ms_mean"])
                for stage, spent in stages.items()
            },
            "worst hop (ms)": two_digits(cost["worst_hop_ms"]),
            "load (%)": f"{cost['load_percent']:.1f}",
            "fits its hop": verdict(cost),
            "network, whole window (ms)": two_digits(cost["whole_window_network_ms"]),
            "load, whole window (%)": f"{100 * window / HOP_MS:.1f}",
            "RAM (B)": f"{cost['ram_bytes']:,}",
            "RAM, whole window (B)": f"{cost['whole_window_ram_bytes']:,}",
            "flash (B)": f"{cost['flash_bytes']:,}",
            "energy a hop (µJ)": f"{cost['energy_uj_per_hop']:.1f}",
            "of it the processor (µJ)": f"{cost['energy_uj_processor']:.1f}",
        }
        whole = energy(min(window, HOP_MS))["battery_days"]
        for battery in BATTERIES_MAH:
            days = f"{cost['battery_days'][battery]:.0f}" if cost["fits"] else "none"
            rows[f"days on {battery.replace(' x ', ' × ')} (whole window)"] = (
                f"{days} ({whole[battery]:.0f})" if window <= HOP_MS else f"{days} (none)"
            )
        columns[name] = rows
    return pandas.DataFrame(columns)
