# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Part 1: Preprocessing
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/01_preprocessing.ipynb)
#
# A second of sound is 16,000 numbers, and single numbers say nothing about the word that was spoken: shift the same
# *yes* by a hundredth of a second, and nearly all of them change, although nothing has changed for the ear. Before a
# small network sees any sound, the sound is therefore turned into a picture that shows how strong each frequency is
# at each moment. This part draws the pictures of the original report {cite}`madani2026tinyml`, its Figures 1 to 5,
# for *yes* and *no*, loud and quiet. Then it puts the report's conclusion to the test: is the mel spectrogram really
# the best of them for a convolutional network?
#
# **For whom.** Anyone who wants to know what a speech network sees. No signal processing is assumed; seeds, intervals and decibels
# are explained in {doc}`../book/primer`.
#
# **Afterwards you can** read a spectrogram, say what the {term}`mel` scale, the logarithm and the cosine transform are for,
# and judge which of these pictures a network learns from best, and how sure that is.
#
# **Time.** About half an hour to read. To run: minutes in the quick profile.

# %% tags=["hide-input"]
import subprocess
import sys
from importlib.util import find_spec

source = "https://github.com/kwslib/kwslib/archive/refs/tags/v0.2.0.zip"
if find_spec("kwslib") is None:  # as on Colab; `source` may be a file, too
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    if subprocess.run([*pip, source]).returncode:
        raise RuntimeError(f"no kwslib at {source}: upload its wheel or zip")
from kwslib.environment import require

require("notebooks")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept
recordings = None  # a folder of your own yes_loud.wav, no_quiet.wav, ...

# %% tags=["hide-input"]
from kwslib.record import recording

run = recording.start("01_preprocessing", profile, data, results)

# %% [markdown]
# ## Why not the waveform itself?
#
# - *It is long.* One second has 16,000 samples; a layer of a hundred units with a weight for each sample would not
#   fit into the chip's flash.
# - *It is redundant.* Neighbouring samples are nearly the same, and a vowel repeats itself a hundred times a second.
# - *It depends on phase.* A vowel is a sum of tones, $\sum_k a_k \cos(2\pi f_k t + \varphi_k)$. The ear hardly hears the phases
#   $\varphi_k$, but they decide what the waveform looks like. The magnitudes $a_k$ carry the word.
# - *It moves.* Where a word begins is an accident. A filter over the waveform would have to match it to the sample.
# - *It is noisy*, and noise changes every sample, whereas in a spectrum it spreads over all frequencies, so that
#   strong ones still stand out.
#
# A large network can learn to cope with all this from the waveform. Of one with a few thousand weights we do not expect it, and did not try.
#
# ## Four recordings
#
# The original does not say who spoke its four recordings. Here a rule chooses them: among the corpus's validation
# clips of a word that stand at least 20 dB above their own background, one near the loud end (the 95th of
# 100, ordered by level) and one near the quiet end (the 5th). The recordings are those of Speech Commands
# {cite}`warden2018speech`, published under
# [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), unless the figures are stamped as synthetic. To
# see your own voice instead, name a folder in the parameter `recordings` above; any rate, length and format
# will do.

# %%
from kwslib.data.audio import read_clip
from kwslib.report.part1 import tables as report

paths = report.examples(run.corpus, recordings)
clips = {title: read_clip(path) for title, path in paths.items()}
run.record("recordings", len(clips))
levels = report.level_table(paths, clips)
run.record_all(report.level_values(levels))
run.show(levels, "The four recordings; levels in dB of full scale.")

# %% [markdown]
# ```{sound} yes_loud yes_quiet no_loud no_quiet
# Listen before you look: the hiss at the end of *yes*, the one long vowel of *no*, the background of the loud *yes*.
# ```
#
# These are the recordings that the figures below show. If you run the notebook on synthetic speech or on recordings
# of your own, its next cell plays those.

# %% tags=["remove-cell"]
from kwslib.report.part1 import figures as draw

draw.players(clips) if run.synthetic or recordings else "not handed on"

# %% [markdown]
# ## The waveform
#
# A waveform shows little more than loudness over time: when the word begins, and that a vowel is stronger than the
# hiss at the end of *yes*. The two columns have different scales; on one scale, the quiet words would be flat lines.

# %% mystnb={"figure": {"name": "fig-01", "caption": "Loud recordings swing several times wider than quiet ones: each column has its own scale. Waveforms of yes and no."}, "image": {"alt": "Four waveforms. Loud ones swing several times wider than quiet ones, as the scales show; yes has a strong vowel followed by a weaker hiss, no a single swell."}}
draw.waveforms(clips)

