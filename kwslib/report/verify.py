"""Whether the recorded numbers still come out: models tested again, one trained again, the board run again.

What is deterministic must be the same to the last digit: accuracies of recorded models, the board's times and bytes.
A network trained anew may round differently on another processor and must land in the recorded interval.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kwslib.checkpoints import load_checkpoint, train
from kwslib.data.audio import read_clip
from kwslib.data.corpus import Corpus, open_corpus
from kwslib.deployment.core_network import read_network
from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet, feature_split, feature_splits
from kwslib.measure.profiling import file_costs
from kwslib.networks.recipes import setup
from kwslib.networks.training import score
from kwslib.predictors import BoardPredictor, load_predictor
from kwslib.profiles import PROFILES
from kwslib.quantization.integer import integer_network
from kwslib.quantization.integer import run as run_integers
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.record.recording import Run
from kwslib.report.part4.board import record_board
from kwslib.report.part6.board import measure_channels, measure_sparse, measure_ternary
from kwslib.report.part7.chains import STREAMING

REPORT = PROFILES["report"]
DIGITS = 1e-6  # far below one clip in the accuracy, or one cycle in the milliseconds
NAMED = {  # models whose accuracy stands among the values of a part: {file: (part, value)}
    "tinyconv.pt": ("04_deployment", "accuracy_float"),
    "tinyconv.tflite": ("04_deployment", "accuracy_int8"),
    **{
        f"{arch}_field{suffix}": ("04_deployment", f"accuracy_testing_{arch}_field{kind}")
        for arch in ("tinyconv", "tenet")
        for suffix, kind in ((".pt", "_float32"), (".tflite", ""))
    },
    "tinyconv_qat8.tflite": ("05_quantization", "accuracy_tflm_qat8"),
}


@dataclass(frozen=True)
class Check:
    """One recorded number, found again: `found` lies within `low` and `high`."""

    what: str
    found: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether the number came out."""
        return self.low - DIGITS <= self.found <= self.high + DIGITS

    def __str__(self) -> str:
        wanted = f"{self.low:.6g}" if self.low == self.high else f"{self.low:.6g} to {self.high:.6g}"
        return f"{'ok  ' if self.passed else 'NOT '} {self.what}: {self.found:.6g}, recorded {wanted}"


def verify(data: Path | None = None, results: Path | None = None, retrain: bool = True) -> Iterator[Check]:
    """Every check in turn, quick ones first. Raises KwsError without recorded values or their recordings."""
    folder = results or recorded_folder()
    recorded = load_results(folder)
    assert folder is not None
    for part in ("03_training", "04_deployment", "06_pruning"):
        if part not in recorded:
            raise KwsError(
                f"{folder}/{part}.json is missing: record Part {int(part[:2])}, or name another folder"
            )
    corpus = open_corpus(data, REPORT)
    wanted = recorded["03_training"].get("data", {}).get("content_hash", "nothing")
    if corpus.content_hash != wanted:
        found = corpus.content_hash[:12]
        raise KwsError(
            f"{corpus.root}: content {found}, recorded {wanted[:12]}: give the recordings with --data"
        )
    testing = feature_split(corpus, setup("tinyconv", REPORT.epochs).protocol, "testing")
    yield from _models(folder, recorded, testing)
    yield from _board(folder, recorded, corpus)
    if retrain:
        yield _retrained(recorded, corpus)


def _same(what: str, found: float, recorded: float) -> Check:
    return Check(what, found, recorded, recorded)


def _accuracy(path: Path, testing: FeatureSet) -> float:
    """Test accuracy (0..1); networks that Part 6 quantized are counted in integers."""
    if path.suffix == ".tflite":
        return float((load_predictor(str(path)).logits(testing.x).argmax(1) == testing.y).mean())
    model = load_checkpoint(path)[0]
    if "_qat_" in path.stem and not path.stem.startswith("tinyconv_qat_"):
        return float((run_integers(integer_network(model), testing.x).argmax(1) == testing.y).mean())
    return score(model, testing)[1]


