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
# # Part 4: Model conversion and deployment
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/04_deployment.ipynb)
#
# The network of Part 3 is a PyTorch checkpoint of float weights. A microcontroller needs a constant array of
# bytes, and arithmetic in integers. This part converts the one into the other, step by step, and asks after
# each step whether it is still the same network. The page {doc}`Try it <../book/try_it>` runs what comes out of it, the
# board's own C, in the browser: say *yes* to it.
#
# **For whom.** Anyone who has a trained network and wants to know what runs on the chip, and whether it is still that network.
#
# **Afterwards you can** follow a weight from PyTorch to a byte in flash, read the time of each stage, say what real time
# requires, and judge what twenty trials prove. **You need** Parts 2 and 3; C helps and is not required.
#
# **Time.** About an hour to read. To run: minutes in the quick profile.

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

run = recording.start("04_deployment", profile, data, results)

# %% [markdown]
# ## Conversion
#
# PyTorch writes the network as ONNX, onnx2tf turns that into a TensorFlow graph, and TensorFlow's converter
# makes two TensorFlow Lite files of it: one in float32, one in int8. For the latter it needs to know the
# ranges that activations take, so it is shown a fixed sample of training clips. The int8 file is the one
# that goes into a sketch, as a C++ array. One call does it all, and so does `kws export`.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

from kwslib.deployment.export import calibration_features, export
from kwslib.experiments.bases import trained_checkpoint
from kwslib.labels import class_labels

folder = TemporaryDirectory()
calibration = calibration_features(run.corpus, class_labels())
exported = export(trained_checkpoint(run), calibration, Path(folder.name))
run.keep(exported.tflite_int8, "tinyconv.tflite")
print(*(path.name for path in exported.files), sep=", ")

# %% [markdown]
# What the chip gets is a program, and a program's constants live in {term}`flash`. So the file becomes source code: a
# C array with one entry for each byte, which the compiler places beside the machine code. It begins like this:
#
# ~~~c
# alignas(16) const unsigned char g_model[] = {
#     0x20, 0x00, 0x00, 0x00, 0x54, 0x46, 0x4c, 0x33,  // ...
# ~~~
#
# The second word spells TFL3, the mark of a TensorFlow Lite file. The array is never copied to {term}`RAM`: the
# interpreter reads the weights where they lie. RAM is for what changes, the {term}`activations <activation>`.
#
# ## Bytes from step to step

# %%
from kwslib.report.part4.conversion import size_values, steps, steps_table

run.record_all(size_values(exported))
sizes = steps(exported)
caption = (
    "The network's files, the weights in them, their share of 1,048,576 "
    "bytes of flash."
)
run.show(steps_table(sizes), caption)

# %% mystnb={"figure": {"name": "fig-04-sizes", "caption": "Only the step to int8 makes the file smaller, to about a quarter. The network's file after each step: weights and biases, and everything else in the file."}, "image": {"alt": "Four horizontal bars: three of about the same length for the checkpoint, ONNX and float TensorFlow Lite, and one about a quarter as long for int8."}}
from kwslib.report.part4 import conversion_figures as draw

draw.sizes(sizes)

# %% [markdown]
# Quantization is what makes the file small: a weight takes one byte in place of four. The containers around
# the weights cost little.
#
# ## What the int8 file holds
#
# Three operators are left. The convolution pads by itself and has its ReLU built in; dropout is removed; the
# reshape moves nothing.

# %% tags=["nbval-check-output"]
print(*exported.operators, sep=", ")

# %%
from kwslib.report.part4.conversion import tensors_table

caption = (
    "Tensors between the operators. A real value is scale × (int8 − zero "
    "point)."
)
run.show(tensors_table(exported.tflite_int8), caption)

# %% [markdown]
# The input's scale and zero point are those with which the front end's int8 features are normalised in
# training. So the bytes that the front end puts out go straight into the network; nothing converts them.

# %% tags=["nbval-check-output"]
import numpy as np

from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT
from kwslib.predictors import LiteRtPredictor
from kwslib.report.words import yes_no

scale, zero_point = LiteRtPredictor(exported.tflite_int8).input["quantization"]
as_they_are = (scale, zero_point) == (np.float32(INPUT_SCALE), INPUT_ZERO_POINT)
print("the input takes the features as they are:", yes_no(as_they_are))

# %% [markdown]
# Labels travel inside the file, with the name of the architecture and a digest of the checkpoint. A sketch
# finds them beside the array:

