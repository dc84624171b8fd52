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
# # Part 8: Beyond TinyConv
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/08_models.ipynb)
#
# Part 7 ends with a result that hurts: at about one false accept an hour the spotters of this book miss most keywords.
# The board is not to blame: it has time and memory to spare. Networks designed for speech and for streams do more with
# less, and training can be closer to what a device hears. This part takes networks of the zoo through everything that
# TinyConv went through, and says which one to deploy for what.
#
# **For whom.** Anyone who has to choose a network, and not only to understand one.
#
# **Afterwards you can** choose a network by accuracy, time, flash and misses at a rate of false accepts, say why training
# for a stream differs from training on clips, and train, export and flash any network of the zoo by its name.
# **You need** Parts 4 and 7.
#
# **Time.** A quarter of an hour to read. To run: minutes in the quick profile, which has two of the networks.

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

require("notebooks", "convert", "board", "field")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept

# %% tags=["hide-input"]
from kwslib.record import recording

run = recording.start("08_models", profile, data, results)

# %% [markdown]
# ## Networks designed for speech
#
# A *temporal network* treats the 40 mel channels as input channels and slides along time alone (TC-ResNet,
# {cite}`choi2019temporal`; TENet, {cite}`li2020small`). Its blocks are separable: a depthwise convolution looks along
# time in each channel, a pointwise one mixes the channels. *tenet, unpadded* pads nothing in time, so every column of
# every layer is the same function of its own frames, and a stream computes each of them once: what a window would get,
# a stream gets, to the bit. *tenet, wide* is the same with more channels and one more block. Neither has a residual path
# around its blocks. What such a path does for training, branches do that are folded into one convolution before export
# (RepVGG, {cite}`ding2021repvgg`): a branch that passes its input on is a convolution with one tap, a batch norm that is
# done learning is a factor and an offset, and a sum of convolutions is a convolution.

# %% tags=["nbval-check-output"]
import torch

from kwslib.networks.branches import BranchedConv2d

layer = BranchedConv2d(8, 8, [(9, 1), (3, 1)], size=(49, 1), passing=True)
x = torch.randn(16, 8, 49, 1)
layer(x)  # in training: the batch norms learn what they see
branches, folded = layer.eval()(x), layer.folded()(x)
same = torch.allclose(branches, folded, atol=1e-4)
print("the sum of the branches and one convolution agree:", same)

# %% [markdown]
# TinyConv is Part 3's, and the one without padding Part 7's, as recorded there. The new ones are trained on all the other
# words of the corpus, with stronger augmentation and for half as many epochs again; each choice was made on validation.

# %%
from kwslib.report.part8 import networks

found = networks.networks(run)
for network in found:
    run.record_all(network.values)
caption = (
    "Networks by size: test accuracy as mean over seeds with its 95 % "
    "interval; time, flash and RAM of the virtual board, firmware included. "
    "A hop is 40 ms; it computes what is new. Times ± 4 %."
)
run.show(networks.size_table(found), caption)

# %% tags=["nbval-check-output"]
fits = [networks.fits(network) for network in found]
print("every network fits its hop, and half of the board's memory:", all(fits))

# %% tags=["nbval-check-output"]
from kwslib.deployment.core_network import read_network
from kwslib.report.part7 import stream

sound = stream.hour(run)[:6000]  # two minutes
checked = [stream.equal_hops(read_network(n.path), sound) for n in found]
equal = all(same == hops for same, hops in checked)
print("every logit of every hop is that of the whole window:", equal)

# %% mystnb={"figure": {"name": "fig-08-trade-off", "caption": "More accurate in less than half of TinyConv's hop: the temporal network without padding. Test accuracy against the network's time in a hop and against flash, firmware included; bars: 95 % interval over seeds."}, "image": {"alt": "Two scatter plots that share the axis of accuracy. Left over milliseconds of a hop, right over kilobytes of flash; the points of the table above with vertical bars."}}
from kwslib.report.part8 import figures