# %% [markdown]
# ## The spectrum
#
# The Fourier transform of the whole second gives the strength of each frequency, but not when it sounds. The hiss of
# *yes* stands out beyond 4 kHz, where *no* has little. But *yes* and *sey* would look the same.

# %% mystnb={"figure": {"name": "fig-02", "caption": "Yes has a second hump at high frequencies, no has none. Magnitude spectra of the four recordings; a sine at full scale would reach 0 dB."}, "image": {"alt": "Four spectra from 0 to 8 kHz. Yes keeps a second broad hump at high frequencies, no falls off steadily; the quiet recordings lie lower."}}
draw.spectra(clips)

# %% [markdown]
# That the vertical scale is right can be checked with a tone whose spectrum is known: at half of full scale,
# 6 dB down.

# %% tags=["nbval-check-output"]
import numpy as np

from kwslib.features.representations import spectrum

seconds = np.arange(16_000) / 16_000
tone = np.round(16_384 * np.sin(2 * np.pi * 1_000 * seconds))
frequencies, magnitude = spectrum(tone.astype(np.int16))
peak = magnitude.argmax()
print(f"{magnitude[peak]:.1f} dB at {frequencies[peak]:,.0f} Hz")

# %% [markdown]
# In decibels of full scale the magnitude is $20\log_{10}\dfrac{2\lvert X(f)\rvert}{N}$ with
# $X(f) = \sum_{t=0}^{N-1} x_t\, e^{-2\pi i f t / f_s}$: $x_t$ are the $N$ samples as fractions of full scale, $f_s$ is their
# rate, 16,000 a second, and the factor of two makes a sine's peak its amplitude. The phase is dropped, which is what we want.
#
# ## The spectrogram
#
# The remedy is to cut the second into short pieces and to take the spectrum of each: windows of 30 ms, long enough to
# hold a few periods of a voice, one every 20 ms. Now *yes* reads from left to right: vowel, then hiss. The stripes in
# the vowel are the {term}`harmonics <harmonic>` of the voice; where they are bright lie the {term}`formants
# <formant>`, which make it that vowel.

# %% mystnb={"figure": {"name": "fig-03", "caption": "The vowels are stripes low down, the hiss of yes a cloud high up. Spectrograms on a linear frequency scale; all four share one colour scale."}, "image": {"alt": "Four spectrograms, time against frequency from 0 to 8 kHz. Yes shows a striped vowel low down and then a cloud of hiss high up; no shows only the vowel. The quiet ones are darker."}}
draw.spectrograms(clips)

# %% [markdown]
# ```{picture} framing
# The second is cut into overlapping windows. The spectrum of each becomes one column of the picture.
# ```
#
# Look for two things in a vowel. *Pitch* is the distance between the stripes, at 100 to 250 Hz from one to the next.
# It differs between speakers and carries the intonation. The formants, the bands in which the stripes are bright, are
# resonances of the mouth, and they determine the vowel. Between speakers of the same word pitch varies a lot,
# formants much less.
#
# ## The mel spectrogram
#
# Ears resolve low frequencies finely and high ones coarsely. The mel scale copies that: 40 overlapping
# triangular bands, evenly spaced up to 1 kHz and in equal ratios beyond (Slaney's version of the scale). Half of the picture is now spent on
# what lies below 1.75 kHz.

# %% mystnb={"figure": {"name": "fig-04", "caption": "On the mel scale the vowels fill most of the height. Mel spectrograms with 40 bands on Slaney's scale, each of equal area; the colours have a range of their own."}, "image": {"alt": "Four mel spectrograms. The vowels now fill most of the height, the hiss of yes is squeezed into the top bands."}}
draw.mel_spectrograms(clips)

# %% [markdown]
# How wide a band is, and where the middle of the picture lies:

# %% tags=["nbval-check-output"]
import librosa

edges = librosa.mel_frequencies(n_mels=42, fmin=125, fmax=7_500)
widths = (edges[2:] - edges[:-2]).round().astype(int)
print(f"lowest {widths[0]} Hz, 20th {widths[19]} Hz, highest {widths[-1]} Hz")
print(f"middle at {edges[20:22].mean():,.0f} Hz")

