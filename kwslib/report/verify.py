"""Verifies that the recorded numbers can be reproduced: tests models, trains one and runs the board again.

Deterministic values must be equal to the last digit: accuracies of .tflite files, the board's times and bytes. A
checkpoint computes in floating point, and its scales are exponentials, which another processor may round differently:
its accuracy may differ by FLIPPED clips. A newly trained network must be within the recorded interval.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kwslib.checkpoints import train_setup
from kwslib.data.audio import read_clip
from kwslib.data.corpus import Corpus
from kwslib.deployment.core_network import read_network
from kwslib.deployment.model_file import read_model
from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet, feature_split, feature_splits
from kwslib.measure.profiling import file_costs
from kwslib.networks.evaluation import accuracy
from kwslib.networks.recipes import setup
from kwslib.networks.training import score
from kwslib.predictors import BoardPredictor, load_predictor
from kwslib.profiles import PROFILES
from kwslib.quantization.grids import TERNARY
from kwslib.quantization.integer import integer_network, run_integers
from kwslib.record import names
from kwslib.record.comparison import load_results
from kwslib.record.values import Values
from kwslib.report.part3.tables import REDRAWN, redraw_values, redrawn_accuracies
from kwslib.report.part4.board import board_values
from kwslib.report.part6.board import (
    channel_values,
    measure,
    measure_sparse,
    sparse_values,
    ternary_networks,
    ternary_values,
)
from kwslib.report.part7.chains import STREAMING
from kwslib.report.part8.field import BEFORE
from kwslib.report.part8.field import HERE as TRAINED_FOR_FIELD
from kwslib.report.part8.networks import ADDED, TITLES

REPORT = PROFILES["report"]
TRAINING, DEPLOYMENT, QUANTIZATION = "03_training", "04_deployment", "05_quantization"
PRUNING, LISTENING, MODELS = "06_pruning", "07_listening", "08_models"
CHECKED = (TRAINING, DEPLOYMENT, QUANTIZATION, PRUNING, LISTENING, MODELS)
NEEDED = {
    "board": ("ai_edge_litert", "capstone", "elftools", "unicorn"),
    "notebooks": ("pandas",),
}  # by extra
PRUNED_BITS = (8, TERNARY)  # of the weights of pruned networks
DIGITS = 1e-6  # far below one clip in the accuracy, or one cycle in the milliseconds
FLIPPED = 3  # clips
NAMED = {  # models whose accuracy stands among the values of a part: {file: (part, value)}
    "tinyconv.pt": (DEPLOYMENT, "accuracy_float"),
    "tinyconv.tflite": (DEPLOYMENT, "accuracy_int8"),
    **{names.tflite(arch): (MODELS, names.int8_accuracy(arch)) for arch in TITLES if arch != "tinyconv"},
    **{
        file(arch): (part, names.field_accuracy(arch, kind))
        for part, archs in ((DEPLOYMENT, BEFORE["report"]), (MODELS, TRAINED_FOR_FIELD["report"]))
        for arch in archs
        for file, kind in ((names.field_checkpoint, "float32"), (names.field_tflite, ""))
    },
    "tinyconv_qat8.tflite": (QUANTIZATION, "accuracy_tflm_qat8"),
}

SEEDED = (  # networks of several seeds: their part, title, value and files
    (TRAINING, "Part 3", "accuracy_testing", names.seed_checkpoint("*")),
    *(
        (LISTENING, f"Part 7, {arch}", names.int8_accuracy(arch), names.seed_tflite("*", arch))
        for arch in STREAMING
    ),
    *((MODELS, f"Part 8, {arch}", names.accuracy(arch), names.seed_checkpoint("*", arch)) for arch in ADDED),
)


@dataclass(frozen=True)
class Check:
    """One recorded number and its recomputed value: `found` must be within `low` and `high`."""

    what: str
    found: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether the number was reproduced."""
        return self.low - DIGITS <= self.found <= self.high + DIGITS

    def __str__(self) -> str:
        wanted = f"{self.low:.6g}" if self.low == self.high else f"{self.low:.6g} to {self.high:.6g}"
        return f"{'ok  ' if self.passed else 'NOT '} {self.what}: {self.found:.6g}, recorded {wanted}"


