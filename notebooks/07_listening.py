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
# # Part 7: Listening all day
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/07_listening.ipynb)
#
# The original report ends with a network on a board. A product begins there: it listens day and night, on a
# battery, and most of what it hears is not meant for it. This part goes beyond the report. It counts what 40 ms of
# listening cost on the virtual board, computes only what is new in them, adds up the energy of a day, and counts a spotter's errors over
# hours of sound.
#
# **For whom.** Anyone whose spotter has to run from a battery, day and night.
#
# **Afterwards you can** say what is new in a hop and compute only that, add up the energy of a day, explain what
# smoothing, threshold and suppression do, and read a detection-error curve. **You need** Part 4.
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

require("notebooks", "convert", "board", "field")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept

# %% tags=["hide-input"]
from kwslib.record import recording

run = recording.start("07_listening", profile, data, results)

# %% [markdown]
# ## Four chains
#
# A *hop* is two frames of the front end, 40 ms: after each hop the network answers again, and the decision logic takes its
# answer. Four networks hear the same sound. TinyConv is that of Part 3. *TinyConv, unpadded in time* has no zeros
# before and after the second that it sees, and a kernel of 9 frames in place of 10. *tenet, causal* is a temporal
# network each of whose convolutions sees only the present and the past. Both are trained by the recipe of Part 3,
# and were designed for streams. *tenet, for the field* is the best network of Part 4, and was not designed for
# streams: little of what it computes can be kept.

# %%
from kwslib.data.protocol import Protocol
from kwslib.features.dataset import feature_split
from kwslib.report.part7 import chains, figures

streaming = chains.streaming_models(run)
listeners = chains.chains(run, streaming)
testing = feature_split(run.corpus, Protocol(), "testing")
accuracies = chains.accuracies(streaming, testing)
run.record_all(chains.accuracy_values(accuracies))
texts = chains.accuracy_texts(accuracies)
for key, text in texts.items():
    print(f"{chains.NAMES[key]}: {text}")

# %% [markdown]
# ## What is new in 40 ms
#
# Between two hops the window over the sound moves on by 2 of its 49 frames. A row of TinyConv's convolution sees 10
# frames, and its stride is those same 2 frames: so row $r$ of this hop has seen the very frames that row $r + 1$ saw
# in the last, and need not be computed again: it is kept, moved up by one. This does not hold at the ends. Zeros of
# the padding do not move with the sound, and the row that sees the new frames is new.

# %% tags=["nbval-check-output"]
from kwslib.deployment.core_network import read_network
from kwslib.report.part7.rows import counts, first_rows

rows = {
    chain.name: first_rows(read_network(chain.path)) for chain in listeners[:2]
}
for name, listed in rows.items():
    parts = [f"{kind} {n}" for kind, n in counts(listed).items()]
    print(f"{name}:", ", ".join(parts))

# %% mystnb={"figure": {"name": "fig-07-rows", "caption": "Most rows of TinyConv's output are those of the last hop, moved up by one; without padding all but one are. The frames that each row of the convolution's output sees: rows that touch padding (beyond the lines) or see new frames (grey) are computed, the others kept."}, "image": {"alt": "Two staircases of bars from top left to bottom right. Of TinyConv's 25 bars, two at the top and three at the bottom reach beyond the window, one sees new frames, nineteen are kept. Of the 21 of the network without padding one is new."}}
figures.rows(rows)

# %% [markdown]
# What is kept must be the same to the bit as what would have been computed, or errors creep in that no test of a clip
# finds. So every logit of every hop of the first three is compared, over an hour of sound in the field (minutes in the
# quick profile): with the network over the whole window; of the causal network, with itself over the whole stream at
# once.

# %% tags=["nbval-check-output"]
from kwslib.report.part7 import stream
from kwslib.report.words import yes_no

sound = stream.hour(run)
checked = {
    chain.name: stream.equal_hops(read_network(chain.path), sound)
    for chain in listeners[:3]
}
for name, (same, hops) in checked.items():
    print(f"{name}, every logit of every hop the same: {yes_no(same == hops)}")

