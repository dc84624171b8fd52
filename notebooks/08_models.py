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
# Part 7 ends with a disappointing result: with thresholds chosen for one false accept an hour, the spotters of this
# book miss about half of the keywords or more. The board is not the limit: it has time and memory to spare. Other
# architectures may use them better, and training can come closer to what a device hears. This part takes other networks
# of kwslib through training, the chip, the simulated field and hours of sound, and says which to choose for which use.
# On clips one thing changes in most comparisons, the network or its training. From the networks of Part 4 to those trained for the
# field here both change; among the latter only the network does (and one is trained with masks).
#
# **For whom.** Anyone who has to choose a network for a device.
#
# **Afterwards you can** choose a network by accuracy, time, flash and misses at a rate of false accepts, say why
# training for a stream differs from training on clips, and train, export and flash any network of kwslib by its name.
# **You need** Parts 4 and 7.
#
# **Time.** Half an hour to read. To run: minutes in the quick profile, which has two of the networks.

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
# A *temporal network* treats the 40 mel channels as input channels and convolves along time only
# ({cite}`choi2019temporal`; TENet, {cite}`li2020small`). Its blocks are separable: a depthwise convolution filters each
# channel along time, a pointwise one mixes the channels. *tenet, unpadded* has no padding in time, so a column of a
# layer depends only on its own frames and not on where they stand in the window. A stream therefore computes each
# column once, and its logits equal those of the whole window to the bit. *tenet, wide* is the same with more channels
# and one more block. Neither has residual connections. Parallel branches take their role in training, and are folded
# into one convolution before export (RepVGG, {cite}`ding2021repvgg`): an identity branch is a convolution with one tap,
# a batch norm after training is a factor and an offset, and a sum of convolutions is again a convolution.
#
# | network | first convolution | blocks | columns of a block's kernel | channels | padding in time | residual paths |
# | --- | --- | --- | --- | --- | --- | --- |
# | *tenet* (Parts 2 to 4) | 3 frames, stride 2 | 7 | 9 | 32 | zeros on both sides | yes |
# | *tenet, causal* (Part 7) | 3 frames, stride 2 | 7 | 9 | 32 | zeros before the clip | yes |
# | *tenet, unpadded* | 3 frames, stride 2 | 6 | 4 | 40 | none | folded |
# | *tenet, wide* | 3 frames, stride 2 | 7 | 4 | 96 | none | folded |
# | *teacher* | 3 frames, stride 1 | 7 | 9 | 104 | zeros on both sides | yes |
#
# A block is a depthwise convolution over the columns of its kernel (a column is a time step) and a pointwise one, each with its
# batch norm and ReLU; after the last block comes the mean over the columns and one linear layer. *tenet, wide* is as wide as
# 128 KB of flash allow with its firmware, to within sixteen channels. For `--arch` the unpadded networks are `tenet_valid`,
# `tenet_wide` and `tinyconv_valid`, the others `tinyconv`, `tinyconv_branches`, `dscnn`, `tenet`, `tenet_branches`,
# `tenet_causal` and `teacher`.
#
# A broadcasted-residual network ({cite}`kim2021broadcasted`), which filters over frequency as well, is not built here. The
# smallest published one takes 3.1 million multiply-accumulates for a clip of its own task, where *tenet, wide* takes
# {recorded}`08_models/macs_tenet_wide` for one of ours. It also normalizes each band of frequencies by itself, and such a
# norm does not fold into weights that all bands share: on the chip it would remain a multiplication of its own.

# %% tags=["nbval-check-output"]
import torch

from kwslib.networks.branches import BranchedConv2d
from kwslib.report.words import yes_no

layer = BranchedConv2d(8, 8, [(9, 1), (3, 1)], size=(49, 1), passing=True)
x = torch.randn(16, 8, 49, 1)
layer(x)  # in training mode: the batch norms update their statistics
branches, folded = layer.eval()(x), layer.folded()(x)
same = torch.allclose(branches, folded, atol=1e-4)
print("the sum of the branches and one convolution agree:", yes_no(same))

# %% [markdown]
# TinyConv is the network of Part 3, *tenet* that of Parts 2 to 4, TinyConv without padding and *tenet, causal* those of
# Part 7. *TinyConv, branches* is deployed as TinyConv, in the same time and nearly the same bytes, but trained with
# convolutions of several sizes side by side, which fold into one (RepCNN, {cite}`kundu2024repcnn`), on all other words, at
# more varied speeds, and on the answers of *tenet, wide*. *tenet, branches* is deployed as *tenet*, but trained with
# depthwise convolutions of four lengths (TENet, {cite}`li2020small`). Two take longer than a hop on the chip, and are here
# for comparison: *DS-CNN* convolves over time and frequency ({cite}`zhang2017hello`), *teacher* is a wider *tenet* without
# stride, which in spite of its name taught none of the networks here.
#
# The unpadded temporal networks have another training recipe: all other words of the corpus, where TinyConv gets a sample,
# and synthesized words and keywords in addition; stronger augmentation, with stretches of frames and of channels masked; less
# dropout; 75 epochs instead of 50. The recipe was chosen on validation with three to five seeds; in some of these
# trials six words of the corpus were kept out of training, to see how a network answers words that it has never heard
# ({doc}`../book/methods`); the recorded networks hear them.