figures.trade_off(found)

# %% [markdown]
# ## Words that training hardly knew
#
# *Unknown* is not a word but all other words, and a network has to answer *unknown* to words that it has never heard.
# For half of those in the corpus used here, training has fewer than ten clips. TinyConv does as well on these as on the
# words that it was trained on. The temporal networks are better than TinyConv on words with more than a hundred training
# clips, and not on the rare ones: they have learned these words rather than what is not a keyword. The official archive
# has thousands of clips of most words; there the columns would differ less.

# %%
familiar = networks.by_familiarity(run, found)

# %% mystnb={"figure": {"name": "fig-08-familiar", "caption": "What the temporal networks gain, they gain on words that training knows well. Test clips of other words that are answered with unknown, by how many training clips of their word there are; mean over seeds."}, "image": {"alt": "Three groups of points between 80 and 100 percent, for words with few, some and many training clips, a point for each network."}}
figures.familiarity(familiar)

# %% [markdown]
# ## Training for a stream
#
# A clip has one word in its middle. A stream has halves of words, two words at once, pauses, and a noise estimate of the
# front end that depends on what came before. To train for it, every clip is played in a simulated room with background
# sound, as in Part 4, but the rooms are less alike than plain boxes (walls differ, furniture scatters, microphones
# colour the sound). Half as many examples again are *seconds from anywhere* in hours of training sound without a
# keyword: words with pauses and without, babble, noise, music, quiet. Recordings know few words, and a device hears
# thousands; so a synthesizer says words of daily life among them, and words that sound like *yes* or *no*. The class of
# such a second is unknown where a word sounds for 0.2 s or more, else silence. Labels are not smoothed here: thresholds
# lie near 1, and smoothed labels keep posteriors below them.

# %%
from kwslib.experiments.zoo_field import heard_values
from kwslib.report.part8 import field

listeners = field.listeners(run)
heard = field.hear_all(run, listeners)
for key, each in heard.items():
    run.record_all(heard_values(each, key))

# %%
caption = (
    "The field test of Part 4, at the sketch's own threshold: trials right, "
    "with the 95 % interval, and by class."
)
run.show(field.trials_table(heard), caption)

# %% [markdown]
# In single trials the new training shows no gain: *tenet* as trained in Part 4, *tenet, unpadded*, and the wide one are not
# told apart. A trial has a word after two seconds of background; what was added to training lies elsewhere.
#
# ## Hours, and a long file
#
# Threshold and smoothing are chosen on validation speakers in validation rooms: the fewest keywords missed among those
# with no more than 0.4 false accepts an hour, a margin for the one an hour that is allowed on testing. The sound without a
# keyword is of six kinds, ten minutes of each in an hour. On testing, more than a third of the clips of other words are of
# words with fewer than ten training clips, which validation hardly has. In their place, a third of validation's words are
# the synthesizer's, and training never heard these.

# %%
caption = (
    "At the settings chosen on validation, counted on testing: false accepts "
    "an hour (Poisson interval), keywords missed (Wilson)."
)
run.show(field.hours_table(heard), caption)

# %% [markdown]
# *tenet, unpadded* misses {recorded}`08_models/missed_tenet_valid_field` of the keywords, where Part 4's *tenet* misses
# {recorded}`08_models/missed_tenet_field` and TinyConv, trained for the field,
# {recorded}`08_models/missed_tinyconv_field`. Five times as many parameters bring no more that could be told apart. The goal was
# 15 % at one false accept an hour, and none is near.
#
# All keep within one false accept an hour on testing, with room to spare: *tenet, unpadded* comes to
# {recorded}`08_models/false_accepts_per_hour_tenet_valid_field`
# ({interval}`08_models/false_accepts_per_hour_tenet_valid_field`). A first recording of this part had only the corpus's own words
# in validation; with the same margin its settings let through several false accepts an hour on testing. That is why
# validation has the synthesizer's words, too, and it means that these hours of testing were looked at twice. With
# them, the margin was one caution too many; but whoever takes it back now chooses by the test. The curves show
# what a lower threshold would have bought.