# %% tags=["nbval-check-output"]
from kwslib.deployment.tflite_flatbuffer import read_description

print(*read_description(exported.tflite_int8.read_bytes()).labels, sep=", ")
print((exported.folder / "model_data.h").read_text())

# %% [markdown]
# ## Is it still the same network?
#
# Every form of the network hears the whole test split: PyTorch; the ONNX file; the float file; the int8 file
# in LiteRT with its reference kernels and with its fast ones (XNNPACK), in the interpreter of TensorFlow Lite
# Micro (TFLM), compiled for this host, and in the C core that the board will run.

# %%
from kwslib.data.protocol import Protocol
from kwslib.features.dataset import feature_split
from kwslib.report.part4.conversion import run_forms

testing = feature_split(run.corpus, Protocol(), "testing")
forms = run_forms(exported, testing.x)

# %%
from kwslib.report.part4.conversion import equal_percent, parity_table

caption = (
    "Forms of one network on the test split: logits against PyTorch's, int8"
    " logits against the reference's."
)
run.record("tflm_equal_percent", equal_percent(forms), "%")
run.show(parity_table(forms, testing), caption, digits=2)

# %% tags=["nbval-check-output"]
from kwslib.report.part4.conversion import MICRO, REFERENCE

for name in (MICRO, "C core"):
    same = np.array_equal(forms[name].integers, forms[REFERENCE].integers)
    print(f"{name} equals the reference kernels bit for bit: {yes_no(same)}")

# %% [markdown]
# That equality takes some care. TFLM multiplies a sum by a factor in fixed point and rounds twice; LiteRT's reference
# kernel for the last layer multiplies in floating point and rounds once. With an arbitrary output scale the two
# occasionally differ by one step, because the first rounding can create a tie that was not there before. The exported
# scale is therefore changed, by about a thousandth, to one at which this happens for no sum.

# %%
from kwslib.report.part4.conversion import rounding_table

caption = (
    "Sums of the last layer, all that int8 outputs can come from, and how "
    "many the two round apart."
)
run.show(rounding_table(exported.tflite_int8), caption)

# %% [markdown]
# The interpreter also needs RAM: its arena holds the tensors that are alive at once, and its own bookkeeping.

# %%
from kwslib.deployment.litert import tflm_arena_bytes

arena = tflm_arena_bytes(exported.tflite_int8)
run.record("tflm_arena_bytes", arena, "B")
print(f"{arena:,} bytes of arena, on a 64-bit host")

# %% [markdown]
# ### One layer in integers
#
# All arithmetic of the chip fits on half a page. A real input $x$ is stored as $q_x$ with $x \approx s_x (q_x - z_x)$, a
# weight as $w \approx s_w q_w$ (its zero point is 0). Then a sum of products is
#
# $$y = b + \sum_i w_i x_i \approx s_w s_x \Big(q_b + \sum_i q_{w,i}\,(q_{x,i} - z_x)\Big), \qquad q_b = \mathrm{round}\Big(\frac{b}{s_w s_x}\Big),$$
#
# and everything in the bracket is a whole number, added up in 32 bits. One real factor takes it back to eight bits,
# $M = s_w s_x / s_y$, which is stored as a 32-bit multiplier and a shift ({term}`requantization`):
#
# $$q_y = \mathrm{clamp}\big(\mathrm{round}(M \cdot \mathrm{sum}) + z_y\big).$$
#
# A {term}`ReLU` costs nothing: it is the lower bound of that clamp. Here is the whole network in NumPy; the C core
# must give the same bits:
#
# ```{source} kwslib.quantization.integer.run_integers
# ```
#
# ## What int8 costs
#
# The original suspects quantization of having pushed *unknown* words below the threshold, so that the board heard
# *silence*. That can be tested: the same clips and the same network, before and after quantization.

# %%
from kwslib.report.part4.conversion import cost_values, quantization_cost

costs = quantization_cost(forms, testing, exported.labels)
run.record_all(cost_values(costs))

# %%
from kwslib.report.part4.conversion import cost_table

caption = (
    "Test clips by class: right answers, answers that quantization changed,"
    " answers it turned into silence."
)
run.show(cost_table(costs, forms, testing), caption)