# %%
from kwslib.report.part8 import networks

found = networks.networks(run)
for network in found:
    run.record_all(network.values)
caption = (
    "The networks, and their size. Test accuracy: float, mean over seeds "
    "with its 95 % interval. Time of the network alone, ± 4 %, and flash "
    "and RAM, firmware included: the int8 network of one seed. A hop is 40 "
    "ms, in which only what is new is computed."
)
run.show(networks.size_table(found), caption)

# %%
right = networks.rights(run, found)
ahead = networks.ahead_values(right)
run.record_all(ahead)
caption = (
    "Test accuracy minus TinyConv's on the same clips; 95 % interval over "
    "seeds or over clips, whichever is wider."
)
run.show(networks.ahead_table(ahead), caption)

# %% [markdown]
# All but *TinyConv, branches*, *tenet, unpadded* and *tenet, wide* are trained by TinyConv's recipe, so that only the network
# differs. The intervals of the table are for single rows; the nine rows together are judged by wider ones
# ({doc}`../book/methods`).
#
# - **More accurate than TinyConv:** *teacher* ({recorded}`08_models/ahead_teacher`), DS-CNN
#   ({recorded}`08_models/ahead_dscnn`) and, by its own recipe, *tenet, wide* ({recorded}`08_models/ahead_tenet_wide`).
# - **More accurate only when its row is taken alone:** *tenet, branches* ({recorded}`08_models/ahead_tenet_branches`),
#   *tenet, unpadded* ({recorded}`08_models/ahead_tenet_valid`) and *tenet* ({recorded}`08_models/ahead_tenet`).
# - **No difference shown:** *tenet, causal*, *TinyConv, unpadded*, and *TinyConv, branches*, in spite of its other words and the
#   answers of *tenet, wide*.
# - **Branches:** no gain is shown. *tenet, branches* is {recorded}`08_models/ahead_tenet_branches_of_tenet` ahead of *tenet*
#   ({interval}`08_models/ahead_tenet_branches_of_tenet`). TENet's and RepCNN's authors found gains in other networks and tasks.
# - **The longer recipe:** no gain is shown. *tenet, unpadded*, trained by it, is
#   {recorded}`08_models/ahead_tenet_valid_of_tenet` ahead of *tenet* by TinyConv's
#   ({interval}`08_models/ahead_tenet_valid_of_tenet`); on validation *tenet* itself was trained by both
#   ({doc}`../book/methods`).
# - **Padding:** TinyConv without padding takes less than half of TinyConv's time in a hop, since none of its columns depends on
#   where the window ends (and its kernel is one frame shorter). *tenet, unpadded* takes no longer, at a quarter more flash and
#   a fifth more RAM than TinyConv; *tenet, wide* takes four times as long as *tenet, unpadded*.
# - **DS-CNN's time** is in part our core's: for each multiply-accumulate of a clip it takes more than twice the time of any
#   other network here. Its depthwise convolutions, over time and frequency, run in the core's general kernel in C, those along
#   time in one of assembly. To keep up with a stream it would have to be nearly four
#   times as fast.
#
# The front end adds about a millisecond to each hop (Part 7).

# %% tags=["nbval-check-output"]
slow = {each.arch for each in found if not networks.fits(each)}
known = {"dscnn", "teacher"} & {each.arch for each in found}
held = "all networks but DS-CNN and teacher keep up with a stream"
print(f"{held}, in half of the board's memory: {yes_no(slow == known)}")

# %% tags=["nbval-check-output"]
from kwslib.deployment.core_network import read_network
from kwslib.report.part7 import stream

sound = stream.hour(run)[:6000]  # two minutes
checked = [stream.equal_hops(read_network(n.path), sound) for n in found]
equal = all(same == hops for same, hops in checked)
print("every logit of every hop is that of the whole window:", yes_no(equal))

# %% mystnb={"figure": {"name": "fig-08-trade-off", "caption": "TinyConv without padding, *tenet, unpadded* and *tenet, causal* take less than half of TinyConv's time in a hop. DS-CNN, *tenet, wide* and *teacher* are more accurate than TinyConv; for the others nine comparisons at once show no gain. DS-CNN and *teacher* take longer than a hop. Test accuracy against the network's time in a hop and against flash, firmware included; bars: 95 % interval over seeds."}, "image": {"alt": "Two scatter plots that share the axis of accuracy. Left over milliseconds of a hop, right over kilobytes of flash; the points of the table above with vertical bars."}}
from kwslib.report.part8 import figures

figures.trade_off(found)

