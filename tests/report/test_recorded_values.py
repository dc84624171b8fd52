"""The recorded tables of the sweeps say what stands recorded, under the names that writers and readers share."""

from pathlib import Path

import pandas
import pytest

from kwslib.experiments import pruning, quantization
from kwslib.record import names
from kwslib.record.comparison import load_original, load_results, recorded_folder
from kwslib.report.part5 import tables as part5
from kwslib.report.part6 import tables as part6


def rows(*sweeps):
    folder = recorded_folder() / "sweeps"
    frame = pandas.concat([pandas.read_csv(folder / f"{sweep}.csv") for sweep in sweeps], ignore_index=True)
    if "bits" in frame:
        frame["bits"] = [int(bits) if bits.isdigit() else bits for bits in frame["bits"]]
    return frame


@pytest.fixture(scope="module")
def recorded():
    return {part: contents["values"] for part, contents in load_results(recorded_folder()).items()}


def same(values, recorded):
    assert values.keys() <= recorded.keys()
    for name, found in values.items():
        kept = recorded[name]
        assert (found.value, found.unit, found.n) == (
            pytest.approx(kept["value"], abs=1e-9),
            kept["unit"],
            kept.get("n"),
        )
        assert list(found.ci95 or ()) == pytest.approx(kept.get("ci95", []), abs=1e-9)


def test_part_5(recorded):
    swept, kept = rows("bits"), recorded["05_quantization"]
    floats = dict.fromkeys(range(5), kept["accuracy_float"]["value"])
    values = part5.point_values(swept, floats)
    same(
        {name: v for name, v in values.items() if not name.startswith("loss_") and name != "accuracy_float"},
        kept,
    )
    assert {p.name for p in quantization.grid(range(5))} == set(swept.point)
    assert {names.accuracy(p.name) for p in quantization.grid(range(5))} <= values.keys()


def test_part_6(recorded):
    swept, kept = rows("sparsity", "channels"), recorded["06_pruning"]
    values = part6.point_values(swept) | part6.reach_values(swept)
    same(values, kept)
    assert {p.name for p in pruning.grid(range(5))} == set(swept.point)
    written = {name for name in kept if name.startswith(("parameters_", "flops_", "falls_", "holds_"))}
    assert written <= values.keys()


def test_models_are_found_under_the_names_that_points_give_them():
    kept = {path.name for path in (recorded_folder() / "models").iterdir()}
    for point in quantization.kept(quantization.grid([0])):
        assert names.quantized_checkpoint(point.bits) in kept
    for point in pruning.grid([0]):
        wanted = {names.pruned_checkpoint(point.name, bits) for bits in (None, *point.widths)}
        assert wanted | {names.pruned_tflite(point.name)} <= kept


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (part5.originals("ptq"), "05_quantization/accuracy_ptq"),
        (part5.originals("qat"), "05_quantization/accuracy_qat"),
        (part6.originals("unstructured"), "06_pruning/accuracy_unstructured"),
        (part6.originals("channels"), "06_pruning/accuracy_channels"),
    ],
)
def test_the_original_s_accuracies_are_all_found(found, part):
    stated = {entry.ours for entry in load_original().values() if (entry.ours or "").startswith(part)}
    assert len(found) == len(stated) > 0


def test_pairs_on_the_same_trials_are_those_of_the_recorded_accuracies(recorded):
    """Of two networks one is right in as many trials more as it alone is right in more: else the pairs are older."""
    accuracies = {
        Path(names.field_tflite(arch)).stem: recorded["08_models"][names.in_field(names.for_field(arch))]
        for arch in ("tenet", "tinyconv_valid", "tenet_valid", "tenet_wide")
    }
    for left in (8, 4):
        point = names.channels(left)
        accuracies[Path(names.pruned_tflite(point)).stem] = recorded["06_pruning"][f"field_accuracy_{point}"]
    pairs = recorded["96_trials"]
    assert len(pairs) == 10
    for name in pairs:
        networks, _, only = name.partition(": only ")
        (other,) = set(networks.split(", ")) - {only}
        alone = pairs[name]["value"] - pairs[f"{networks}: only {other}"]["value"]
        more = accuracies[only]["value"] - accuracies[other]["value"]
        assert alone == pytest.approx(more * pairs[name]["n"], abs=1e-6)