# %% mystnb={"figure": {"name": "fig-04-int8", "caption": "Int8 costs no accuracy that shows: the intervals overlap in every class. Test accuracy in float32 and in int8, by class, with 95 % (Wilson) intervals."}, "image": {"alt": "One row per class with two points and their intervals, float32 and int8, which overlap almost wholly in every row."}}
draw.accuracy_by_type(costs)

# %% [markdown]
# If quantization were the cause, the row *unknown* would have a large number in the column *to silence*. It has none:
# in our network, on clips, eight bits change few answers. This holds for our network and our conversion; the
# original's converter and its calibration clips are not known.

# %% [markdown]
# ## The board, without a board
#
# The core of this book's firmware is C that is written once: for Python, where it computes the features that networks
# are trained on, for the browser, for the Arduino, and for a virtual board. The virtual board executes the binary
# that would be flashed, compiled for the Cortex-M4F, instruction by instruction in an emulator with the nRF52840's
# memory. Its results are exact: Part 5 runs the whole test split on it and fails at any logit that differs from
# NumPy's integers or the C core's. Its time is counted.
#
# Cycles come from the executed instructions, the rules of the Cortex-M4's manual, and what others measured on such
# chips (`kwslib/board/cycles.py` lists the rules with their sources). A model is not a measurement. On 34 functions
# that were measured, from which the rules were found, it is within 2.6 % (see [the table](../book/silicon.md)); for our
# firmware, which also waits for weights in flash, we assume ± 4 %, and so give times to two digits.
#
# One observation does not fit. TensorFlow Lite Micro with the original's network takes 72.5, 69.4 and 59.8 ms by the
# manual's rules at 8, 7 and 4 channels, where the original's board took {original}`board_removed_0`,
# {original}`board_removed_10` and {original}`board_removed_50`: 1.21 times as long. With all rules 1.18 is left. By the
# measured chips the processor is an unlikely cause, and the loops fit into its cache. The cause may be the compiler,
# its options, or a cache that was off; the factor says nothing about other code, and no time of ours is multiplied by
# it.

# %%
from kwslib.data.audio import read_clip
from kwslib.predictors import BoardPredictor

predictor = BoardPredictor(exported.tflite_int8)
said_yes = next(clip for clip in run.corpus.clips if clip.word == "yes")
spoken = read_clip(said_yes.path)
profile_on_board = predictor.board.profile(spoken)

# %%
from kwslib.report.part4.board import shown, stage_table

stages = stage_table(profile_on_board)
caption = (
    "Time of one inference; the original's was measured on its board, ours is "
    "by the cycle model, ± 4 %."
)
run.show(shown(stages), caption, digits=2)

# %% [markdown]
# The first row needs an explanation. The original's sketch runs its stages one after the other, so
# a cycle takes the sum of the three; before each inference it computes features only of the sound that came in
# since the last, five and a half frames. Ours is given for the same sound, and also for one frame and for
# a whole second.
#
# What this row means is not certain. TensorFlow Lite Micro's own front end, compiled for speed, takes 1.64 ms a frame by
# the manual's rules, 9.1 ms for that sound, where the original's board took {original}`board_frontend`. A build for size would explain a part of
# that at most. So this check of the front end's time, the only one that is possible here, fails.

# %% mystnb={"figure": {"name": "fig-11", "caption": "Time of each stage of one inference: two programs, not compared. The original's was measured on its board (diamonds), ours is by the cycle model (dots)."}, "image": {"alt": "Three rows on a logarithmic axis; in each, our dot lies far to the left of the original's diamond."}}
from kwslib.report.part4 import board_figures as draw_board

draw_board.stages(stages)

# %% [markdown]
# ### What the three stages do
#
# The *front end* takes 20 ms of samples, weights a {term}`window` of 30 ms, computes its FFT, adds up 40 mel bands, subtracts
# noise, controls the gain and takes a logarithm. The *network* takes the last 49 frames and gives four logits. The
# *decision*, which the original calls post-processing, turns logits into posteriors, averages them and compares with a
# threshold. On the original's board each was timed by `micros()`, a counter of microseconds that is read before and after;
# our sketch does the same, and `kws serial PORT` reads its log.
#
# ### What real time means
#
# A spotter keeps up when each answer is ready before the next is due. The original's stages take 111 ms together, so it can answer
# nine times a second; its network alone could do eleven. Sound that comes in meanwhile waits in a buffer. A spotter
# that answers every 40 ms (a {term}`hop`) must do front end, network and decision in less than that, and whatever is left the
# processor sleeps. The share of the time that it is awake is its {term}`duty cycle`; Part 7 turns it into days of a
# battery.
#
# ## Where the cycles go
#
# Most of the network's time is in one loop, the convolution's, written in assembly: 35 cycles for 40
# products, of which 20 are multiplications (two products each) and 12 loads. What bounds it is the number of
# registers: five sums, four words of weights and three of input fill them all. The linear layer reads each of
# its weights once and so waits for the flash; bringing a sum back to eight bits and storing it costs six instructions.