# %% [markdown]
# ## Fewer bits
#
# Part 5's quantization works on these networks as well. Here weights have eight, four or two bits and activations stay on
# eight; three seeds, after training (PTQ) and trained further on the grid (QAT); differences are seed by seed, in points
# (`python benchmarks/bits.py`):
#
# ```{benchmark} 94_bits
# ```
#
# On eight bits, and on four after training, three seeds show no loss; one of a point is not excluded. With training further on four
# bits the wide network loses about half a point, which is told from none only when it is taken alone among the twelve differences
# here. On two bits after training the wide network loses many points, told from none only when taken alone; the unpadded one loses more on average, but seed by seed so
# differently that three do not tell it from none. With training further the loss is about one point; taken alone, that of the wide
# one is told from none.
#
# On four bits the wide one needs three tenths less flash than its int8 network above, the unpadded one a twentieth. But fewer
# bits cost time: all but the depthwise convolutions then run in the kernel that unpacks weights, and a hop of the unpadded
# one takes {recorded}`94_bits/tenet, unpadded, 4 bits: network in a hop` instead of
# {recorded}`08_models/board_ms_hop_tenet_valid`, one of the wide one
# {recorded}`94_bits/tenet, wide, 4 bits: network in a hop` instead of {recorded}`08_models/board_ms_hop_tenet_wide`. Eight
# bits on Part 5's grid are slower than the int8 network, too: the core's kernel for a stream's single columns does not take
# the lowest value of a byte, which this grid includes.
#
# `kws quantize net.pt --profile report --bits 4 --out small.pt` does this to any network trained in that profile, with a threshold
# chosen anew where it has one, and `kws prune net.pt --profile report --sparsity 0.75 --out sparse.pt` sets the least important
# weights to zero.

# %% [markdown]
# ## Words that training hardly knew
#
# *Unknown* is not a word but all other words, and a network has to answer *unknown* to words that it has never heard.
# For 14 of the 33 other words in the corpus used here, training has fewer than ten clips; the official archive has
# thousands of most words. Does a gain on other words extend to these?

# %% mystnb={"figure": {"name": "fig-08-familiar", "caption": "No network differs between rare and other words by more than its intervals; the two unpadded temporal networks and *TinyConv, branches* are ahead of TinyConv on the others, each taken alone. Share of test clips of other words that are answered with unknown; means over seeds, 95 % intervals over clips."}, "image": {"alt": "Two groups of points with intervals of some ten points, for words with few and with many training clips, a point for each network."}}
masks = networks.familiarity(run)
figures.familiarity(networks.by_familiarity(masks, right))

# %%
gains = networks.familiarity_values(masks, right)
run.record_all(gains)
caption = (
    "Share of clips answered with unknown, minus TinyConv's on the same clips; "
    "95 % interval over seeds or over clips, whichever is wider."
)
run.show(networks.familiarity_table(gains), caption)

# %% [markdown]
# On words with hardly any training clips no network is shown to be ahead of TinyConv or behind it; the intervals leave room for
# several points either way, for *tenet*, its causal and branched versions and *teacher* most of it behind TinyConv (*tenet*:
# {interval}`08_models/ahead_tenet_rare` points). On the other
# words the two unpadded temporal networks and *TinyConv, branches* are ahead, each row taken alone: the three that were trained on
# all other words, and with stronger augmentation. *TinyConv, branches* is nevertheless not ahead in all
# ({interval}`08_models/ahead_tinyconv_branches` points).
#
# ## Training for a stream
#
# A clip has one word in its middle. A window of a stream may hold half a word, two words or a pause, and the front
# end's noise estimate depends on what came before. To train for this, three clips in five are played in a simulated
# room with background sound, as in Part 4, except that more than half of the rooms differ more from each other than
# plain boxes do (walls differ, furniture scatters, microphones colour the sound). The remaining clips are not played in
# rooms. Each clip is joined by three *seconds from anywhere*, taken at random from 36 hours of training sound without a
# keyword: words with and without pauses, babble, noise, music, quiet. The corpus has few words and a device hears
# thousands, so this sound also contains synthesized everyday words, and words that sound like *yes* or *no*. Such a second is
# labelled *unknown* if a foreground word sounds for 0.2 s or more, else *silence*. Among the clips the synthesizer says the
# keywords, too. There is no label smoothing here: it trains posteriors to stay below 1, and thresholds lie near 1. Three
# networks are trained so, on the same sound and for as many epochs: TinyConv without padding, *tenet, unpadded* and
# *tenet, wide*, the last with masks, too.
#
# The price is training time: on one core of the computer that recorded them a temporal network took ten to twenty minutes, TinyConv five;
# the sound for all of them another ten on two cores.
#
# Two more ways were compared on validation, in a shorter training: hard examples mined from the streams (seconds without a
# keyword to which a trained network gives the highest posteriors, drawn more often in further training), and mixtures of
# words. With three seeds neither is shown to change the misses; gains and losses of several points are not excluded. What was
# tried stands in {doc}`../book/methods`.

# %%
from kwslib.experiments.zoo_field import heard_values
from kwslib.report.part8 import field

listeners = field.listeners(run)
run.record_all(field.clean_values(run, listeners))
heard = field.hear_all(run, listeners)
for key, each in heard.items():
    run.record_all(heard_values(each, key))

# %%
caption = (
    "The field test of Part 4 with the sketch's default decision (threshold "
    "0.7, 400 ms of smoothing): share of trials right, with its 95 % interval, "
    "and by class. One training run each: intervals are over 2,000 trials, not "
    "over seeds."
)
run.show(field.trials_table(heard), caption)