# %% tags=["nbval-check-output"]
ends = [(each.points[0], each.points[-1]) for each in heard.values()]
trade = all(
    high.false_accepts <= low.false_accepts and high.rejects >= low.rejects
    for low, high in ends
)
print("a higher threshold accepts and reports no more than a lower:", trade)

# %% mystnb={"figure": {"name": "fig-08-detection", "caption": "Networks trained for a stream miss the fewest keywords at every rate of false accepts, and none comes near the corner. Keywords missed over false accepts an hour as the threshold moves, counted on testing; circles: settings chosen on validation; grey: at most one false accept an hour and 15 % missed."}, "image": {"alt": "Falling curves, one for each network: that of Part 3 highest, those trained for a stream lowest, with a circle on each."}}
figures.detection_error(heard, target=(1.0, 0.15))

# %%
caption = (
    "False accepts in an hour of each kind of sound, with Poisson intervals."
)
run.show(field.kinds_table(heard), caption)

# %% [markdown]
# What false accepts there are, are speech; neither noise nor music is the trouble. They are not independent of each other,
# as the intervals take them to be: a clip that is taken for a keyword in one room may be so in the next, and some
# twenty clips of a word are few.

# %%
caption = (
    "Clips of other words that were taken for a keyword, and how often. "
    "A clip is said some five times in these hours."
)
run.show(field.clips_table(heard), caption)

# %% tags=["nbval-check-output"]
counted = [
    sum(each.by_kind.values()) == each.chosen.false_accepts
    for each in heard.values()
]
print("the kinds of sound hold every false accept, once:", all(counted))

# %% [markdown]
# Practitioners score a spotter on one long file. Ours holds 50 keywords at listed times among 150 other words in 20
# minutes of the simulated field, after the streaming wakeword task of MLPerf Tiny ({cite}`banbury2021mlperf`), whose limits are
# quoted in the table; its keyword is another one, so its results are not set beside ours. `kws field MODEL --long`
# makes the file and scores any model on it.

# %%
caption = (
    "Twenty minutes with 50 keywords (one minute with 6 in the quick "
    "profile), at the same settings."
)
run.show(field.long_table(heard), caption)

# %% [markdown]
# ## Which network for what
#
# | use | network | train and flash |
# | --- | --- | --- |
# | the original's budget, clips | *tenet, unpadded*: fewer parameters than TinyConv | `kws train --arch tenet_valid --out net.pt` |
# | listening, on a coin cell or not | *tenet, unpadded*, for the field | `kws train --arch tenet_valid --field --out net.pt` |
# | the most accurate on clips | *tenet, wide* | `kws train --arch tenet_wide --out net.pt` |
# | the fewest bytes | TinyConv, one channel on ternary weights (Part 6) | `kws export book/results/models/tinyconv_channels_1_qat_ternary.pt` |
#
# From there to a flashed board: `kws export net.pt --out DIR`, then firmware/README. Whatever its training, judge a
# network at the threshold that ships: `kws field net.pt --long SPEC.json`.

# %% tags=["remove-cell"]
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. A temporal network without padding takes less than half of TinyConv's hop and is more accurate on clips.
# 2. Trained for a stream, it misses fewer keywords over hours than all networks before; five times its size adds nothing
#    to that here. Single trials show none of it.
# 3. A threshold holds for sound like that it was chosen on: validation has to have words that training never heard.
# 4. Accuracy on frequent other words is learned word by word: it does not carry over to rare ones.
# 5. False accepts come from speech far more than from noise: an hour's rate says little without the kind of hour.
#
# Exercises, from the products of a block to the network for a budget: {doc}`../book/exercises/08`.