# %%
run.record("hops_checked", min(hops for _, hops in checked.values()))
for name, (same, hops) in checked.items():
    print(f"{name}: {same:,} of {hops:,} hops")

# %% [markdown]
# ## Where the time goes in a hop
#
# The virtual board of Part 4 hears some seconds of the field and counts the cycles of each hop: the mean decides how
# long a battery lasts; the worst hop must end before the next begins, or sound is lost.

# %%
costs = chains.bills(listeners, chains.field_sound(run))
run.record_all(chains.bill_values(listeners, costs))

# %% mystnb={"figure": {"name": "fig-07-hop", "caption": "Where only what is new is computed, the first three chains take a few milliseconds of a hop. Mean time of a hop by stage, as each chain streams and with the network over the whole window, by the cycle model."}, "image": {"alt": "Horizontal bars against a dashed line at 40 ms. As they stream, the first three chains take a few milliseconds, much of them the front end's; over whole windows the network is the longest part."}}
figures.hop(costs)

# %% tags=["nbval-check-output"]
streamed = [costs[chain.name] for chain in listeners[:3]]
equal = all(cost["equal_to_whole_window"] for cost in costs.values())
print("the board's logits are those of this machine, every hop:", yes_no(equal))
halved = all(
    2 * cost["stages"]["network"]["ms_mean"] < cost["whole_window_network_ms"]
    for cost in streamed
)
print("streaming takes the network less than half the time:", yes_no(halved))

# %% [markdown]
# Once the network computes only what is new, the front end is no longer a small part: it computes two frames in each
# hop, whatever the network does with them. The decision takes too little time to be seen.
#
# Other programs run the whole window. TensorFlow Lite Micro's times are those quoted in Part 4, of the same TinyConv:

# %%
caption = (
    "The network's time in a hop of 40 ms by the cycle model. TensorFlow Lite "
    "Micro's are quoted from Part 4."
)
run.show(chains.beside_tflm(costs), caption)

# %% [markdown]
# ```{picture} hop
# The 40 ms of a hop, to scale: front end, network, decision, and sleep.
# ```
#
# The first three programs take longer than a hop for the network alone, and the fourth leaves no time for the front
# end: they would have to answer less often. Our
# TinyConv takes {recorded}`07_listening/window_ms_network_tinyconv` over the whole window and
# {recorded}`07_listening/hop_ms_network_tinyconv` for what is new. TensorFlow Lite Micro was not made to stream, so
# *what is new* compares ours with ours.
#
# ## The energy of a day
#
# A battery feeds the processor and the microphone. The processor sleeps for the rest of a hop; the microphone never
# does. Currents are those of the data sheets (`kwslib/board/streaming.py` cites them), capacities are nominal. The
# interface of the microphone is left out, for which the data sheet gives no current, so days are an upper bound.
# Times are those of the cycle model, whose error is discussed in [its table](../book/silicon.md). `kws board
# --stream` adds this up for any model and recording.

# %%
right = {"TinyConv": "see Part 3", "tenet, for the field": "see Part 4"}
for chain in listeners[1:3]:
    right[chain.name] = texts[chain.key]
caption = (
    "Four chains for a day, as they stream; in brackets, or so named, with "
    "the network over the whole window. Test clips: int8, mean over seeds "
    "with 95 % interval. Times by the cycle model, ± 4 %."
)
run.show(chains.bill_table(costs, right), caption)

# %% tags=["nbval-check-output"]
for name, cost in list(costs.items())[:3]:
    print(f"{name} fits its hop: {yes_no(cost['fits'])}")
less = all(chains.processor_share(cost) < 0.5 for cost in streamed)
print("the microphone takes more than the processor:", yes_no(less))

# %% [markdown]
# The load is the share of a hop in which the processor works. A chain whose worst hop is longer than a hop cannot be deployed, whatever its accuracy: the row *fits its hop* would
# say by how much. Here all four fit. Of the energy of TinyConv's hop the processor takes
# about a quarter, of the causal network's about a fifth, and the rest is the microphone's. A still cheaper network
# would therefore add few days; a microphone that listens by itself and wakes the processor might add more. For
# *tenet, for the field*, whose processor takes more than half, streaming saves
# little of the time and takes twice the RAM.
#
# The first row counts only single clips. The section after the next measures how much of it is left in a stream.
#
# ## The decision at work
#
# A network's answers are noisy from hop to hop. The decision logic of Part 4 takes the mean of the last posteriors,
# reports a word whose mean reaches a threshold, and then says nothing for a while:

# %%
from kwslib.deployment.decision import DecisionSettings
from kwslib.experiments.field import field_model

settings = DecisionSettings()
heard = stream.listening(run, field_model(run, "tinyconv"), settings)
print(f"{settings.smoothing} posteriors averaged")
print(f"threshold {settings.threshold}")
print(f"{heard.pause:.1f} s of silence after a report")

# %% mystnb={"figure": {"name": "fig-07-decision", "caption": "A report follows where a keyword's mean posterior crosses the threshold; during the pause after it none is given. A stream of the field through TinyConv trained for it: the sound, with the words that are said (dotted); posteriors (thin) and their means (thick) of the keywords, the threshold, the reports (triangles) and the pause after each (shaded)."}, "image": {"alt": "A waveform above two pairs of curves between 0 and 1. Where a keyword is said, the thin curve leaps, the thick one climbs after it, and where it crosses the dashed threshold a triangle and a shaded pause follow."}}
figures.decision(heard)

# %% tags=["nbval-check-output"]
import numpy as np

reported = np.flatnonzero(heard.reported >= 0)
apart = (np.diff(reported) > settings.suppression).all()
print("no report within the pause after another:", yes_no(apart))
loudest = heard.smoothed[reported].max(axis=1)
above = (loudest >= settings.threshold - 1e-4).all()
print("every report at a mean of the threshold or more:", yes_no(above))

# %% [markdown]
# The three numbers of the decision pull in different directions. *Smoothing* over more inferences suppresses single
# wrong answers and makes reports late, because the mean needs several hops to climb. A higher *threshold* gives fewer
# false accepts and more misses. *Suppression* keeps one word from being counted twice, and hides a second word that
# follows too soon.
#
# ## What a stream's past does
#
# All these networks were trained on clips of one second. In a stream something came before the second. A network that
# sees a window does not know; only the front end does, whose estimate of the noise follows the sound. A causal
# network sees more than two seconds of it, and in training there was nothing to see. So the test clips are put into
# streams: after other test clips, after a noise recording, after digital silence. The clips are the same, and so are
# the networks.

# %%
from kwslib.report.part7 import past

found = past.measure(run, streaming)
run.record_all(past.past_values(found))
caption = (
    "Test clips right by what came before them: the mean over the seeds, and "
    "the difference from clips alone in points, paired by clip, with its "
    "95 % interval."
)
run.show(past.past_table(found), caption)

# %% tags=["nbval-check-output"]
pasts = found["tinyconv_valid"]
pairs = zip(pasts[past.ALONE], pasts[past.FRESH], strict=True)
blind = all(np.array_equal(*pair) for pair in pairs)
known = "a network that sees a window does not know what came before"
print(f"{known}: {yes_no(blind)}")

# %% [markdown]
# Alone, the causal network gets {recorded}`07_listening/accuracy_tenet_causal_alone` of the clips right; after other
# clips {recorded}`07_listening/accuracy_tenet_causal_others`, after noise
# {recorded}`07_listening/accuracy_tenet_causal_noise`. The network that sees a window loses, too:
# {recorded}`07_listening/accuracy_tinyconv_valid_alone` alone,
# {recorded}`07_listening/accuracy_tinyconv_valid_others` after other clips,
# {recorded}`07_listening/accuracy_tinyconv_valid_noise` after noise. With a front end that begins afresh with each
# clip it loses nothing, so there it is the front end that remembers: its estimate of the noise begins from zero in
# every clip of the training, and on a board only after a reset. The causal network, with a fresh front end, still
# gets no more than {recorded}`07_listening/accuracy_tenet_causal_fresh`: that loss comes from its own memory. An
# accuracy on clips is not an accuracy in a stream: whoever deploys a network has to train it for a stream, and to
# measure it there.