# %%
from kwslib.report.part4.board import function_table

caption = (
    "Cycles by function: front end for a whole second of sound, network and "
    "decision for one inference."
)
run.show(function_table(profile_on_board), caption)

# %% [markdown]
# That loop computes five outputs of one filter at a time, and only for windows of this network's shape. Convolutions of
# other shapes go through a loop in C: it computes two outputs side by side of two filters, so that each 32-bit word
# that is loaded, two 16-bit numbers, serves in two instructions. `kws_smlad` is the Cortex-M4's SMLAD: two products and
# two additions in one cycle.
#
# ```{source} square_sums
# ```
#
# ## Why fewer channels saved the original so little
#
# The original removed half of the channels in Part 6 and saved {original}`board_time_saved` of the time. A straight
# line through its three measurements shows why: most of the time does not depend on the channels. A convolution that
# first copies its input into columns for a general matrix multiplication ({term}`im2col`) has such a fixed part, and
# for a single input channel it is large; three measurements cannot show that this is the cause. Our convolution does
# not copy, so its time follows the channels.

# %%
from kwslib.report.part4 import board

theirs = board.original_by_channels()
ours = board.time_by_channels(predictor.board, spoken)
run.record_all(board.channel_values(ours))
lines = {"original": board.decompose(theirs), "ours": board.decompose(ours)}
for name, (fixed, each) in lines.items():
    print(f"{name:9} {fixed:.1f} ms + {each:.2f} ms per channel")

# %% mystnb={"figure": {"name": "fig-04-channels", "caption": "The larger part of the original's time does not depend on the channels; nearly all of ours does. The network's time against the channels of its convolution, with straight lines through the points."}, "image": {"alt": "The original's line starts near 56 ms at no channels and climbs slowly; ours starts near zero."}}
draw_board.by_channels(theirs, ours, lines)

# %% [markdown]
# ## Compared with TensorFlow Lite Micro
#
# The same network in TensorFlow Lite Micro, compiled in four ways and run once on the same cycle model while this
# book was prepared; those figures are quoted, not measured again here. The build for size (-Os) was counted by all rules,
# the others by the manual's alone, which give up to 5 % less. Its firmware takes 80 to 128 KB of flash.

# %%
from kwslib.measure.profiling import file_costs
from kwslib.report.part4.board import peer_table

macs = file_costs(exported.tflite_int8).macs
peers = peer_table(profile_on_board, macs)
run.show(shown(peers), "One network, five programs.")

# %% mystnb={"figure": {"name": "fig-04-peers", "caption": "Ours takes a fraction of the time of the four other programs. The network by five programs, milliseconds of the cycle model."}, "image": {"alt": "Five bars; ours is the shortest by far."}}
draw_board.peers(peers)

# %% [markdown]
# The whole firmware with its weights takes a small part of the flash and of the RAM. The ratio
# says how much longer our network takes on the board than the same network in PyTorch on the processor of Part 2.

# %%
from kwslib.record import names

in_part_2 = run.recorded("02_size_estimation")
host = in_part_2.get(names.cpu_latency_ms("pytorch"), {}).get("value")
found = board.board_values(profile_on_board, macs, cpu_ms=host)
run.record_all(found)
for kind, title in {"flash": "flash", "ram": "RAM", "stack": "stack"}.items():
    print(f"{title:5} {found[f'board_{kind}_bytes'].value:6,} B")
if host:
    ratio = found["board_cpu_ratio"].value
    print(f"{ratio:.0f} times the time of Part 2's processor")

# %% [markdown]
# ### Microcontroller, processor, graphics card
#
# Why is the same network so much faster elsewhere? A microcontroller runs at 64 MHz and does at best two
# multiplications in a cycle. A desktop processor runs at several GHz and does dozens in a cycle, from caches that
# hold the whole network. That would give a far larger ratio than the one above, but little of PyTorch's time for so
# small a network can be arithmetic: one channel takes about as long as eight (Part 6). A graphics card could do thousands
# at once, but one clip of TinyConv is too little work to fill it: most of its time goes into starting the
# computation. It pays with large batches, for instance in training. What counts here is power, and the
# microcontroller needs only milliwatts.
#
# ## What the original measured on the board
#
# The original flashed its int8 network to a Nano 33 BLE Sense, read its timer, and spoke to it twenty times.