# %% [markdown]
# A step of equal size in {term}`mel` sounds equally large to a listener. One formula for it is
#
# $$m(f) = 2595\,\log_{10}\!\Big(1 + \frac{f}{700\,\mathrm{Hz}}\Big).$$
#
# librosa's default, which the figures use, is another (Slaney's): linear up to 1 kHz, logarithmic beyond. The micro
# front end uses the formula. The band edges differ a little; the idea is the same.
#
# ```{picture} filter_bank
# A mel band is a weighted sum of the spectrum under a triangle. Low bands are narrow, high ones wide.
# ```
#
# Why a *logarithm* of the band's power? We hear loudness in ratios: ten times the power sounds like one step louder,
# whether the sound is quiet or loud. A change of distance or of gain *multiplies* all powers; after the logarithm it
# *adds* a constant, which a network's bias, or the noise reduction below, can remove. And the range of powers, a
# million to one and more, shrinks to numbers that eight bits can hold.
#
# ## MFCC
#
# Neighbouring mel bands rise and fall together. The discrete cosine transform undoes that
# {cite}`davis1980comparison`: coefficient 1 is the balance of low against high, the next ones ever finer ripples of
# the spectrum. The first dozen describe the envelope, so older recognizers kept 13, coefficients 0 to 12, and
# discarded the rest.

# %% mystnb={"figure": {"name": "fig-05", "caption": "The lowest coefficients change strongly when a word begins, and again at the hiss of yes. Mel frequency cepstral coefficients 1 to 12; coefficient 0, the level, is left out because it would drown the others."}, "image": {"alt": "Four grids of coefficients over time in red and blue. The lowest coefficients change strongly when a word begins and, in yes, turn blue during the hiss."}}
draw.mfccs(clips)

# %% [markdown]
# The coefficients are that transform of the mel spectrogram, as two lines show:

# %% tags=["nbval-check-output"]
from scipy.fft import dct

from kwslib.features.representations import with_librosa
from kwslib.report.words import yes_no

pictures = with_librosa(clips["yes, loud"])
transformed = dct(pictures["mel"], axis=0, norm="ortho")
same = np.allclose(transformed, pictures["mfcc"], atol=1e-3)
print("the same:", yes_no(same))

# %% [markdown]
# As a formula, with $e_n$ the logarithmic power of band $n$ of $N = 40$,
#
# $$c_k = \sum_{n=0}^{N-1} e_n \cos\!\Big(\frac{\pi k\,(n + \tfrac12)}{N}\Big),$$
#
# up to a factor for each $k$. The spectrum of a logarithmic spectrum is called the *{term}`cepstrum`* (*spec* with
# its letters reversed). What is smooth over the bands, the formants, goes into the first coefficients; what
# alternates quickly, the stripes of the pitch, into the last.
#
# ```{picture} cosines
# Each coefficient says how much of one cosine there is in the spectrum's shape.
# ```
#
# The transform *decorrelates*: one mel band says much about its neighbour, one coefficient says little about the
# next. Recognizers that modelled each number by itself needed that. A convolution does not.
#
# ## How much smaller
#
# The original calls raw audio highly dimensional, and the pictures compact. In numbers, for one second:

# %% tags=["nbval-check-output"]
recording.Table(
    report.size_table(clips["yes, loud"]), "One second in each picture."
)

# %% tags=["remove-cell"]
run.record("samples_per_second", len(clips["yes, loud"]))

# %% [markdown]
# ## Two libraries, one answer
#
# All pictures above come from librosa. torchaudio computes the same ones when it is given the same window, padding,
# mel scale and normalisation; the defaults of the two libraries differ in all of these. The differences that remain
# come from rounding in 32-bit floats, and are largest where there is hardly any power.

# %%
from kwslib.data.protocol import Protocol, build_splits, load_waveforms
from kwslib.features.representations import largest_differences

examples = build_splits(run.corpus, Protocol())["validation"][:100]
largest = largest_differences(load_waveforms(examples))
run.record_all(report.agreement_values(largest, len(examples)))
agreement = report.agreement_table(largest)
run.show(agreement, "librosa against torchaudio, 100 validation clips.", 4)

# %% tags=["nbval-check-output"]
print("within a tenth of a decibel:", yes_no(agreement.max().max() < 0.1))

# %% [markdown]
# ## What our network sees
#
# The chip has no librosa. It runs, as in the original, the *micro front end* of
# TensorFlow Lite Micro, which kwslib computes with its own C code, in integers: the same windows, 40 channels on
# another version of the mel scale (HTK's formula), then two steps that mel spectrograms lack. Noise reduction
# subtracts what stays constant in each channel, and gain control ([PCAN](https://arxiv.org/abs/1607.05666)) divides
# each by its recent average. Loud and quiet words come out alike: the level, which {numref}`fig-03` and
# {numref}`fig-04` show so clearly, is removed before the network sees it.
#
# The bright first columns of some pictures are not speech. The noise estimate starts from zero, so at first nothing
# is subtracted. Every training clip begins like this, a board that listens all day only once. Part 4 measures what
# this mismatch costs (in the row *stream, word anywhere*).