# %% [markdown]
# ## Hours of sound
#
# A device that listens all day is judged by two other numbers: how often an hour it hears a keyword that nobody said,
# and how many it misses. The first is counted on hours of sound without a keyword: alternating minutes of other words
# before a background, of background, and of a quiet room. Threshold and smoothing were chosen on
# validation speakers, in validation rooms: the fewest missed with no more than one false accept an hour. The goal of
# this part and of Part 8 is the same: at one false accept an hour or fewer, at most 15 % of the keywords missed.

# %%
from kwslib.experiments.field import open_model

models = {
    "TinyConv, of Part 3": open_model(listeners[0].path, "field"),
    "TinyConv, for the field": open_model(
        field_model(run, "tinyconv"), "field_trained"
    ),
    "tenet, for the field": open_model(
        field_model(run, "tenet"), "field_tenet"
    ),
}

# %%
from kwslib.report.part7 import hours

found = {name: hours.detection(run, model) for name, model in models.items()}
for each in found.values():
    run.record_all(hours.detection_values(each))
hours.write(run, found)
caption = (
    "The operating points, counted on test speakers in test rooms. Latency "
    "runs from the end of the word to the report."
)
run.show(hours.detection_table(found), caption)

# %% mystnb={"figure": {"name": "fig-07-detection", "caption": "No network reaches the goal, at most one false accept an hour with at most 15 % of the keywords missed. A detection-error curve: keywords missed over false accepts per hour as the threshold moves; points at the left edge stand for no false accept; circles: the operating points chosen on validation; grey: the target."}, "image": {"alt": "Three falling curves: the network of Part 3 highest, the same trained for the field below it except at the strictest thresholds, tenet lowest; no circle reaches the grey corner."}}
curves = {name: each.points for name, each in found.items()}
chosen = {name: each.chosen for name, each in found.items()}
target = (hours.MOST_PER_HOUR, hours.MOST_REJECTS)
figures.detection_error(curves, chosen, target)

# %% [markdown]
# ```{widget} threshold
# A higher threshold misses more and reports less that was not said. Move the slider over the smoothed posteriors of a
# synthesized stream through TinyConv trained for the field; triangles are reports. Below the picture stands what was
# recorded over hours.
# ```
#
# These numbers decide whether a spotter can be a product. Of the three thresholds, chosen for at most one false
# accept an hour on validation speakers, two give more on test speakers, and even so about half of the keywords or
# more are missed: Part 3's network misses {recorded}`07_listening/field_false_rejects` of them at
# {recorded}`07_listening/field_false_accepts_per_hour` false accepts an hour, the same network trained for the field
# {recorded}`07_listening/field_trained_false_rejects` at
# {recorded}`07_listening/field_trained_false_accepts_per_hour`, tenet
# {recorded}`07_listening/field_tenet_false_rejects` at {recorded}`07_listening/field_tenet_false_accepts_per_hour`.
# An accuracy of nine in ten trials, as in Part 4, is no product yet: a device hears hours without a keyword for each
# second with one.

# %% tags=["nbval-check-output"]
ends = [(points[0], points[-1]) for points in curves.values()]
trade = all(
    high.false_accepts <= low.false_accepts and high.rejects >= low.rejects
    for low, high in ends
)
lower = "a higher threshold accepts and reports no more than a lower"
print(f"{lower}: {yes_no(trade)}")

# %% tags=["remove-cell"]
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. Most of what a network computes in a hop it has computed before. Keeping it gives the same result, to the bit.
# 2. Padding and strides decide how much can be kept. A network that is designed for streams keeps nearly all.
# 3. Once the network is cheap, the microphone takes most of the energy of a day, and the front end takes from a third of the processor's time (TinyConv) to more than half (the networks made for streams).
# 4. The front end hears the past, and a causal network hears more of it: an accuracy on clips is not one in a stream.
# 5. A spotter is judged by false accepts an hour and by misses. By that measure the spotters of this part are no product yet.
#
# Exercises, from a hop by hand to a threshold for one false accept a day: {doc}`../book/exercises/07`.