# %% [markdown]
# `kws field MODEL --profile report --trials 2000 --threshold 0.7 --smoothing 10` gives a row, for a `.tflite` file of
# `book/results/models`. All networks heard the same trials.
# *tenet, wide* is right more often than Part 4's *tenet* and than *tenet, unpadded*: of the trials that only one of the two
# gets right, it has {recorded}`96_trials/tenet_wide_field, tenet_field: only tenet_wide_field`
# against {recorded}`96_trials/tenet_wide_field, tenet_field: only tenet_field`, and
# {recorded}`96_trials/tenet_wide_field, tenet_valid_field: only tenet_wide_field` against
# {recorded}`96_trials/tenet_wide_field, tenet_valid_field: only tenet_valid_field`. *tenet, unpadded*, in turn, has
# {recorded}`96_trials/tenet_valid_field, tinyconv_valid_field: only tenet_valid_field` against
# {recorded}`96_trials/tenet_valid_field, tinyconv_valid_field: only tinyconv_valid_field` of TinyConv without padding, and no
# difference between it and Part 4's *tenet* is found. On clean clips TinyConv is right less often by several points
# than when trained on clips, the other two by less, with intervals over clips that overlap: the int8 *tenet, unpadded* is right on {recorded}`08_models/accuracy_testing_tenet_valid_int8` when trained on clips and on
# {recorded}`08_models/accuracy_testing_tenet_valid_field` when trained for the field, *tenet, wide* on
# {recorded}`08_models/accuracy_testing_tenet_wide_int8` and {recorded}`08_models/accuracy_testing_tenet_wide_field`, TinyConv
# without padding on {recorded}`08_models/accuracy_testing_tinyconv_valid_int8` and
# {recorded}`08_models/accuracy_testing_tinyconv_valid_field`.
#
# ## Measured rooms
#
# The rooms above are simulated, and so were those of training. Few measured ones are free to use: we found five impulse
# responses of four rooms in published packages (a living room, a bathroom, and three of two laboratories; {doc}`../book/methods`
# says where). Words, their level at a metre, backgrounds and ratios are the same in both; the distance is drawn anew, and the
# background comes through another of the responses (`python benchmarks/measured.py`). Differences are paired by trial, with the
# interval over trials or over the four rooms, whichever is wider, in points:
#
# ```{benchmark} 97_measured
# ```
#
# All six networks are right in fewer of the trials in measured rooms, but each interval includes zero: four rooms do not
# establish a loss, nor exclude one of several points. *tenet, wide* keeps its lead over Part 3's TinyConv and over TinyConv
# without padding there; over Part 4's TinyConv and *tenet, unpadded* only if each is taken alone among the five. Its lead over Part 4's *tenet*, small in the simulated rooms, is not shown in
# the measured ones:
# {recorded}`97_measured/tenet, wide, for the field, minus tenet, Part 4's for the field: measured rooms`
# ({interval}`97_measured/tenet, wide, for the field, minus tenet, Part 4's for the field: measured rooms`). Misses and false
# accepts over hours were not counted there, and the choice below rests on simulated rooms. Decay times, which are no longer than
# those of the simulated rooms, do not explain a loss. How much direct sound a response has, its colour with the
# loudspeaker's, and the background from another response were not distinguished.
#
# ## A shortcut: the synthesizer's voice
#
# On clips *tenet, unpadded* and *tenet, wide* also hear synthesized words in training, for the field all three networks do. In the first two versions of this part these were
# other words alone, without *yes* or *no*. A network can answer *unknown* to such words by what is said, or by the voice that says
# it. Now the synthesizer says the keywords, too. To see what that changes, *tenet, unpadded* is trained on clips once more, by the
# same recipe without the synthesized keywords. It and networks of this part hear *yes* and *no* in synthesized voices that no
# training hears, and single clips of other words; the likeliest class counts (`python benchmarks/voices.py`). Means over five seeds
# (Part 4's: one; "trained without them": three), with the interval over seeds or over clips, whichever is wider; "taken for other
# words" are synthesized *yes* and *no* that are answered with *unknown*:
#
# ```{benchmark} 99_voices
# ```
#
# Without the synthesized keywords the network answers by the voice, and takes
# {recorded}`99_voices/tenet, unpadded, trained without them: taken for other words` of them for other words; with them
# {recorded}`99_voices/tenet, unpadded: taken for other words`. That is still more than *tenet* takes, which hears no synthesizer in
# training ({recorded}`99_voices/tenet: taken for other words`); why was not tested, and for *tenet, wide* it is not shown. Accuracy on
# test clips cannot show any of this, because all of them are recordings of people, and on validation no difference between the two
# trainings is shown.
#
# For a spotter the shortcut matters more, because its threshold is chosen in part on synthesized words. In the second version the
# networks for the field had it, too. Now *tenet, unpadded* for the field takes
# {recorded}`99_voices/tenet, unpadded, for the field: taken for other words` and *tenet, wide*
# {recorded}`99_voices/tenet, wide, for the field: taken for other words`; Part 4's *tenet*, which hears no synthesized word in
# training, takes {recorded}`99_voices/tenet, Part 4's for the field: taken for other words`. In `kws keyword` the synthesizer
# speaks the keyword as well.
#
# ## Hours, and a long file
#
# Threshold and smoothing are chosen on validation speakers in validation rooms, with 1,000 trials and twenty hours
# without a keyword: of the settings with at most eleven false accepts, the one that misses the fewest keywords. At
# eleven in twenty hours, the 95 % interval ends just below the one an hour that is allowed. The sound is of six kinds,
# ten minutes of each in an hour. More than a third of the test clips of other words are of words with fewer than ten
# training clips, and validation has hardly any of these. To stand in for them, a third of validation's clips of
# other words are synthesized: some hundred words, none of which is in training or sounds like a keyword. The chosen settings are
# stored in the network's file, from which every command and sketch reads them.