# %%
wanted = ("frontend", "network", "decision")
table = run.compare_table([f"board_ms_{stage}" for stage in wanted])
recording.Table(table, "One inference on the board.", digits=2)

# %% tags=["nbval-check-output"]
from kwslib.report.part4.conversion import original_field_table

caption = (
    "The original's twenty live trials by class, with the Wilson intervals "
    "that so few leave."
)
recording.Table(original_field_table(), caption)

# %% [markdown]
# With five trials a class the intervals are too wide to answer the question {cite}`wilson1927probable`. Even so two
# things are clear, if the trials were independent: live accuracy is well below that on the test split, and *unknown* does worse than *silence*. By
# how much, and why, remains open.
#
# ## A field that anyone can test in
#
# So the room is simulated. A speaker of the test split says a word at 60 to 72 dB SPL, 0.3 to 2 m from the board, in
# a room with a reverberation time of 0.15 to 0.6 s {cite}`allen1979image,scheibler2018pyroomacoustics`. A background
# stands 5 to 30 dB below: a stretch of a noise recording that training never used, the babble of five other speakers,
# mains hum, music or clicks. A model of the board's microphone, with the sensitivity, noise and overload point of its
# data sheet {cite}`st2019mp34dt05`, makes 16-bit samples of that; then the same chain as on the board runs: the C
# front end frame by frame, the int8 network every 40 ms, the decision logic. A quarter of the trials each are yes,
# no, another word, and only the background. What counts is the sketch's answer within two seconds of the prompt.

# %%
from kwslib.experiments.field import field_stage
from kwslib.report.part4 import field

stage = field_stage(run)
caption = (
    "The first six trials: all that was drawn. The level, in dB SPL, is "
    "that at 1 m."
)
run.show(field.draws_table(stage, 6), caption, digits=2)

# %% [markdown]
# What a room does to a sound is its *impulse response*: what arrives at the microphone when the mouth gives one
# click. Every sound is a series of clicks, so what arrives is the sum of their responses, each at its time.
#
# ```{picture} room
# After the direct sound come echoes, each later and weaker than the one before. The coloured lines are the first four, one for
# each wall; every stroke below is a mirror image of the mouth. The simulation has floor and ceiling too, and walls that absorb as
# much as the drawn reverberation time needs.
# ```
#
# ```{picture} trial
# The word survives the way to the network, but not alone. The first trial in which a keyword is said: the clip, in
# its room, with its background, as the microphone delivers it, and as the front end's features. The features keep the
# part of the background that changes, and subtract the part that stays.
# ```
#
# ```{sound} trial_*
# :plain:
# The same trial to listen to. The first three are as loud as a recorder would make them; the last is turned up.
# ```
#
# A trial is a function of its number and the seed, so it can be repeated exactly; `kws field MODEL --trial 7
# --save-wav FOLDER` writes one as a sound file.

# %% tags=["nbval-check-output"]
from kwslib.features.frontend import features
from kwslib.field.stream import listen

heard = stage.render(stage.trial(7))
again = np.array_equal(heard, stage.render(stage.trial(7)))
print("trial 7 again, the same bit for bit:", yes_no(again))
same = np.array_equal(listen(heard)[:49], features(heard[:16000]))
print("a stream's first second, the features of the clip:", yes_no(same))

# %% [markdown]
# The decision logic, a few lines of C, produces the answer. The class with the highest mean over the last posteriors
# is reported if that mean reaches its threshold; then nothing is reported for a while (*suppression*), so that one
# word counts once:
#
# ```{source} kws_decide
# ```
#
# ```{picture} decision
# The mean follows the single posterior later and more smoothly, so that one high posterior reports nothing. The trial
# of the players above, heard by the network that is trained for the field below, with its threshold and its smoothing.
# ```
#
# ```{note}
# *Silence* and *unknown* have thresholds that no posterior reaches: they are never reported. What a test counts as the
# answer *unknown* or *silence* is therefore a rule of the test, and not of the network.
# ```
#
# ## The model of Part 3 in the field

