"""What captions and descriptions of figures say of values, the values say too."""

import re

import jupytext
import pytest
from prose import figure_texts, load
from repository import REPOSITORY
from torch import nn

from kwslib.measure.profiling import costs
from kwslib.networks.models import ModelConfig, build, fold_batch_norm
from kwslib.record.claims import Claim, check
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.report.part2.tables import published_models
from kwslib.report.part5.tables import grids_at

RELATION = re.compile(
    r"\b(most|least|lowest|highest|shortest|longest|smallest|largest|twice|half|third|quarter|tenth|several times|"
    r"higher|shorter|longer|closer|steeply|faster|slower|stronger|weaker|wider|narrower|far)\b"
)
LISTED = load("relations.yml")
STATED = [(figure, entry) for figure, entries in LISTED["checked"].items() for entry in entries]
TESTED = [(figure, entry) for figure, entry in STATED if "drawn" not in entry]


def figures() -> dict[str, tuple[int, str]]:
    """{name: (part, caption and description)} of every figure."""
    found = {}
    for script in sorted((REPOSITORY / "notebooks").glob("*.py")):
        for cell in jupytext.read(script).cells:
            if name := cell.metadata.get("mystnb", {}).get("figure", {}).get("name"):
                found[name] = int(script.name[:2]), " ".join(figure_texts(cell.metadata))
    return found


FIGURES = figures()


def test_every_relation_is_checked():
    stating = {name for name, (_, text) in FIGURES.items() if RELATION.search(text)}
    assert stating - LISTED["checked"].keys() == set()


@pytest.mark.parametrize(
    ("figure", "entry"), STATED, ids=[f"{name}: {entry['says']}" for name, entry in STATED]
)
def test_the_words_are_there(figure, entry):
    assert entry["says"].lower() in FIGURES[figure][1].lower()


@pytest.mark.parametrize(
    ("figure", "entry"), TESTED, ids=[f"{name}: {entry['says']}" for name, entry in TESTED]
)
def test_a_relation_holds(figure, entry):
    test = {key: value for key, value in entry.items() if key != "says"}
    claim = Claim(FIGURES[figure][0], entry["says"], test)
    (found,) = check([claim], load_results(), recorded_folder() / "sweeps")
    assert found.holds, found


def test_a_grid_to_the_extremes_is_wide_and_makes_most_weights_zero():
    weights, grids = grids_at(3, recorded_folder() / "models" / "tinyconv_seed0.pt")
    steps = {way: points[1] - points[0] for way, points in grids.items()}
    zeros = {way: (abs(weights) < step / 2).mean() for way, step in steps.items()}
    assert steps["extremes"] > 2 * steps["least squared error"]
    assert zeros["extremes"] > 0.5 > zeros["least squared error"]


@pytest.mark.parametrize("arch", ["tinyconv", "tenet"])
def test_ours_are_among_the_smallest_published(arch):
    ours, theirs = costs(build(ModelConfig(arch))), published_models()
    for name, count in (("parameters", ours.parameters), ("macs", ours.macs)):
        assert (theirs[name].dropna() < count).mean() <= 0.2


def test_the_table_of_temporal_networks_is_that_of_the_code():
    page = (REPOSITORY / "notebooks" / "08_models.py").read_text(encoding="utf-8")
    row = r"^# \| \*(tenet[\w, ]*|teacher)\*.*\| 3 frames, stride (\d) \| (\d+) \| (\d+) \| (\d+) \|"
    stated = re.findall(row, page, re.M)
    archs = {
        "tenet": "tenet",
        "tenet, causal": "tenet_causal",
        "tenet, unpadded": "tenet_valid",
        "tenet, wide": "tenet_wide",
        "teacher": "teacher",
    }
    assert {name for name, *_ in stated} == archs.keys()
    for name, *numbers in stated:
        network = fold_batch_norm(build(ModelConfig(archs[name])))
        first, *depthwise = (
            layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size[0] > 1
        )
        assert first.kernel_size[0] == 3
        found = (first.stride[0], len(depthwise), depthwise[0].kernel_size[0], first.out_channels)
        assert numbers == [str(n) for n in found]