# %% mystnb={"figure": {"name": "fig-microfrontend", "caption": "Loud and quiet recordings look alike after the micro front end. The same four as its int8 features."}, "image": {"alt": "Four pictures of 49 frames by 40 channels. Unlike in the mel spectrograms, quiet words are as bright as loud ones, and the pauses are black."}}
draw.micro_front_end(clips)

# %% [markdown]
# ## Is mel the best picture for a network?
#
# The original concludes that mel spectrograms are preferable: better than linear ones because hearing is mel-like,
# and better for a convolutional network than MFCC because those are compressed and no longer form a picture. It
# trains a network on neither, so these are assertions. They can be tested: the same network, TinyConv of Part 2, is
# trained on each representation, with the same clips, the same recipe and the same seeds, no augmentation, and
# nothing tuned for any of them. All inputs are 49 frames × 40 numbers.
#
# - *micro front end*: the integers above;
# - *log-mel*: the mel spectrogram of {numref}`fig-04`;
# - *log-linear*: 40 triangles over the same 125 to 7,500 Hz, evenly spaced in Hz: only the scale differs;
# - *MFCC*: all 40 coefficients, the same information as log-mel, but no picture;
# - *MFCC-13*: the first 13 and zeros, the compressed kind.
#
# Each number of a frame is scaled to mean 0 and standard deviation 1 over all frames of the training split.

# %% tags=["nbval-check-output"]
from kwslib.labels import class_labels
from kwslib.networks.models import ModelConfig, build

config = ModelConfig(arch="tinyconv", labels=class_labels())
parameters = sum(p.numel() for p in build(config).parameters())
print(f"{parameters:,} parameters each")

# %%
from kwslib.experiments.seeds import train_seeds
from kwslib.features.representations import representation_splits
from kwslib.networks.training import Recipe

recipe = Recipe(epochs=run.profile.epochs // 2)
splits = representation_splits(run.corpus, Protocol())
runs = {}
for name, parts in splits.items():
    runs[name] = train_seeds(config, recipe, parts, run.seeds, what=name)

# %% mystnb={"figure": {"name": "fig-representations", "caption": "TinyConv is more accurate on log-mel than on linear spectra and cepstral coefficients; between log-mel and the micro front end no difference is found. Test accuracy by representation: mean over seeds with its 95 % interval (Student's t)."}, "image": {"alt": "One row per representation, each with a point and an interval on a scale of test accuracy in percent."}}
run.record_all(report.accuracy_values(runs))
draw.accuracies(*report.accuracy_intervals(runs))

# %%
how = f"{recipe.epochs} epochs, {len(run.seeds)} seeds"
run.show(report.accuracy_table(runs), f"Test accuracy (%) by class, {how}.")

# %% [markdown]
# An interval over seeds says how reproducible a training is, one over clips how small a difference this test can
# resolve ({doc}`../book/methods`). We call two representations different only if both intervals of their difference
# exclude zero:

# %%
ahead = report.differences(runs, splits["log-mel"]["testing"].y)
run.record_all(report.difference_values(ahead))
differences = report.difference_table(ahead)
run.show(differences, "Test accuracy of log-mel less that of the others.")

# %% [markdown]
# On real recordings log-mel is ahead of log-linear and of both kinds of MFCC, though by little, and still when the
# intervals over seeds are widened for four comparisons at once, as the claims below do. So the original's ranking
# holds for this network. Of the two reasons that it gives, compression finds no support here: over seeds the network is
# more accurate on 13 coefficients than on all 40. The other is that coefficients no longer form a picture. Perhaps a
# convolution needs neighbouring inputs to be related, as mel bands are and cepstral coefficients are not; we did not
# test this. Between
# log-mel and the micro front end we find no difference, which does not make them equal: they differ in three things
# at once (scale, noise reduction, gain control), and the interval allows for a difference of two points. Runs on the
# synthetic corpus are too short to show much.
#
# Three cautions. The order holds for this network and this task; a network with more layers could learn the cosine
# transform, or undo it. A recipe tuned for each representation could close a gap, and a longer one would lift them
# all. And accuracy on clean clips is not everything: what the micro front end removes, level and steady noise, is
# what changes most between a corpus and a room.
#
# All later parts use the micro front end, because it is what the chip computes.

# %% tags=["remove-cell"]
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. This book gives its network a picture of the sound: magnitudes over time, without phase.
# 2. Mel bands spend resolution where hearing does; the logarithm turns gain into an offset; the cosine transform decorrelates.
# 3. On the same network and clips, representations differ by a few points; the interval of each difference shows whether it could be chance.
# 4. The chip computes none of librosa's pictures but the micro front end's, in integers, with noise reduction and gain control.
# 5. An assertion such as "mel is preferable" can be tested in a few lines.
#
# Exercises, from counting frames to thirteen coefficients: {doc}`../book/exercises/01`.