def _models(folder: Path, recorded: dict[str, Any], testing: FeatureSet) -> Iterator[Check]:
    models = folder / "models"
    seeds = [_accuracy(path, testing) for path in sorted(models.glob("tinyconv_seed*.pt"))]
    mean = sum(seeds) / len(seeds)
    wanted = recorded["03_training"]["values"]["accuracy_testing"]["value"]
    yield _same(f"Part 3, mean of {len(seeds)} seeds", mean, wanted)
    for arch in STREAMING:
        accuracy = recorded.get("07_listening", {}).get("values", {}).get(f"accuracy_testing_{arch}_int8")
        paths = sorted(models.glob(f"{arch}_seed*.tflite"))
        if accuracy and paths:
            mean = sum(_accuracy(path, testing) for path in paths) / len(paths)
            yield _same(f"Part 7, {arch}, mean of {len(paths)} seeds", mean, accuracy["value"])
    for name, accuracy in recorded_models(folder, recorded).items():
        if (models / name).is_file():
            yield _same(name, _accuracy(models / name, testing), accuracy)


def recorded_models(folder: Path, recorded: dict[str, Any]) -> dict[str, float]:
    """{model in `folder`/models: its recorded test accuracy}, but for those of Part 3's seeds."""
    values = {
        part: {name: value["value"] for name, value in contents["values"].items()}
        for part, contents in recorded.items()
    }
    named = {model: values.get(part, {}).get(name) for model, (part, name) in NAMED.items()}
    return {model: accuracy for model, accuracy in named.items() if accuracy is not None} | _swept(folder)


def _swept(folder: Path) -> dict[str, float]:
    """{model: its accuracy} of the first seed's points in the recorded tables of the sweeps.

    The int8 file of a pruned network is its network of 8 bits, and as accurate.
    """
    found: dict[str, float] = {}
    for table in sorted((folder / "sweeps").glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["models"]]
        first = min((int(row["seed"]) for row in rows), default=0)
        for row in [row for row in rows if int(row["seed"]) == first]:
            for model in row["models"].split():
                column = model.removesuffix(".pt").partition(f"{row['point']}_")[2] or (
                    "finetuned" if "finetuned" in row else "testing"
                )
                found[model] = float(row[column])
                if column == "qat_8":
                    found[model.replace("_qat_8.pt", ".tflite")] = float(row[column])
    return found


def _board(folder: Path, recorded: dict[str, Any], corpus: Corpus) -> Iterator[Check]:
    """Everything that the virtual board says of Part 4's network and of Part 6's, over again."""
    model = folder / "models" / "tinyconv.tflite"
    clip = next(clip for clip in corpus.clips if clip.word == "yes")
    run = Run("04_deployment", REPORT, None, folder, REPORT.seeds)
    record_board(run, BoardPredictor(model).board.profile(read_clip(clip.path)), file_costs(model).macs)
    yield from _again(run, recorded)
    run = Run("06_pruning", REPORT, None, folder, REPORT.seeds)
    for kind, measured in (("unstructured", measure_sparse), ("channels", measure_channels)):
        files = sorted(run.models.glob(f"tinyconv_{kind}_*.tflite"), key=_number)
        measured(run, {path.stem.removeprefix("tinyconv_"): read_network(path) for path in files})
    ternary = run.models.glob("tinyconv_channels_*_qat_ternary.pt")
    measure_ternary(run, [re.sub("tinyconv_|_qat_ternary", "", path.stem) for path in sorted(ternary)])
    yield from _again(run, recorded)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def _again(run: Run, recorded: dict[str, Any]) -> Iterator[Check]:
    for name, value in run.values.items():
        wanted = recorded[run.part]["values"][name]["value"]
        yield _same(f"board: {name}", value["value"], wanted)


def _retrained(recorded: dict[str, Any], corpus: Corpus) -> Check:
    made, seed = setup("tinyconv", REPORT.epochs), recorded["03_training"]["seeds"][0]
    splits = feature_splits(corpus, made.protocol, made.augmentation)
    with TemporaryDirectory(prefix="kws-verify-") as folder:
        out = Path(folder) / "tinyconv.pt"
        model, _ = train(made.config, made.recipe, splits["training"], splits["validation"], seed, out=out)
    low, high = recorded["03_training"]["values"]["accuracy_testing_first_seed"]["ci95"]
    return Check(f"TinyConv trained again, seed {seed}", score(model, splits["testing"])[1], low, high)


def count(checks: Iterator[Check], say: Callable[[str], None]) -> list[Check]:
    """All checks, each said as it is done."""
    done = []
    for check in checks:
        say(str(check))
        done.append(check)
    return done
