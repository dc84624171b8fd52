"""The networks of Part 8, from earlier parts and new ones: accuracy over seeds, size, and time on the board."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.checkpoints import load_checkpoint
from kwslib.data.protocol import Protocol, build_splits
from kwslib.experiments import zoo
from kwslib.features.dataset import feature_split
from kwslib.features.frontend import HOP_MS
from kwslib.measure import FLASH_BYTES, RAM_BYTES
from kwslib.networks.evaluation import evaluate
from kwslib.networks.training import predict
from kwslib.predictors import load_predictor
from kwslib.progress import over_cores
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values, share
from kwslib.report.numbers import share_text, two_digits, with_interval
from kwslib.statistics import MeanInterval, mean_interval, widest_interval

if TYPE_CHECKING:
    import pandas

TITLES = {
    "tinyconv": "TinyConv",
    "tinyconv_branches": "TinyConv, branches",
    "tinyconv_valid": "TinyConv, unpadded",
    "dscnn": "DS-CNN",
    "tenet": "tenet",
    "tenet_branches": "tenet, branches",
    "tenet_causal": "tenet, causal",
    "tenet_valid": "tenet, unpadded",
    "tenet_wide": "tenet, wide",
    "teacher": "teacher",
}
ARCHS = {"quick": ("tinyconv", "tenet_valid"), "report": tuple(TITLES)}
EARLIER = ("tinyconv", "tinyconv_valid", "tenet_causal")  # those of Parts 3 and 7
ADDED = tuple(arch for arch in TITLES if arch not in EARLIER)
COMPARED = (  # besides each with TinyConv
    ("tenet_branches", "tenet"),
    ("tenet_valid", "tenet"),
    ("dscnn", "tenet_wide"),
)
UNKNOWN = (np.nan, np.nan)  # an interval
FEW = 10  # training clips of a word: hardly known


@dataclass(frozen=True)
class ZooNetwork:
    """A network of the zoo: its int8 file, and its values by their recorded names."""

    arch: str
    title: str
    path: Path
    values: Values


def networks(run: Run) -> list[ZooNetwork]:
    """The profile's networks, trained with every seed if not recorded, tested, and run on the board."""
    archs = ARCHS[run.profile.name]
    zoo.train_zoo(run, archs)
    return over_cores(lambda arch: _measured(run, arch), archs, "networks")


def _measured(run: Run, arch: str) -> ZooNetwork:
    path = zoo.int8(run, arch)
    values = zoo.size_values(run, arch) | zoo.board_values(path, arch)
    if arch != "tinyconv":  # Part 4's
        values[names.int8_accuracy(arch)] = clip_accuracy(run, path)
    return ZooNetwork(arch, TITLES[arch], path, values)


def clip_accuracy(run: Run, path: Path) -> Value:
    """Test accuracy of one model by the most likely class of each clip, without a threshold."""
    testing = feature_split(run.corpus, Protocol(), "testing")
    predictor = load_predictor(str(path))
    result = evaluate(predictor.logits(testing.x), testing.y, predictor.labels)
    return share(result.correct, result.n)


def fits(network: ZooNetwork) -> bool:
    """Whether the network completes a hop before the next, in half of the board's flash and half of its RAM."""
    ms = network.values[names.hop_ms(network.arch)].value
    flash, ram = (network.values[names.firmware(kind, network.arch)].value for kind in ("flash", "ram"))
    return ms < HOP_MS and 2 * flash <= FLASH_BYTES and 2 * ram <= RAM_BYTES


def size_table(found: list[ZooNetwork]) -> "pandas.DataFrame":
    """Accuracy, size and time of each network."""
    import pandas

    rows = {}
    for network in found:
        values, arch = network.values, network.arch
        unknown = values.get(names.unknown_accuracy(arch))
        rows[network.title] = {
            "test clips right (%)": share_text(values[names.accuracy(arch)]),
            "other words answered unknown (%)": share_text(unknown) if unknown else "",
            "parameters": f"{values[names.parameters(arch)].value:,.0f}",
            "MACs a clip": f"{values[names.macs(arch)].value:,.0f}",
            "network, whole clip (ms)": two_digits(values[names.clip_ms(arch)].value),
            "network, a hop (ms)": two_digits(values[names.hop_ms(arch)].value),
            "flash (B)": f"{values[names.firmware('flash', arch)].value:,.0f}",
            "RAM (B)": f"{values[names.firmware('ram', arch)].value:,.0f}",
        }
    return pandas.DataFrame(rows).T.rename_axis("network")