# %%
from kwslib.experiments.field import open_model

plain = open_model(run.models / "tinyconv.tflite")
plain_trials = field.field_trials(run, plain)
run.record_all(field.trial_values(plain.name, plain_trials))
run.record_all(field.unknown_values(plain_trials))

# %%
tests = {
    "original, live": field.original_confusion(),
    "ours, simulated": plain_trials.evaluation,
}
caption = (
    "Right answers (%) with 95 % (Wilson) intervals: twenty live trials, "
    "and ours."
)
run.show(field.trials_table(tests), caption)

# %% mystnb={"figure": {"name": "fig-10", "caption": "In the original's trials unknown words were answered with silence; in ours errors go both ways. What was said and what was answered, in the original's twenty live trials (its text says which were right; where it does not say what was answered, the wrong ones are put under silence and hatched) and in our simulated ones."}, "image": {"alt": "Two confusion matrices. In the original's, unknown words are all answered with silence; in ours, errors go both ways between silence and unknown, and keywords are lost to both."}}
from kwslib.report.part4 import field_figures as draw_field

confusions = {name: test.confusion for name, test in tests.items()}
assumed = {"original, live": field.original_assumed()}
draw_field.confusions(confusions, class_labels(), assumed)

# %% [markdown]
# The totals are close; the classes are not. In the original *unknown* was never right and *silence* always; in our
# field *unknown* is right more often than *silence*. So our field does not reproduce what the original met, and the
# agreement of the totals is a coincidence. How much twenty trials leave open is seen by drawing a thousand tests of
# twenty from ours: any result within the bars is plausible.

# %% mystnb={"figure": {"name": "fig-04-small", "caption": "A test of twenty trials says little: by chance alone its result spreads widely. The accuracy of a thousand tests of twenty trials, five of each class, drawn from ours; the accuracy of all trials (line) and the original's 13 of 20 (dashed)."}, "image": {"alt": "A bell of bars some 40 points wide around the line."}}
drawn = field.draw_small_tests(plain_trials)
run.record_all(field.small_test_values(drawn))
draw_field.small_tests(drawn, field.SMALL, plain_trials.accuracy, 0.65)

# %% [markdown]
# ## What costs the accuracy
#
# The original names three suspects: eight-bit quantization, the microphone, and the room. Here each is added to a
# clean stream alone and removed from the field alone, over the same trials. Two more suspects are not named: sound in
# the background, and the rule that turns posteriors into an answer. Our sketch has a threshold only for keywords. In TensorFlow's micro_speech,
# from which many sketches come (the original does not say whether its own did), every class has to reach 200 of 255
# in the mean over a second, otherwise nothing is reported.

# %%
effects = field.field_factors(run, plain, exported.checkpoint)
run.record_all(field.factor_values(plain, effects))
caption = (
    "One factor at a time: right answers (%) with their interval and by "
    "class, how many unknown words are answered with silence, and the "
    "answers that a factor makes right and wrong against the whole field "
    "(McNemar's p, times the number of comparisons)."
)
run.show(field.factor_table(effects), caption)

# %% mystnb={"figure": {"name": "fig-04-factors", "caption": "The background costs the most accuracy, and taking it out brings most of it back. Accuracy under each factor, with 95 % (Wilson) intervals: clips, factors alone, the whole field, factors taken out, the float network, other decisions."}, "image": {"alt": "Rows of points. The background alone pulls the accuracy down by far the most, the microphone and the room much less; taking the background out brings most of it back; the float network stands where the int8 one does."}}
draw_field.factors({"as trained in Part 3": effects})

# %% [markdown]
# The verdicts, for our network in this field, over the first trials of those above. *Quantization*: we find no
# difference between the float network and the int8 one. *The microphone* and *the room*, each alone, cost less than
# *the background*, which the original does not name; without the one or the other alone we find no difference while
# the background is there. None of these answers most unknown words with silence. *The decision rule* does: by that of
# micro_speech {recorded}`04_deployment/field_unknown_as_silence_rule_of_micro_speech` of the unknown words become
# silence where our rule has {recorded}`04_deployment/field_unknown_as_silence_the_whole_field`, and *silence* is
# mostly right. That is the original's pattern, if not all of it: the same rule loses more keywords than the original
# did. So of all that was tried here a rule like this is the best explanation; only the original's sketch could
# confirm it.