# %%
caption = (
    "False accepts an hour (Poisson interval) and keywords missed (Wilson) at "
    "the settings chosen on validation, counted on ten hours and 1,000 "
    "keywords of the test; and cost. Posteriors are averaged over the "
    "smoothing."
)
cost = field.costs(listeners)
run.record_all(cost)
run.show(field.hours_table(heard, cost), caption)

# %% mystnb={"figure": {"name": "fig-08-field", "caption": "Part 4's *tenet* takes more than ten times as long in a hop as *tenet, unpadded* and misses more keywords; *tenet, wide* misses the fewest here and takes more than twice the flash of any other. Share of trials right (above), and of keywords missed with the best threshold of the test at no more than one false accept an hour (below), against the network's time in a hop and against flash, firmware included; bars: 95 % intervals over trials, which leave out the choice of the threshold; one training run each."}, "image": {"alt": "Four panels of points with vertical bars, a point for each network: trials right and keywords missed, over milliseconds of a hop and over kilobytes of flash."}}
figures.field_trade_off(heard, cost)

# %% [markdown]
# All these counts are below ten in ten hours of the test, though most of their intervals reach beyond. *tenet, wide* misses
# {recorded}`08_models/missed_tenet_wide_field` of the keywords, *tenet, unpadded* with a fifth of the parameters
# {recorded}`08_models/missed_tenet_valid_field`; Part 4's *tenet*, which takes more than ten times as long in a hop, misses
# {recorded}`08_models/missed_tenet_field`. The thresholds leave more or less of the limit unused, so networks are better
# compared at equal rates. With the best threshold for the test, at no more than one false accept an hour, they miss:
#
# - Part 4's TinyConv for the field {recorded}`08_models/missed_at_one_an_hour_tinyconv_field`
#   ({interval}`08_models/missed_at_one_an_hour_tinyconv_field`);
# - TinyConv without padding, trained for a stream, {recorded}`08_models/missed_at_one_an_hour_tinyconv_valid_field`
#   ({interval}`08_models/missed_at_one_an_hour_tinyconv_valid_field`): training changed, and the padding went;
# - *tenet, unpadded*, by the same training, {recorded}`08_models/missed_at_one_an_hour_tenet_valid_field`
#   ({interval}`08_models/missed_at_one_an_hour_tenet_valid_field`): another network of TinyConv's size;
# - *tenet, wide* {recorded}`08_models/missed_at_one_an_hour_tenet_wide_field`
#   ({interval}`08_models/missed_at_one_an_hour_tenet_wide_field`): five times its size.
#
# Each step lowers the misses, and the first, training and padding together, lowers them most. The last is still not good enough
# for a product.
#
# Each row above is one training run. `kws field MODEL --profile report --hours 10 --seed 2` counts its false accepts; files of
# this part hold their settings, the others need the table's as `--threshold` and `--smoothing` (in hops of 40 ms). Four more
# networks of each kind were trained with other seeds on the same sound, each with the settings that validation chooses for
# it, and counted on the same test (`python benchmarks/field.py`). Means over the five seeds and differences seed by seed, with
# their intervals (at one false accept an hour: with the best threshold of the test; differences of shares are in points):
#
# ```{benchmark} 95_field
# ```
#
# Seed by seed, *tenet, unpadded* is right in more trials than TinyConv without padding and misses fewer keywords: at its
# threshold, at one false accept an hour and in the long file. *tenet, wide* does the same to *tenet, unpadded*. These eight
# differences stay apart from zero when their intervals are widened for all ten of the table, but for one: that *tenet, wide* misses
# fewer at one false accept an hour is shown only among the five of its own pair. More false accepts at the chosen
# thresholds are shown for neither. Not every seed keeps within one false accept an hour: two of the fifteen make more on the test.
#
# Times and flash are those of the weights trained for the field: a layer's scales decide which of the core's kernels it can use, so
# they differ from the first table's. *TinyConv, for the field* and *tenet* are those of Part 7's hours, where they miss less: their
# settings here are stricter, chosen on twenty hours with synthesized words by the end of an interval.
#
# On validation each network kept to eleven false accepts in twenty hours. A count on validation is no guarantee: the setting is
# the best of many there, so its count is too low on average, and in the test other speakers say other words. In a first version
# of this part validation had only the corpus's own words, and the chosen settings let through several times as many false
# accepts on the test as on validation; that is why validation now has synthesized words as well. In a second one the networks
# had learned the synthesizer's voice, and *tenet, wide* let through 1.5 an hour on average of five seeds; whether the one caused the
# other was not tested by itself. The test hours are those of the second version: what led to the change were synthesized words, not
# these hours ({doc}`../book/methods`).

