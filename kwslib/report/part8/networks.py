"""The networks of Part 8, of the parts before it and new ones: accuracy over seeds, size, and time on the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kwslib.board.cycles import rounded
from kwslib.board.streaming import HOP_MS
from kwslib.checkpoints import load_checkpoint
from kwslib.data.protocol import Protocol, build_splits
from kwslib.experiments import zoo
from kwslib.features.dataset import feature_split
from kwslib.measure import FLASH_BYTES, RAM_BYTES
from kwslib.networks.training import predict
from kwslib.progress import over_cores
from kwslib.record import names
from kwslib.record.recording import Run
from kwslib.record.values import Value, Values

if TYPE_CHECKING:
    import pandas

ARCHS = {
    "quick": ("tinyconv", "tenet_valid"),
    "report": ("tinyconv", "tinyconv_valid", "tenet_valid", "tenet_wide"),
}
ADDED = ("tenet_valid", "tenet_wide")  # to those of the parts before
TITLES = {
    "tinyconv": "TinyConv",
    "tinyconv_valid": "TinyConv, unpadded",
    "tenet_valid": "tenet, unpadded",
    "tenet_wide": "tenet, wide",
}
FEW, SOME = 10, 100  # training clips of a word: hardly known, known a little


@dataclass(frozen=True)
class Network:
    """A network of the zoo: its int8 file, and its values by the names they are recorded under."""

    arch: str
    title: str
    path: Path
    values: Values


def networks(run: Run) -> list[Network]:
    """The profile's networks, trained with every seed where they are not recorded, tested, and put on the board."""
    archs = ARCHS[run.profile.name]
    zoo.train_zoo(run, archs)
    return over_cores(lambda arch: _measured(run, arch), archs, "networks")


def _measured(run: Run, arch: str) -> Network:
    path = zoo.int8(run, arch)
    values = zoo.size_values(run, arch) | zoo.board_values(path, arch)
    return Network(arch, TITLES[arch], path, values)


def fits(network: Network) -> bool:
    """Whether it is done with a hop before the next, in half of the board's flash and half of its RAM."""
    ms = network.values[names.board_ms(f"hop_{network.arch}")].value
    flash, ram = (network.values[names.firmware(kind, network.arch)].value for kind in ("flash", "ram"))
    return ms < HOP_MS and 2 * flash <= FLASH_BYTES and 2 * ram <= RAM_BYTES


def percent(value: Value) -> str:
    """A share in per cent, with its interval where it has one."""
    text = f"{100 * value.value:.1f}"
    if value.ci95 is None or not np.isfinite(value.ci95).all():
        return text
    low, high = value.ci95
    return f"{text} ({100 * low:.1f} to {100 * high:.1f})"


def size_table(found: list[Network]) -> "pandas.DataFrame":
    """Accuracy, size and time of each network."""
    import pandas

    rows = {}
    for network in found:
        values, arch = network.values, network.arch
        rows[network.title] = {
            "test clips right (%)": percent(values[names.accuracy(arch)]),
            "of other words (%)": percent(values[names.accuracy(f"unknown_{arch}")]),
            "parameters": f"{values[names.parameters(arch)].value:,.0f}",
            "MACs a clip": f"{values[names.macs(arch)].value:,.0f}",
            "whole clip (ms)": f"{rounded(values[names.board_ms(f'clip_{arch}')].value):g}",
            "a hop (ms)": f"{rounded(values[names.board_ms(f'hop_{arch}')].value):g}",
            "flash (B)": f"{values[names.firmware('flash', arch)].value:,.0f}",
            "RAM (B)": f"{values[names.firmware('ram', arch)].value:,.0f}",
        }
    return pandas.DataFrame(rows).T.rename_axis("network")


def by_familiarity(run: Run, found: list[Network]) -> "pandas.DataFrame":
    """Test clips of other words answered with unknown (%), by how many training clips there are of their word: hardly
    any, some, many. Mean over seeds; a row a network, a column a group, with the number of test clips in its name."""
    import pandas

    counts: dict[str, int] = {}
    for clip in run.corpus.clips:
        if clip.split == "training":
            counts[clip.word] = counts.get(clip.word, 0) + 1
    testing = feature_split(run.corpus, Protocol(), "testing")
    examples = build_splits(run.corpus, Protocol())["testing"]
    unknown = np.flatnonzero(testing.y == 1)
    words = [examples[index].clip.word for index in unknown]
    known = np.array([counts.get(word, 0) for word in words])
    groups = {
        f"fewer than {FEW}": known < FEW,
        f"{FEW} to {SOME}": (known >= FEW) & (known <= SOME),
        f"more than {SOME}": known > SOME,
    }
    rows: dict[str, Mapping[str, float]] = {}
    for network in found:
        right = np.mean(
            [
                predict(load_checkpoint(zoo.trained(run, network.arch, seed))[0], testing.x[unknown]).argmax(
                    1
                )
                == 1
                for seed in run.seeds
            ],
            axis=0,
        )
        rows[network.title] = {
            f"{title} ({mask.sum()} test clips)": 100 * float(right[mask].mean())
            for title, mask in groups.items()
            if mask.any()
        }
    return pandas.DataFrame(rows).T.rename_axis("training clips of the word")
