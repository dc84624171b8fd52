"""Part 8's tables and figures say what the values say; a network that does not fit is told."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kwslib.data.clips import Clip
from kwslib.data.protocol import Example
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments import zoo
from kwslib.experiments.zoo_field import Heard
from kwslib.field.detection import OperatingPoint
from kwslib.labels import class_labels
from kwslib.networks import ARCHITECTURES
from kwslib.networks.evaluation import Evaluation
from kwslib.networks.models import ModelConfig, build
from kwslib.record import names
from kwslib.record.values import Value
from kwslib.report.part8 import figures, missed, networks
from kwslib.statistics import MeanInterval


def network(arch="tenet_valid", hop=0.9, flash=40_000, ram=16_000):
    values = {
        names.accuracy(arch): Value(0.97, "fraction", (0.96, 0.98), 5),
        names.accuracy(f"unknown_{arch}"): Value(0.95, "fraction", (np.nan, np.nan), 1),
        names.parameters(arch): Value(16_044),
        names.macs(arch): Value(257_920),
        names.board_ms(f"clip_{arch}"): Value(7.7314, "ms"),
        names.board_ms(f"hop_{arch}"): Value(hop, "ms"),
        names.firmware("flash", arch): Value(flash, "B"),
        names.firmware("ram", arch): Value(ram, "B"),
    }
    return networks.ZooNetwork(arch, networks.TITLES[arch], Path("none.tflite"), values)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [({}, True), ({"hop": 40.5}, False), ({"flash": 600_000}, False), ({"ram": 140_000}, False)],
)
def test_a_network_fits_a_hop_and_half_of_each_memory(changed, fits):
    assert networks.fits(network(**changed)) is fits


def test_the_table_has_intervals_where_there_are_seeds():
    row = networks.size_table([network()]).loc["tenet, unpadded"]
    assert row["test clips right (%)"] == "97.0 (96.0 to 98.0)"
    assert row["other words answered unknown (%)"] == "95.0"
    assert (row["parameters"], row["network, whole clip (ms)"], row["flash (B)"]) == (
        "16,044",
        "7.7",
        "40,000",
    )


def test_a_test_without_other_words_has_no_accuracy_on_them(monkeypatch):
    labels = class_labels()
    counted = Evaluation(labels, np.diag([5, 0, 5, 5]))
    monkeypatch.setattr(zoo, "evaluations", lambda *given: [counted, counted])
    monkeypatch.setattr(zoo, "trained", lambda *given: None)
    monkeypatch.setattr(zoo, "load_checkpoint", lambda path: (build(ModelConfig()), None, {}))
    run = SimpleNamespace(seeds=(0, 1))
    assert list(zoo.size_values(run, "tinyconv")) == [
        f"{what}_tinyconv" for what in ("accuracy", "parameters", "macs")
    ]
    shown = network()
    del shown.values[names.accuracy("unknown_tenet_valid")]
    assert networks.size_table([shown]).loc["tenet, unpadded", "other words answered unknown (%)"] == ""


def test_a_network_is_one_point_of_each_panel_with_its_name():
    shown = [network(), network("tenet_wide", hop=2.5)]
    figure = figures.trade_off(shown)
    left, _ = figure.axes
    assert [line.get_xdata()[0] for line in left.lines if len(line.get_xdata()) == 1][:1] == [0.9]
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {each.title for each in shown}


def test_being_ahead_is_paired_and_has_the_wider_interval():
    ours, theirs = np.zeros((5, 100)), np.zeros((5, 100))
    ours[:, :10] = 1  # the same ten clips in every seed: no spread over seeds, some over clips
    values = networks.ahead_values({"tinyconv": theirs, "tenet_valid": ours})
    ahead = values[names.ahead("tenet_valid")]
    assert ahead.value == pytest.approx(10)
    assert ahead.ci95 == pytest.approx((4.0, 16.0), abs=0.1)
    row = networks.ahead_table(values).loc["tenet, unpadded"]
    assert row["points ahead of TinyConv"] == "+10.0 (+4.0 to +16.0)"
    (one_seed,) = networks.ahead_values({"tinyconv": theirs[:1], "tenet_valid": ours[:1]}).values()
    assert one_seed.ci95 == pytest.approx(ahead.ci95)


def test_branches_are_told_from_the_same_network_without_them():
    base = np.zeros((5, 100))
    plain, branched = np.ones_like(base), np.ones_like(base)
    branched[:, :4] = 0
    values = networks.ahead_values({"tinyconv": base, "tenet": plain, "tenet_branches": branched})
    assert {name: value.value for name, value in values.items()} == pytest.approx(
        {"ahead_tenet": 100, "ahead_tenet_branches": 96, "ahead_tenet_branches_of_tenet": -4}
    )


def test_other_words_are_counted_by_whether_training_had_them_often(monkeypatch):
    def clip(word, number, split="testing"):
        return Clip(Path(f"{number}.wav"), word, str(number), f"{word}/{number}.wav", assigned=split)

    trained = [clip("cat", n, "training") for n in range(networks.FEW)] + [clip("owl", 0, "training")]
    tested = [clip("cat", 1), clip("owl", 1), clip("cat", 2), clip("owl", 2), clip("yes", 1)]
    labels = [1, 1, 1, 1, 2]
    examples = [Example(c.name, "testing", y, c) for c, y in zip(tested, labels, strict=True)]
    silence = Example("silence", "testing", 0)
    monkeypatch.setattr(networks, "build_splits", lambda *given: {"testing": [silence, *examples]})
    run = SimpleNamespace(corpus=SimpleNamespace(clips=[*trained, *tested]))
    right = {"tinyconv": np.array([[0, 1, 0, 1, 1, 0], [0, 1, 1, 1, 1, 0]], float)}  # seeds x examples
    masks = networks.familiarity(run)
    found = networks.by_familiarity(masks, right)
    assert list(found) == ["fewer than 10 (2 clips)", "10 or more (2 clips)"]
    assert found["fewer than 10 (2 clips)"]["tinyconv"].mean == 0.75
    assert found["10 or more (2 clips)"]["tinyconv"].mean == 1
    right["tenet"] = right["tinyconv"].copy()
    right["tenet"][:, 2] = 0  # the first clip of the rare word
    values = networks.familiarity_values(masks, right)
    assert {name: value.value for name, value in values.items()} == pytest.approx(
        {"ahead_tenet_rare": -25, "ahead_tenet_frequent": 0}
    )
    assert values["ahead_tenet_rare"].ci95[1] > 0  # one clip of two
    assert list(networks.familiarity_table(values).index) == ["tenet"]
    monkeypatch.setattr(networks, "build_splits", lambda *given: {"testing": examples[:3]})
    alone = networks.by_familiarity(networks.familiarity(run), {"tinyconv": np.ones((2, 3))})
    assert list(alone) == ["10 or more (2 clips)"]  # of one clip there is no interval


def test_the_whole_zoo_is_recorded_and_has_a_look_of_its_own():
    assert set(networks.TITLES) == set(ARCHITECTURES) <= set(figures.COLOURS)
    looks = {(figures.COLOURS[arch], figures.MARKERS.get(arch)) for arch in ARCHITECTURES}
    assert len(looks) == len(ARCHITECTURES)


def test_groups_of_words_stand_apart_whatever_the_number_of_networks():
    group = {arch: MeanInterval(0.9, 0.85, 0.95) for arch in networks.TITLES}
    (ax,) = figures.familiarity({"fewer": group, "more": group}).axes
    pairs = [line.lines[0].get_xdata() for line in ax.containers]
    assert len(pairs) == len(networks.TITLES)
    assert max(first for first, _ in pairs) < min(second for _, second in pairs)
    left, right = ax.get_xlim()
    assert all(left < x < right for pair in pairs for x in pair)


def test_hours_are_told_with_the_cost_of_the_network_that_heard_them():
    from kwslib.report.part8 import field

    point = OperatingPoint(0.875, 4, 8.0, 25, 100, 60, np.array([0.5]))
    settings = DecisionSettings(threshold=0.875, smoothing=6)
    cost = {
        names.hop_ms("tinyconv"): Value(1.234, "ms"),
        names.firmware("flash", "tinyconv"): Value(45_678, "B"),
    }
    heard = Heard(None, settings, point, {}, {}, None, (), ())
    row = field.hours_table({"tinyconv": heard}, cost).loc["TinyConv, of Part 3"]
    assert (row["threshold"], row["smoothing (ms)"]) == ("0.875", "240")
    assert (
        row["false accepts an hour"] == "0.5 (0.1 to 1.3)"
    )  # Poisson's exact interval of four in eight hours
    assert row["keywords missed (%)"] == "25.0 (17.5 to 34.3)"
    assert (row["network, a hop (ms)"], row["flash (B)"]) == ("1.2", "45,678")


def test_false_accepts_of_each_kind_are_those_of_its_share_of_the_hours(heard):
    from kwslib.report.part8 import field

    row = field.kinds_table({"tinyconv": heard}).loc["TinyConv, of Part 3"]
    assert row["words"].startswith("3.0 (")  # three in one of two hours
    assert row["noise"].startswith("0.0 (")


def test_the_clips_that_fired_most_often_are_named(heard):
    from kwslib.report.part8 import field

    row = field.clips_table({"tinyconv": heard}).loc["TinyConv, of Part 3"]
    assert tuple(row) == ("3", "2", "left/a.wav (2), down/b.wav (1)")


@pytest.fixture
def heard():
    from types import SimpleNamespace

    chosen = SimpleNamespace(hours=2.0, false_accepts=3)
    by_clip = {
        Clip(Path("b.wav"), "down", "0", "down/b.wav"): 1,
        Clip(Path("a.wav"), "left", "1", "left/a.wav"): 2,
    }
    return Heard(None, None, chosen, {"words": 3, "noise": 0}, by_clip, None, KEYWORDS, ())


KEYWORDS = [  # every keyword in the noisiest quarter is missed, and one far away
    {
        "said": ("yes", "no")[n % 2],
        "background": "hum",
        "snr": 5.0 + n,
        "distance": 0.3 + 0.1 * n,
        "rt60": 0.2,
    }
    | {"missed": n < 4 or n == 15}
    for n in range(16)
]


def test_what_is_missed_is_counted_by_quarters_and_by_word(heard):
    values = missed.missed_values({"tinyconv": heard})
    found = {name.removeprefix("missed_tinyconv_"): (each.value, each.n) for name, each in values.items()}
    assert (found["noisiest"], found["quietest"]) == ((1, 4), (0.25, 4))
    assert (found["nearest"], found["farthest"]) == ((1, 4), (0.25, 4))
    assert (found["yes"], found["no"]) == ((2 / 8, 8), (3 / 8, 8))
    column = missed.word_table({"tinyconv": heard})["TinyConv, of Part 3"]
    assert column["yes"].startswith("25.0 (")
    assert column["against hum"].startswith("31.2 (")


def test_the_figure_of_what_is_missed_has_the_medians_of_the_quarters(heard):
    figure = missed.by_factor({"tinyconv": heard}, ["tinyconv"])
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata().astype(float), [6.5, 10.5, 14.5, 18.5])
    np.testing.assert_allclose(line.get_ydata().astype(float), [100, 0, 0, 25])


def test_the_long_file_is_told_with_its_cost():
    from kwslib.report.part8 import field

    score = {"keywords": 50, "hits": 41, "misses": 9, "false_accepts": 2}
    long = SimpleNamespace(long=SimpleNamespace(as_json=lambda: score))
    cost = {"load_tinyconv": Value(0.051, "fraction"), "power_mw_tinyconv": Value(2.5, "mW")}
    row = field.long_table({"tinyconv": long}, cost).loc["TinyConv, of Part 3"]
    assert tuple(row) == ("50", "41", "9", "2", "5.1", "2.5")


def test_a_model_s_accuracy_is_of_the_test_split_by_the_likeliest_class(monkeypatch):
    splits = []

    def split(_, protocol, name):
        splits.append((protocol.name, name))
        return SimpleNamespace(x=np.array([2, 3, 1, 1, 0]), y=np.array([2, 3, 1, 0, 1]))

    faint = SimpleNamespace(
        labels=class_labels(), logits=lambda x: 0.01 * np.eye(4)[x]
    )  # below any threshold
    monkeypatch.setattr(networks, "feature_split", split)
    monkeypatch.setattr(networks, "load_predictor", lambda path: {"a.tflite": faint}[path])
    value = networks.clip_accuracy(SimpleNamespace(corpus=None), Path("a.tflite"))
    assert splits == [("fixed", "testing")]
    assert (value.value, value.unit, value.n) == (0.6, "fraction", 5)