# %% tags=["nbval-check-output"]
ends = [(each.points[0], each.points[-1]) for each in heard.values()]
trade = all(
    high.false_accepts <= low.false_accepts and high.rejects >= low.rejects
    for low, high in ends
)
lower = "a higher threshold accepts and reports no more than a lower"
print(f"{lower}: {yes_no(trade)}")

# %% mystnb={"figure": {"name": "fig-08-detection", "caption": "At nearly every rate of false accepts the three networks trained for a stream miss fewer keywords than the others, the wide one fewest, but without any false accept the two temporal ones miss nearly all; none reaches the grey corner. Keywords missed against false accepts an hour as the threshold varies, counted on the test; points at the left edge stand for no false accept; circles: settings chosen on validation; grey: at most one false accept an hour and 15 % missed."}, "image": {"alt": "Falling curves, one for each network, with a circle on each: over most of the range that of Part 3 is highest and those of the networks trained for a stream are lowest."}}
figures.detection_error(heard, target=(1.0, 0.15))

# %%
caption = "False accepts an hour in each kind of sound, with Poisson intervals."
run.show(field.kinds_table(heard), caption)

# %% [markdown]
# All false accepts occur in the minutes with speech, nearly all of those of this part's two temporal networks where words come one at
# a time. They are less independent than
# the intervals assume: the same clips of *down* and *house* trigger both temporal networks of this part, and *tenet, unpadded*
# has more false accepts than clips that cause them.

# %%
caption = (
    "Clips of other words mistaken for a keyword most often, at most three "
    "for each network, and how often."
)
run.show(field.clips_table(heard), caption)

# %% tags=["nbval-check-output"]
once = all(
    sum(each.by_kind.values()) == each.chosen.false_accepts
    for each in heard.values()
)
print("the kinds of sound hold every false accept, once:", yes_no(once))

# %% [markdown]
# In practice a spotter is often scored on one long file. Ours holds 50 keywords at listed times among 150 other words
# in 20 minutes of the simulated field. It follows the streaming task that MLPerf Tiny (the benchmark of
# {cite}`banbury2021mlperf`, which has had the task since version 1.3) counts in this way; its limits are quoted in the
# table. That task has another keyword, so its results are not
# compared with ours. `kws field MODEL --long SPEC.json` makes such a file and scores any model on it; the empty
# specification `{}` gives this one.

# %%
caption = (
    "Twenty minutes with 50 keywords (one minute with 6 in the quick "
    "profile), at the same settings; duty cycle and mean power by the cycle "
    "model and data sheets."
)
run.show(field.long_table(heard, cost), caption)

# %% [markdown]
# Published results of that task ({cite}`mlcommons2025tiny`; keyword *marvin*, fifty times in as many minutes as here, measured
# on hardware; closed division, in which all run one network of 46,883 parameters, every 32 ms):
#
# | system | processor | missed of fifty | false accepts | duty cycle | power |
# | --- | --- | --- | --- | --- | --- |
# | STMicroelectronics NUCLEO-L4R5ZI-P | Cortex-M4, 120 MHz | 6 | 4 | 55.9 % | 25.6 mW |
# | STMicroelectronics NUCLEO-U385RG-Q | Cortex-M33, 96 MHz | 6 | 4 | 60.4 % | 4.0 mW |
# | Syntiant NDP9120 | neural processor, 49 MHz | 4 | 4 | 2.2 % | 0.5 mW |
#
# Words, sound and chips are others than ours, and whether a microphone is in their power is not stated; in
# ours, it takes most.
#
# ## Which keywords are missed
#
# The keywords of the field trials are all of the test split's, played at distances and against noise that are drawn
# evenly over their ranges. Sorted by one of these and cut into quarters of equal size, they show what a miss depends on:

# %% mystnb={"figure": {"name": "fig-08-missed", "caption": "Both networks miss more than twice as many keywords in the noisiest quarter of the trials as in the quietest; no such difference appears over distance or reverberation. Keywords missed at the settings chosen on validation, by quarters of the trials in the order of signal-to-noise ratio (SNR), distance and reverberation time (RT60), points at the quarter's median; 95 % intervals over trials, one training run each."}, "image": {"alt": "Three panels that share the axis of keywords missed, over signal to noise, distance and reverberation time; a line with bars for each of the two networks."}}
from kwslib.report.part8 import missed

shown = ("tenet_valid_field", "tenet_wide_field")
missed.by_factor(heard, [key for key in heard if key in shown])

# %%
run.record_all(missed.missed_values(heard))
caption = "Keywords missed by word and by background, with 95 % intervals."
table = missed.word_table({key: heard[key] for key in shown if key in heard})
run.show(table, caption)