def rights(run: Run, found: list[ZooNetwork]) -> dict[str, np.ndarray]:
    """{network: whether each test clip is classified correctly, for each seed, float (seeds, n)}."""
    testing = feature_split(run.corpus, Protocol(), "testing")
    return {
        network.arch: np.array(
            [
                predict(load_checkpoint(zoo.trained(run, network.arch, seed))[0], testing.x).argmax(1)
                == testing.y
                for seed in run.swept_seeds
            ],
            float,
        )
        for network in found
    }


def ahead_values(right: Mapping[str, np.ndarray]) -> Values:
    """Differences in accuracy between each network and TinyConv, and between the two of each pair COMPARED, on the same
    clips, in points, with the wider of the intervals over seeds and over clips."""
    pairs = {names.ahead(arch): (arch, "tinyconv") for arch in right if arch != "tinyconv"}
    pairs |= {names.ahead(*pair): pair for pair in COMPARED if set(pair) <= set(right)}
    return {name: _points(right[arch] - right[base]) for name, (arch, base) in pairs.items()}


def ahead_table(values: Values) -> "pandas.DataFrame":
    """Table of `ahead_values`, one row per network."""
    import pandas

    rows = {}
    for arch, title in TITLES.items():
        if names.ahead(arch) in values:
            value = values[names.ahead(arch)]
            text = with_interval(value.value, *(value.ci95 or UNKNOWN), form="+.1f")
            rows[title] = {"points ahead of TinyConv": text}
    return pandas.DataFrame(rows).T.rename_axis("network")


def familiarity(run: Run) -> dict[str, np.ndarray]:
    """Which test clips are of other words that are "rare" in training, with fewer than FEW clips in the corpus, and
    which of others, "frequent": bool (n,), where there are two or more."""
    counts = Counter(clip.word for clip in run.corpus.clips if clip.split == "training")
    examples = build_splits(run.corpus, Protocol())["testing"]
    heard = [counts[e.clip.word] if e.label == 1 and e.clip else None for e in examples]
    masks = {
        "rare": np.array([times is not None and times < FEW for times in heard]),
        "frequent": np.array([times is not None and times >= FEW for times in heard]),
    }
    return {words: mask for words, mask in masks.items() if mask.sum() > 1}


def by_familiarity(
    masks: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]
) -> dict[str, dict[str, MeanInterval]]:
    """{group of words: {network: share of its test clips answered with unknown}} for the groups of `familiarity`. Means
    over seeds, with intervals over clips; the group's name states its number of clips."""
    titles = {"rare": f"fewer than {FEW}", "frequent": f"{FEW} or more"}
    return {
        f"{titles[words]} ({mask.sum()} clips)": {
            arch: mean_interval(answers[:, mask].mean(0)) for arch, answers in right.items()
        }
        for words, mask in masks.items()
    }


def familiarity_values(masks: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> Values:
    """Differences between each network and TinyConv on the same clips in the groups of `familiarity`, in points, with
    the wider of the intervals over seeds and over clips."""
    return {
        names.ahead_on_words(words, arch): _points(right[arch][:, mask] - right["tinyconv"][:, mask])
        for words, mask in masks.items()
        for arch in right
        if arch != "tinyconv"
    }


def familiarity_table(values: Values) -> "pandas.DataFrame":
    """Table of `familiarity_values`, one row per network."""
    import pandas

    columns = {"rare": f"words with fewer than {FEW} training clips", "frequent": "other words"}
    rows = {
        title: {
            column: with_interval(value.value, *(value.ci95 or UNKNOWN), form="+.1f")
            for words, column in columns.items()
            if (value := values.get(names.ahead_on_words(words, arch)))
        }
        for arch, title in TITLES.items()
    }
    table = pandas.DataFrame({title: row for title, row in rows.items() if row}).T
    return table.rename_axis("points ahead of TinyConv")


def _points(gain: np.ndarray) -> Value:
    """Mean of a gain by seed and clip (seeds, n), in points, with the wider of its intervals over either. Its n is that
    of the seeds, whose interval several comparisons at once widen more."""
    points = 100 * gain
    (mean, low, high), _ = widest_interval(points.mean(1), points.mean(0))
    return Value(mean, "points", (low, high), len(points))
