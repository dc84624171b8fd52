"""Figures 1 to 5 of the original report, the micro front end's features, and the accuracy with each representation.

`clips` is always {title: int16 (16000,)}: four panels in reading order, loud next to quiet. The spectrograms
of a figure share one colour scale, so that a quiet clip looks quiet.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from kwslib.features.frontend import STEP, WINDOW, features
from kwslib.features.representations import (
    HIGHEST,
    LOWEST,
    MFCC_KEPT,
    RANGE,
    spectrum,
    waveform,
    with_librosa,
)
from kwslib.labels import SAMPLE_RATE
from kwslib.record import style

if TYPE_CHECKING:
    from IPython.display import HTML

Clips = Mapping[str, np.ndarray]
DRAWN = 40  # samples of a waveform, or bins of a spectrum, in one point of a drawing


def players(clips: Clips) -> "HTML":
    """An audio player for each clip; the sound is embedded in the notebook."""
    from IPython.display import HTML, Audio

    sounds = {
        title: Audio(waveform(samples), rate=SAMPLE_RATE, normalize=False) for title, samples in clips.items()
    }
    return HTML("".join(f"<p>{title}<br>{sound._repr_html_()}</p>" for title, sound in sounds.items()))


def waveforms(clips: Clips) -> Figure:
    """Figure 1: amplitude against time, minimum to maximum of each 2.5 ms; each column has its own scale."""
    figure, axes = _panels(clips, "time (s)", "amplitude (full scale = 1)", sharey="col")
    for ax, samples in zip(axes, clips.values(), strict=True):
        parts = waveform(samples)[: len(samples) // DRAWN * DRAWN].reshape(-1, DRAWN)
        seconds = (np.arange(len(parts)) + 0.5) * DRAWN / SAMPLE_RATE
        ax.fill_between(seconds, parts.min(1), parts.max(1), linewidth=0.4)
        ax.tick_params(labelleft=True)
    return figure


def spectra(clips: Clips) -> Figure:
    """Figure 2: magnitude against frequency, of the whole clip; mean power in bands of 40 Hz."""
    figure, axes = _panels(clips, "frequency (kHz)", "magnitude (dB of full scale)")
    for ax, samples in zip(axes, clips.values(), strict=True):
        frequencies, power = (part[:-1].reshape(-1, DRAWN) for part in spectrum(samples))
        mean = 10 * np.log10((10 ** (power / 10)).mean(1))  # in bands of DRAWN Hz
        ax.plot(frequencies.mean(1) / 1000, mean, linewidth=1)
        ax.set_xlim(0, 8)
        ax.set_ylim(bottom=-120)
    return figure


def spectrograms(clips: Clips) -> Figure:
    """Figure 3: power in dB over time and frequency, linear frequency scale."""
    figure, axes = _panels(clips, "time (s)", "frequency (kHz)")
    _images(
        figure, axes, [with_librosa(samples)["linear"] for samples in clips.values()], (0, 8), "power (dB)"
    )
    return figure


def mel_spectrograms(clips: Clips) -> Figure:
    """Figure 4: the same on the mel scale: 40 bands, drawn with equal height."""
    figure, axes = _panels(clips, "time (s)", "frequency (kHz)")
    _images(figure, axes, [with_librosa(samples)["mel"] for samples in clips.values()], (0, 40), "power (dB)")
    _mel_ticks(axes, htk=False)
    return figure


def mfccs(clips: Clips) -> Figure:
    """Figure 5: cepstral coefficients 1 to 12; coefficient 0, the level, would dominate the colour scale."""
    figure, axes = _panels(clips, "time (s)", "MFCC index")
    pictures = [with_librosa(samples)["mfcc"][1:MFCC_KEPT] for samples in clips.values()]
    bound = float(np.quantile(np.abs(pictures), 0.98))
    _images(figure, axes, pictures, (0.5, MFCC_KEPT - 0.5), "coefficient (dB)", (-bound, bound), "RdBu_r")
    axes[0].set_yticks([1, 4, 8, 12])
    return figure


def micro_front_end(clips: Clips) -> Figure:
    """The input of our network: the int8 features of the C front end."""
    figure, axes = _panels(clips, "time (s)", "frequency (kHz)")
    pictures = [features(samples).T for samples in clips.values()]
    _images(figure, axes, pictures, (0, 40), "feature (int8)", (-128, 127))
    _mel_ticks(axes, htk=True)
    return figure


def accuracies(names: Sequence[str], mean: ArrayLike, low: ArrayLike, high: ArrayLike) -> Figure:
    """Test accuracy (fractions) of one network on each representation, mean over seeds, 95 % interval."""
    figure, ax = style.subplots(height=1.2 + 0.4 * len(names))
    centre, lower, upper = (100 * np.asarray(values, float) for values in (mean, low, high))
    style.interval_points(ax, names, centre, lower, upper)
    ax.set(xlabel="test accuracy (%), with 95 % interval", ylabel="representation")
    return figure


def _panels(clips: Clips, xlabel: str, ylabel: str, sharey: str = "all") -> tuple[Figure, list[Axes]]:
    """Two by two panels with the clips' titles, labelled once for all."""
    figure, axes = style.subplots(2, 2, height=4.4, sharex=True, sharey=sharey)
    for ax, title in zip(axes.flat, clips, strict=True):
        ax.set_title(title)
    figure.supxlabel(xlabel)
    figure.supylabel(ylabel)
    return figure, list(axes.flat)


def _images(
    figure: Figure,
    axes: Sequence[Axes],
    pictures: Sequence[np.ndarray],
    rows: tuple[float, float],
    unit: str,
    limits: tuple[float, float] | None = None,
    colours: str = "magma",
) -> None:
    """Pictures (bands, frames) on one colour scale, 80 dB up to the brightest; `rows` is what y spans."""
    peak = max(float(picture.max()) for picture in pictures)
    low, high = limits or (peak - RANGE, peak)
    for ax, picture in zip(axes, pictures, strict=True):
        middle = (WINDOW / 2 + STEP * np.array([0, picture.shape[1] - 1])) / SAMPLE_RATE
        half = STEP / 2 / SAMPLE_RATE
        extent = (middle[0] - half, middle[1] + half, *rows)
        image = ax.imshow(
            picture,
            origin="lower",
            aspect="auto",
            extent=extent,
            cmap=colours,
            vmin=low,
            vmax=high,
            interpolation="nearest",
        )
        ax.grid(visible=False)
    figure.colorbar(image, ax=list(axes), label=unit, aspect=30)


def _mel_ticks(axes: Sequence[Axes], htk: bool) -> None:
    """Round frequencies at their place among the 40 bands: HTK's mel (micro front end) or Slaney's."""
    import librosa

    ticks = np.array([500, 1000, 2000, 4000])
    edges = librosa.mel_frequencies(n_mels=42, fmin=LOWEST, fmax=HIGHEST, htk=htk)
    axes[0].set_yticks(
        np.interp(ticks, edges[1:-1], np.arange(40) + 0.5), [f"{tick / 1000:g}" for tick in ticks]
    )