# %% [markdown]
# Of what was sorted here, noise and the word matter most. In the noisiest quarter *tenet, unpadded* misses
# {recorded}`08_models/missed_tenet_valid_field_noisiest`, in the quietest
# {recorded}`08_models/missed_tenet_valid_field_quietest`; *tenet, wide*
# {recorded}`08_models/missed_tenet_wide_field_noisiest` and {recorded}`08_models/missed_tenet_wide_field_quietest`. *no* is missed
# more often than *yes*, {recorded}`08_models/missed_tenet_valid_field_no` against
# {recorded}`08_models/missed_tenet_valid_field_yes` and {recorded}`08_models/missed_tenet_wide_field_no` against
# {recorded}`08_models/missed_tenet_wide_field_yes`; by both TinyConv networks for the field, too, but not by Part 4's *tenet*.
# Babble hides more keywords than hum from both networks. No effect of distance or reverberation on these two is shown, within this
# field; Part 4's *tenet* misses {recorded}`08_models/missed_tenet_field_farthest` from afar and {recorded}`08_models/missed_tenet_field_nearest`
# near by. All this is exploratory, one training run each. Both words share one threshold here, as in the other tables; the
# decision in the C core can have one for each.
#
# ```{sound} missed_*
# Two keywords that both networks miss at their own settings: for each word, the missed trial with the weakest background, as
# the microphone delivers it but turned up. Why the networks miss them is not known.
# ```

# %% [markdown]
# ## Goals, and how far from them
#
# Goals were set before the networks were built: for one of TinyConv's size, and for one that fits into 128 KB of flash and
# a fifth of a hop's time.
#
# | | goal | *tenet, unpadded* | goal | *tenet, wide* |
# | --- | --- | --- | --- | --- |
# | test clips right | 96.8 % | {recorded}`08_models/accuracy_tenet_valid` | 97.8 % | {recorded}`08_models/accuracy_tenet_wide` |
# | clips of other words right | 92 % | {recorded}`08_models/accuracy_unknown_tenet_valid` | 94.5 % | {recorded}`08_models/accuracy_unknown_tenet_wide` |
# | network in a hop | 0.7 ms | {recorded}`08_models/board_ms_hop_tenet_valid` | 8 ms | {recorded}`08_models/board_ms_hop_tenet_wide` |
# | trials right, five seeds | 93 % | {recorded}`95_field/tenet, unpadded: trials right` | 95 % | {recorded}`95_field/tenet, wide: trials right` |
# | missed at its own threshold, five seeds | 25 % | {recorded}`95_field/tenet, unpadded: missed at its threshold` | 15 % | {recorded}`95_field/tenet, wide: missed at its threshold` |
# | false accepts an hour at that threshold, five seeds | 1 | {recorded}`95_field/tenet, unpadded: false accepts an hour` | 1 | {recorded}`95_field/tenet, wide: false accepts an hour` |
# | missed at one false accept an hour, by the best threshold of the test, five seeds | 25 % | {recorded}`95_field/tenet, unpadded: missed at one false accept an hour` | 15 % | {recorded}`95_field/tenet, wide: missed at one false accept an hour` |
# | missed of the long file's 50, five seeds | 8 | {recorded}`95_field/tenet, unpadded: misses of the long file's 50` | 8 | {recorded}`95_field/tenet, wide: misses of the long file's 50` |
# | false accepts in the long file, one run | 8 | {recorded}`08_models/long_false_accepts_tenet_valid_field` | 8 | {recorded}`08_models/long_false_accepts_tenet_wide_field` |
# | measured rooms minus simulated, one run | -3 points | {recorded}`97_measured/tenet, unpadded, for the field: difference` | -3 points | {recorded}`97_measured/tenet, wide, for the field: difference` |
# | a single clip | 10 ms | {recorded}`08_models/board_ms_clip_tenet_valid` | | |
# | flash with firmware | | | 128 KB | {recorded}`08_models/flash_tenet_wide_field` |
# | RAM with firmware | | | 32 KB | {recorded}`08_models/ram_tenet_wide_field` |
#
# Flash, RAM and, by the cycle model, time are met; the smaller network's in a hop within the model's error. It has fewer
# parameters and operations than TinyConv, but takes a quarter more flash. Accuracy on test clips and in trials is below both
# goals; on clips of other words *tenet, unpadded* is above its goal over seeds, but not over clips, and
# *tenet, wide* is not shown to differ from its own. Both miss more keywords at their thresholds than they should, at false accepts
# that are not shown to differ from one an hour. At one false accept an hour *tenet, wide* misses more than its goal, and *tenet,
# unpadded* is only just not shown to; in the long file *tenet, unpadded* misses more than twice its goal, and *tenet, wide* is not
# shown to miss more. False accepts in it are far within the limit in the one run counted. Four rooms leave open whether the loss in measured rooms is within its goal. TinyConv
# itself was to be right on 95.5 % of the test clips, and is on {recorded}`08_models/accuracy_tinyconv`; trained with branches, on
# {recorded}`08_models/accuracy_tinyconv_branches`. DS-CNN and *teacher* are right on {recorded}`08_models/accuracy_dscnn` and
# {recorded}`08_models/accuracy_teacher`, DS-CNN with fewer parameters than TinyConv, but both need longer for a hop than a hop
# lasts.