def check_installed() -> None:
    """Raises KwsError when a package that the checks need is missing."""
    missing = {
        name: extra for extra, modules in NEEDED.items() for name in modules if find_spec(name) is None
    }
    if missing:
        extras = ",".join(dict.fromkeys(missing.values()))
        raise KwsError(f"verify needs {', '.join(missing)}: pip install 'kwslib[{extras}]'")


def recorded_parts(folder: Path | None) -> dict[str, Any]:
    """The recorded values of the parts that are checked. Raises KwsError if one of them is missing."""
    recorded = load_results(folder)
    assert folder is not None
    pruned = any("sparsity" in row for row in _first_rows(folder))
    for part in (TRAINING, DEPLOYMENT, *([PRUNING] if pruned else [])):
        if part not in recorded:
            raise KwsError(
                f"{folder}/{part}.json is missing: record Part {int(part[:2])}, or name another folder"
            )
    return {part: contents for part, contents in recorded.items() if part in CHECKED}


def verify(
    folder: Path, recorded: Mapping[str, Any], corpora: Mapping[str, Corpus], retrain: bool = True
) -> Iterator[Check]:
    """All checks in turn, quick ones first, for the parts whose recordings are among `corpora`.

    folder: of the recorded values; recorded: `recorded_parts` of it.
    """
    protocol = setup("tinyconv", REPORT.epochs).protocol
    testing = {part: feature_split(corpus, protocol, "testing") for part, corpus in corpora.items()}
    yield from _models(folder, recorded, testing)
    if TRAINING in corpora:
        yield from _redrawn(folder, recorded[TRAINING], corpora[TRAINING])
    if DEPLOYMENT in corpora:
        yield from _board(folder, recorded[DEPLOYMENT], corpora[DEPLOYMENT])
    yield from _pruned_on_board(folder, recorded.get(PRUNING, {}))
    if retrain and TRAINING in corpora:
        yield _retrained(recorded[TRAINING], corpora[TRAINING])


def _same(name: str, found: float, recorded: float, slack: float = 0.0) -> Check:
    return Check(name, found, recorded - slack, recorded + slack)


def _accuracy(path: Path, testing: FeatureSet, integers: bool = False) -> float:
    """Test accuracy (0..1) of a model; with `integers`, of a quantized network as the chip computes it."""
    file = read_model(path)
    if integers and file.checkpoint:
        return accuracy(run_integers(integer_network(file.checkpoint.network), testing.x), testing.y)
    return accuracy(load_predictor(file).logits(testing.x), testing.y)


def _models(folder: Path, recorded: Mapping[str, Any], testing: Mapping[str, FeatureSet]) -> Iterator[Check]:
    models = folder / "models"
    for part, title, name, pattern in SEEDED:
        accuracy = recorded[part]["values"].get(name) if part in testing else None
        if accuracy and (paths := sorted(models.glob(pattern))):
            mean = sum(_accuracy(path, testing[part]) for path in paths) / len(paths)
            yield _same(f"{title}, mean of {len(paths)} seeds", mean, accuracy["value"])
    in_integers = {
        names.pruned_checkpoint(row["point"], bits) for row in _first_rows(folder) for bits in PRUNED_BITS
    }
    for name, (part, wanted) in recorded_models(folder, recorded).items():
        clips = testing.get(part if part in recorded else TRAINING)  # a sweep alone began from Part 3
        if clips and (models / name).is_file():
            found = _accuracy(models / name, clips, name in in_integers)
            yield _same(name, found, wanted, 0.0 if name.endswith(".tflite") else FLIPPED / clips.n)


def _redrawn(folder: Path, recorded: Mapping[str, Any], corpus: Corpus) -> Iterator[Check]:
    """The first seed's network on tests drawn as the original's was."""
    seed, values = recorded["seeds"][0], recorded["values"]
    model = folder / "models" / names.seed_checkpoint(seed)
    if REDRAWN in values and model.is_file():
        found = redraw_values(*redrawn_accuracies(model, corpus))[REDRAWN]
        yield _same("Part 3, tests drawn the original's way", float(found.value), values[REDRAWN]["value"])