# %% [markdown]
# ## Trained for the field
#
# The same network can be trained on what a board hears: every training clip is spoken in simulated rooms,
# before backgrounds, through the microphone, all from the training speakers, from other stretches of the noise
# recordings and in rooms that no test uses. A part of every epoch stays as it was in Part 3. Beside TinyConv stands a
# network of the zoo with fewer parameters and more layers, trained in the same way (its file is larger, and {doc}`Part
# 7 <07_listening>` says what it costs on the board). The threshold and the smoothing
# of both are those that answer most trials correctly on validation speakers, in validation rooms.

# %%
from kwslib.experiments.field import train_for_field, tuned

paths = train_for_field(run, ("tinyconv", "tenet"))
clean = field.clean_values(paths, testing)
run.record_all(clean)
trained = open_model(paths["tinyconv"], "field_trained")
better = open_model(paths["tenet"], "field_tenet")
shares = {"TinyConv, of Part 3": costs["int8"].accuracy}
for title, arch in {"TinyConv": "tinyconv", "tenet": "tenet"}.items():
    shares[f"{title}, for the field"] = clean[names.field_accuracy(arch)].value
for title, share in shares.items():
    print(f"{title}: {100 * share:.1f} % of the clean test split right")

# %% tags=["nbval-check-output"]
both = [run.models / "tinyconv.tflite", run.models / "tinyconv_field.tflite"]
equal = file_costs(both[0]) == file_costs(both[1])
print("as many bytes of weights and as many products:", yes_no(equal))

# %%
from kwslib.field.conditions import HARD

tests = {"TinyConv, of Part 3": plain_trials.evaluation}
models = {"TinyConv, for the field": trained, "tenet, for the field": better}
models = {name: tuned(run, model) for name, model in models.items()}
for name, model in models.items():
    result = field.field_trials(run, model)
    run.record_all(field.tuned_values(model))
    run.record_all(field.trial_values(model.name, result))
    tests[name] = result.evaluation

# %%
for name, model in {
    "TinyConv, of Part 3": plain,
    "TinyConv, for the field": models["TinyConv, for the field"],
}.items():
    result = field.field_trials(run, model, HARD)
    run.record_all(field.trial_values(f"{model.name}_hard", result))
    tests[f"{name}, hard"] = result.evaluation
caption = (
    "Right answers (%) in the same trials; in the hard field signal-to-noise "
    "ratios are half as many decibels and distances doubled."
)
run.show(field.trials_table(tests), caption)

# %% [markdown]
# In these simulated rooms training wins back most of what the field costs. By the same decision, TinyConv goes from
# {recorded}`04_deployment/accuracy_field` to {recorded}`08_models/field_tinyconv_field` of the trials (Part 8). In the
# table, networks trained for the field also have a threshold of their own, lower than the default and chosen on
# validation: with it TinyConv has {recorded}`04_deployment/accuracy_field_trained`, and tenet
# {recorded}`04_deployment/accuracy_field_tenet`. In the hard field TinyConv has
# {recorded}`04_deployment/accuracy_field_trained_hard` in place of {recorded}`04_deployment/accuracy_field_hard`. It
# loses some accuracy on clean clips, as printed above, and *unknown* gains nothing. Training and test share the
# simulator, but no room.
#
# ## Your own test
#
# With a phone: put recordings into folders `yes`, `no`, `unknown` and `silence`, and run `kws field MODEL --recordings
# FOLDER`. With a board: flash the sketch of `firmware/arduino`, and `kws serial PORT` counts what it answered. In
# rooms of your own: measure impulse responses and give their folder as `--rooms`. All fill the same table, with
# the same intervals. What a spotter gets wrong in hours of sound, and what listening costs, Part 7 counts.

# %% tags=["remove-cell"]
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. Conversion changes the file format, quantization the numbers: one byte a weight in place of four.
# 2. An int8 layer is sums of whole numbers, one multiplication in fixed point and a clamp. The reference kernels, TensorFlow Lite Micro and the C core agree to the bit; XNNPACK rounds some logits otherwise.
# 3. By the cycle model, nearly all of the network's time is in the convolution. It is bounded by registers and loads, not by multiplications alone.
# 4. In our simulated field the background costs most, the microphone and the room less; eight bits make no difference that we find. Training in such rooms wins most of it back.
# 5. Twenty trials cannot decide such a question; paired trials by the hundred can.
#
# Exercises, from one layer by hand to the twenty trials: {doc}`../book/exercises/04`.