# %% [markdown]
# ## Which network for what
#
# Days are those of a CR2032 that feeds processor and microphone without a pause, by nominal capacity and currents of data
# sheets: an upper bound (Part 7). The microphone takes most of it.
#
# | use | network | how to get it, with its threshold |
# | --- | --- | --- |
# | classify single clips, each by itself, in no more flash, RAM or time than TinyConv | *TinyConv, unpadded* | `kws train --profile report --arch tinyconv_valid --out net.pt` |
# | classify single clips {recorded}`08_models/ahead_tenet_valid` more accurately than TinyConv (an advantage that nine comparisons at once do not show), in no more parameters or time in a hop (a quarter more flash and a fifth more RAM; a single clip takes longer, {recorded}`08_models/board_ms_clip_tenet_valid` against {recorded}`08_models/board_ms_clip_tinyconv`) | *tenet, unpadded* | `kws train --profile report --arch tenet_valid --out net.pt` |
# | classify single clips as accurately as anything here that keeps up with a stream, in {recorded}`08_models/flash_tenet_wide` of flash and {recorded}`08_models/board_ms_hop_tenet_wide` a hop | *tenet, wide* | `kws train --profile report --arch tenet_wide --out net.pt` |
# | listen without a pause on a coin cell, up to {recorded}`08_models/days_cr2032_tenet_valid_field`: {recorded}`08_models/missed_tenet_valid_field` missed at {recorded}`08_models/false_accepts_per_hour_tenet_valid_field` false accepts an hour; on average of five seeds {recorded}`95_field/tenet, unpadded: missed at its threshold` at {recorded}`95_field/tenet, unpadded: false accepts an hour` | *tenet, unpadded*, for the field | ready: `book/results/models/tenet_valid_field.tflite`; anew: `kws train --profile report --arch tenet_valid --field --out net.pt` |
# | listen with the fewest misses here, up to {recorded}`08_models/days_cr2032_tenet_wide_field`: {recorded}`08_models/missed_tenet_wide_field` at {recorded}`08_models/false_accepts_per_hour_tenet_wide_field` false accepts an hour; on average of five seeds {recorded}`95_field/tenet, wide: missed at its threshold` at {recorded}`95_field/tenet, wide: false accepts an hour` | *tenet, wide*, for the field | ready: `tenet_wide_field.tflite` there; anew: `kws train --profile report --arch tenet_wide --field --out net.pt` |
# | classify single clips (no difference in accuracy from *tenet, wide* is shown) in less flash, {recorded}`08_models/flash_dscnn` instead of {recorded}`08_models/flash_tenet_wide`, where there are {recorded}`08_models/board_ms_clip_dscnn` for each and {recorded}`08_models/ram_dscnn` of RAM | *DS-CNN* | `kws train --profile report --arch dscnn --out net.pt` |
# | classify clips in the fewest bytes: {recorded}`06_pruning/flash_weights_channels_1_ternary` of weights, right on {recorded}`06_pruning/accuracy_channels_1_qat_ternary` of the test clips (mean of five seeds) | TinyConv with one channel and ternary weights (Part 6) | ready: `kws export book/results/models/tinyconv_channels_1_qat_ternary.pt --out DIR`; anew, from Part 3's network: `papermill notebooks/06_pruning.ipynb out.ipynb -p profile report -p structured True -p sparsity 0.875 -p results DIR`, then `kws export DIR/models/tinyconv_channels_1_qat_ternary.pt --out net` |
#
# `kws export net.pt --out net` makes the int8 file, `kws board net/model.tflite --stream FILE.wav` tells its time in a hop, and
# {doc}`../book/flash` brings it to a board. The networks trained on clips have no threshold, and in a stream they may lose much
# of their accuracy: after other clips Part 7's TinyConv without padding is right on
# {recorded}`07_listening/accuracy_tinyconv_valid_others`, *tenet, causal* on
# {recorded}`07_listening/accuracy_tenet_causal_others`. To listen, train with `--field`, and judge a network at the threshold
# that it ships with: `kws field net.pt --long SPEC.json`.

# %% tags=["remove-cell"]
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. Leaving out the padding (and one frame of the kernel) more than halves the time of TinyConv's network in a hop. *tenet* is more accurate
#    on clips than TinyConv by the same recipe and *tenet, unpadded* by a longer one, but only taken alone among nine comparisons;
#    DS-CNN, *tenet, wide* and *teacher* are more accurate among all nine. *tenet, unpadded* takes less time in a hop than TinyConv,
#    but more flash and RAM.
# 2. Trained for a stream, TinyConv without padding misses fewer keywords over hours than the TinyConv of Part 4; by the same
#    training *tenet, unpadded* misses fewer than it, at equal rates of false accepts, and a network five times its size fewer
#    still (the last among five comparisons, not among ten).
# 3. A threshold holds for sound like the sound it was chosen on: validation must contain words that training never heard. What is
#    added to one class alone teaches its own marks: here, the synthesizer's voice. Whether such marks in validation mislead a
#    threshold was not tested by itself.
# 4. So few test clips cannot show whether a gain on other words extends to words with hardly any training clips.
# 5. Missing {recorded}`95_field/tenet, wide: missed at one false accept an hour` of the keywords at one false accept an hour,
#    with the best threshold of the test and on average of five seeds, is not good enough for a product. The chip has room for a larger network; none was trained for the field.
#
# Exercises, from the products of a block to the network for a budget: {doc}`../book/exercises/08`.