def recorded_models(folder: Path, recorded: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
    """{model in `folder`/models: (part, its recorded test accuracy)}, without those of Part 3's seeds."""
    values = {
        part: {name: value["value"] for name, value in contents["values"].items()}
        for part, contents in recorded.items()
    }
    named = {
        model: (part, values[part][name])
        for model, (part, name) in NAMED.items()
        if name in values.get(part, {})
    }
    return named | _swept(folder)


def _first_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the first seed's points that kept models, of all recorded tables of sweeps."""
    found = []
    for table in sorted((folder / "sweeps").glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["models"]]
        first = min((int(row["seed"]) for row in rows), default=0)
        found += [row for row in rows if int(row["seed"]) == first]
    return found


def _swept(folder: Path) -> dict[str, tuple[str, float]]:
    """{model: (part, its accuracy)} of the first seed's points in the recorded tables of the sweeps.

    The int8 file of a pruned network is its network of 8 bits, and as accurate.
    """
    found: dict[str, tuple[str, float]] = {}
    for row in _first_rows(folder):
        if "testing" in row:  # Part 5: a point keeps one network
            found |= {model: (QUANTIZATION, float(row["testing"])) for model in row["models"].split()}
        else:
            point = row["point"]
            columns = {names.pruned_checkpoint(point): "finetuned", names.pruned_tflite(point): names.qat(8)}
            columns |= {names.pruned_checkpoint(point, bits): names.qat(bits) for bits in PRUNED_BITS}
            found |= {
                model: (PRUNING, float(row[column])) for model, column in columns.items() if row.get(column)
            }
    return found


def _board(folder: Path, recorded: Mapping[str, Any], corpus: Corpus) -> Iterator[Check]:
    """Everything that the virtual board says of Part 4's network, over again."""
    model = folder / "models" / "tinyconv.tflite"
    clip = next(clip for clip in corpus.clips if clip.word == "yes")
    values = board_values(BoardPredictor(model).board.profile(read_clip(clip.path)), file_costs(model).macs)
    yield from _again(values, recorded)


def _pruned_on_board(folder: Path, recorded: Mapping[str, Any]) -> Iterator[Check]:
    """And of Part 6's, which hear no recordings."""
    points = [row for row in _first_rows(folder) if "sparsity" in row]
    files = {row["point"]: folder / "models" / names.pruned_tflite(row["point"]) for row in points}
    sparse, by_channels = {}, {}
    for row in points:
        if files[row["point"]].is_file() and row["structured"] == "True":
            by_channels[int(row["channels"])] = read_network(files[row["point"]])
        elif files[row["point"]].is_file():
            sparse[round(100 * float(row["sparsity"]), 6)] = read_network(files[row["point"]])
    values = sparse_values(measure_sparse(sparse)) | channel_values(measure(by_channels))
    ternary = [row["point"] for row in points if row.get(names.qat(TERNARY))]
    values |= ternary_values(measure(ternary_networks(folder / "models", ternary)))
    yield from _again(values, recorded)


def _again(values: Values, recorded: Mapping[str, Any]) -> Iterator[Check]:
    for name, found in values.items():
        yield _same(f"board: {name}", float(found.value), recorded["values"][name]["value"])


def _retrained(recorded: Mapping[str, Any], corpus: Corpus) -> Check:
    training_setup, seed = setup("tinyconv", REPORT.epochs), recorded["seeds"][0]
    splits = feature_splits(corpus, training_setup.protocol, training_setup.augmentation)
    with TemporaryDirectory(prefix="kws-verify-") as folder:
        out = Path(folder) / "tinyconv.pt"
        model, _ = train_setup(training_setup, splits, seed, out=out)
    low, high = recorded["values"]["accuracy_testing_first_seed"]["ci95"]
    return Check(f"TinyConv trained again, seed {seed}", score(model, splits["testing"])[1], low, high)


def count(checks: Iterator[Check], say: Callable[[str], None]) -> list[Check]:
    """All checks, each printed as it is done."""
    done = []
    for check in checks:
        say(str(check))
        done.append(check)
    return done
