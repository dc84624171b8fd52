"""Every figure draws without a warning, names its axes with units, and says when its data are synthetic."""

import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from kwslib.labels import class_labels
from kwslib.record import style
from kwslib.report.part1 import figures as signals
from kwslib.report.part3 import figures as training

LABELS = class_labels()
RNG = np.random.default_rng(0)
CLIPS = {
    title: (RNG.normal(0, 2_000, 16_000) * loudness).astype(np.int16)
    for title, loudness in {"yes, loud": 4, "yes, quiet": 0.1, "no, loud": 3, "no, quiet": 0.05}.items()
}
HISTORY = {"training": [0.5, 0.7, 0.8], "validation": [0.6, 0.75, 0.82]}
MATRIX = np.array([[27, 0, 0, 0], [1, 20.5, 3, 2], [0, 1, 40, 0], [0, 2, 0, 38]])

FIGURES: dict[str, tuple[Callable[[], Figure], str]] = {
    "waveforms": (lambda: signals.waveforms(CLIPS), "(s)"),
    "spectra": (lambda: signals.spectra(CLIPS), "(kHz)"),
    "spectrograms": (lambda: signals.spectrograms(CLIPS), "(kHz)"),
    "mel spectrograms": (lambda: signals.mel_spectrograms(CLIPS), "(kHz)"),
    "mfccs": (lambda: signals.mfccs(CLIPS), "(s)"),
    "micro front end": (lambda: signals.micro_front_end(CLIPS), "(kHz)"),
    "accuracies": (lambda: signals.accuracies(["a", "b"], [0.9, 0.8], [0.88, 0.7], [0.92, 0.9]), "(%)"),
    "one run": (lambda: signals.accuracies(["a"], [0.9], [np.nan], [np.nan]), "(%)"),
    "curves": (
        lambda: training.training_curves([HISTORY] * 2, {"training": 0.93, "validation": 0.95}),
        "(%)",
    ),
    "confusion": (lambda: training.confusion(MATRIX, LABELS), "class"),
    "empty class": (lambda: training.confusion(np.zeros((4, 4), int), LABELS), "class"),
    "classes": (
        lambda: training.per_class_bars((*LABELS, "total"), [0.9] * 5, [0.8] * 5, [1] * 5, {"total": 0.932}),
        "(%)",
    ),
    "words": (lambda: training.unknown_words({"go": {"no": 2, "unknown": 5}}, {"go": 7}, {"go": 3}), "(%)"),
    "no mistakes": (lambda: training.unknown_words({"go": {"unknown": 7}}, {"go": 7}, {}), "(%)"),
}


@pytest.fixture(autouse=True)
def restore_style():
    with mpl.rc_context():
        yield


def labels_of(figure: Figure) -> list[str]:
    texts = [figure.get_supxlabel(), figure.get_supylabel()]
    return [text for ax in figure.axes for text in (*texts, ax.get_xlabel(), ax.get_ylabel()) if text]


def stamps(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts if text.get_gid() == "stamp"]


COSTLY = ("waveforms", "spectra", "spectrograms", "mel spectrograms", "mfccs", "micro front end")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in COSTLY else name for name in FIGURES]
)
def test_figure(name, tmp_path):
    draw, unit = FIGURES[name]
    for synthetic in (False, True):
        style.use(synthetic)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure = draw()
            figure.savefig(tmp_path / "figure.png", dpi=50)
        assert len(labels_of(figure)) >= 2
        assert any(unit in label for label in labels_of(figure))
        assert stamps(figure) == ["synthetic corpus"] * synthetic
        assert figure.get_figwidth() == style.WIDTH


def test_figures_made_with_pyplot_are_stamped_too():
    import matplotlib.pyplot as plt

    for synthetic in (True, False):
        style.use(synthetic)
        figure = plt.figure()
        assert stamps(figure) == ["synthetic corpus"] * synthetic
        plt.close(figure)


def test_original_values_stand_beside_their_own_class():
    figure = training.per_class_bars(LABELS, [0.9] * 4, [0.8] * 4, [1] * 4, {"no": 0.936, "silence": 0.996})
    (diamonds,) = [line for line in figure.axes[0].lines if line.get_label() == "original report"]
    assert list(zip(diamonds.get_xdata(), diamonds.get_ydata(), strict=True)) == [
        (pytest.approx(93.6), 3),
        (pytest.approx(99.6), 0),
    ]


def test_every_class_keeps_its_colour():
    colours = style.label_colours(LABELS)
    assert len(set(colours.values())) == 4
    assert style.label_colours(LABELS[1:])["unknown"] == colours["unknown"]
    assert list(style.label_colours(class_labels(("left", "right")))) == [
        "silence",
        "unknown",
        "left",
        "right",
    ]
