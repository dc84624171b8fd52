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
# # Part 5: Quantization
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/05_quantization.ipynb)
#
# A weight of the trained network takes 32 bits. How many does it need? The original report quantizes to 8, 7, ...
# bits, after training (PTQ) and during it (QAT), finds that PTQ collapses at 3 bits where QAT holds, and does not
# train 2. This part rebuilds that experiment, finds out why the reconstruction loses accuracy, goes on to a single
# bit, and packs the bits into bytes.
#
# The notebook computes every network of this part, a *sweep*. With the parameter `bits` it computes one of them; `kws
# sweep bits` does so for each, and with the parameter `swept` the notebook reads those results. `kws quantize` does to a
# network of your own what is done here to TinyConv.
#
# **For whom.** Anyone who wants a network in fewer bits, or wants to know why a published recipe failed at few bits.
#
# **Afterwards you can** write down a quantizer and its gradient, say what PTQ and QAT do differently, predict at how many
# bits a range breaks down, and count the bytes of packed weights. **You need** Part 3; the chain rule for the gradient.
#
# **Time.** About three quarters of an hour to read. To run: minutes in the quick profile.

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

require("notebooks", "convert", "board")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept
bits = None  # 8 to 1 or "ternary"; None runs every point
method = "qat"  # or "ptq"
recipe = "ours"  # or "original"
scheme = None  # "symmetric" or "asymmetric" weights; None takes the recipe's
granularity = None  # of weights: "channel" or "tensor"; None takes the recipe's
seed = 0  # of the one point
epochs = None  # of QAT; None takes the recipe's
swept = None  # folder of a finished `kws sweep bits`; None runs the points here

# %% [markdown]
# ## The points
#
# A *point* of the sweep is one network: a width in bits, a method, a recipe and a seed. With the parameter `bits`
# there is one; otherwise there are all those of {numref}`fig-12`. The tables and figures below show the points that
# were computed.

# %% tags=["point", "hide-input"]
from kwslib.experiments import quantization as sweep
from kwslib.record import recording

only = sweep.chosen_point(bits, method, recipe, granularity, scheme, seed)
run = recording.start("05_quantization", profile, data, results, point=only)
points = sweep.grid(run.swept_seeds, only)

# %% [markdown]
# Each point starts from the network that Part 3 trained with its seed. It is quantized, with QAT trained further, and
# tested:

# %% tags=["point"]
from kwslib.experiments.bases import base_models
from kwslib.features.dataset import feature_splits
from kwslib.networks.recipes import setup

training_setup = setup("tinyconv", run.profile.epochs)
bases = base_models(run, seeds=run.swept_seeds)
splits = feature_splits(
    run.corpus, training_setup.protocol, training_setup.augmentation
)

# %% tags=["point"]
from kwslib.experiments.sweeps.table import rows_of

if swept:
    rows = rows_of(swept, points, run.models)
else:
    rows = sweep.run_points(
        points, bases, splits, run.profile.epochs, run.models, epochs
    )

# %% tags=["point"]
from kwslib.report.part5.tables import float_accuracies, point_values

floats = float_accuracies(bases, splits["testing"])
run.record_all(point_values(rows, floats))

# %% [markdown]
# ## Why fewer bits
#
# A weight in 32-bit floating point takes four bytes of flash and four of every memory transfer, and can represent
# numbers from $10^{-38}$ to $10^{38}$. A trained weight does not need this: it lies within a small range around zero,
# and the 24 bits of its fraction are far finer than what training determines. A microcontroller multiplies two pairs
# of 16-bit integers in one cycle (SMLAD), and many smaller processors have no unit for floating point at all. So
# fewer bits make the weights smaller in flash; whether the whole program shrinks has to be measured, since unpacking is
# code, too. They save time, and with it energy, only where the arithmetic gets cheaper.
#
# ## Two ways to quantize
#
# ```{picture} ptq_qat
# Post-training quantization (PTQ) rounds once, at the end. Quantization-aware training (QAT) rounds in every forward pass
# and trains the float weights behind the rounded ones.
# ```
#
# ## Training through rounding
#
# Rounding is flat almost everywhere, so its gradient is zero, and nothing before it would ever learn. The
# *straight-through estimator* {cite}`bengio2013estimating` rounds in the forward pass and passes the gradient
# unchanged in the backward pass:

# %% tags=["nbval-check-output"]
import torch

from kwslib.quantization.grids import round_straight_through

x = torch.tensor([-1.4, -0.5, 0.2, 0.7, 2.5], requires_grad=True)
rounded = round_straight_through(x)
rounded.square().sum().backward()
print("rounded ", (rounded + 0).tolist())  # no zero with a minus
why = "is 2 x rounded, as if rounding were not there"
print("gradient", (x.grad + 0).tolist(), why)

# %% [markdown]
# In formulas: forward, $y = \mathrm{round}(x)$. Its true derivative is 0 almost everywhere. The estimator takes it to be 1 where
# the value stays on the grid, and leaves it 0 where the value was cut off, because there a small change of $x$ really changes
# nothing. With the scale $s$, the zero point $z$ and the ends of the grid, $q_\text{low}$ and $q_\text{high}$, which the next
# section defines:
#
# $$\frac{\partial L}{\partial x} = \begin{cases} \dfrac{\partial L}{\partial y} & \text{if } q_\text{low} \le \mathrm{round}(x/s) + z \le q_\text{high},\\ 0 & \text{otherwise.}\end{cases}$$
#
# The {term}`STE` in the package is a function whose backward pass returns the gradient unchanged:
#
# ```{source} kwslib.quantization.grids._StraightThrough
# ```
#
# ```{picture} staircase
# Rounding is a staircase (solid): its slope is zero, so nothing would learn. The estimator's gradient (dashed) is that of a
# straight line through it, and zero beyond the ends of the grid.
# ```
#
# ## Two grids
#
# A *grid* is the set of whole numbers that $k$ bits can hold. The symmetric one has zero in its middle and is used
# for weights; the asymmetric one starts at zero and is used for the outputs of a ReLU. We add two small ones for
# weights: *ternary* and *binary*.

# %% tags=["nbval-check-output"]
from kwslib.quantization.grids import asymmetric_grid, symmetric_grid
from kwslib.report.words import counted

for k in (8, 4, 3, 2, 1):
    middle, above = symmetric_grid(k), asymmetric_grid(k)
    print(
        f"{counted(k, 'bit')}: symmetric {middle.low} to {middle.high},",
        f"asymmetric {above.low} to {above.high}",
    )
for name in ("ternary", "binary"):
    grid = symmetric_grid(name)
    print(f"{name}:", *range(grid.low, grid.high + 1, grid.step))

# %% [markdown]
# A *scale* $s$ and a *zero point* $z$ map the grid to real numbers: $x \approx s\,(q - z)$
# {cite}`jacob2018quantization`. Which $x$ the ends of the grid stand for is a choice, the *saturation bounds*; here
# they are the extremes of five values, on 3 bits:

# %% tags=["nbval-check-output"]
from kwslib.quantization.grids import min_max, quantize, scale_and_zero_point

values = torch.tensor([-0.6, 0.0, 0.1, 0.75, 1.5])
for symmetric, grid in ((True, symmetric_grid(3)), (False, asymmetric_grid(3))):
    scale, zero_point = scale_and_zero_point(min_max(values), grid, symmetric)
    q = quantize(values, scale, zero_point, grid).int().tolist()
    name = "symmetric" if symmetric else "asymmetric"
    print(f"{name:10} scale {scale:.2f}, zero point {zero_point:.0f}, q {q}")

# %% [markdown]
# Tensors that are constant, all zero or all of one sign have a scale, too; nothing is divided by zero:

# %% tags=["nbval-check-output"]
from kwslib.quantization.grids import fake_quantize

grid = asymmetric_grid(8)
for numbers in ([0.0, 0.0], [0.5, 0.5], [-2.0, -1.0], [1e-45, 0.0]):
    x = torch.tensor(numbers)
    scale, zero_point = scale_and_zero_point(min_max(x), grid, symmetric=False)
    rounded = fake_quantize(x, scale, zero_point, grid)
    print(numbers, "->", [round(number, 3) for number in rounded.tolist()])

# %% [markdown]
# In a network, a wrapper around each convolution and linear layer quantizes its inputs and weights first. These are
# the settings of the original's recipe at 3 bits, as we read it:

# %% tags=["nbval-check-output"]
from kwslib.networks.models import ModelConfig, build
from kwslib.quantization.quantizers import original, quantized
from kwslib.report.words import settings

for name, choice in settings(original(3)).items():
    print(f"{name:16} {choice}")
layers = quantized(build(ModelConfig()), original(3)).children()
print(" > ".join(type(layer).__name__ for layer in layers))

# %% [markdown]
# The formulas of this section in one place, for $k$ bits and saturation bounds $x_\text{min} \le 0 \le x_\text{max}$:
#
# | | symmetric | asymmetric |
# | --- | --- | --- |
# | $q_\text{low}, q_\text{high}$ | $-2^{k-1},\; 2^{k-1}-1$ | $0,\; 2^k-1$ |
# | scale $s$ | $\max(\lvert x_\text{min}\rvert, x_\text{max}) / (2^{k-1}-1)$ | $(x_\text{max}-x_\text{min}) / (2^k-1)$ |
# | zero point $z$ | $0$ | $\mathrm{round}(-x_\text{min}/s)$ |
#
# $$q = \mathrm{clamp}\big(\mathrm{round}(x/s) + z,\; q_\text{low},\; q_\text{high}\big)$$
#
# $$\hat x = s\,(q - z)$$
#
# *{term}`Fake quantization <fake quantization>`* computes $\hat x$ in floating point, so that a network can be trained and
# tested as if it were quantized. The package does it in one pass over memory, with the gradient written out:
#
# ```{source} kwslib.quantization.grids._FakeQuantize
# :folded:
# ```
#
# ```{picture} number_lines
# The five values of the cell above on 3 bits. The symmetric grid spends half of its points on the negative side, where there
# is one value; the asymmetric grid spans what is there.
# ```
#
# ## What the grid does to the weights
#
# The networks are those of Part 3. Below are all weights of the first one's linear layer, on a logarithmic scale. A
# few are large. A grid that reaches to the largest has few values for the others: at 3 bits most weights are nearest
# to the line at zero, and become zero. Cutting off the large ones makes the squared error smaller.

# %% mystnb={"figure": {"name": "fig-12-grids", "caption": "Bounds at the extremes make most weights zero; bounds at the least squared error do not. The linear layer's weights and the points of a 3-bit grid: bounds at the extremes (as we read the original), and at the least squared error."}, "image": {"alt": "Two histograms of weights, the same bell shape with long tails. In the upper panel the grid's lines are far apart and most weights lie nearest to the one at zero; in the lower they are close together."}}
from kwslib.report.part5 import figures as draw
from kwslib.report.part5.tables import grids_at

draw.grids_over_weights(*grids_at(3, bases[run.seeds[0]]))

# %% [markdown]
# ```{widget} bits
# Each further bit doubles the number of values that a weight can take. Move the slider: the lines are the grid of
# least squared error over the same weights; below are the accuracies of our recipe from the sweep of this part, with
# 95 % intervals over seeds, and the packed bytes. In the sweep each channel has its own grid.
# ```
#
# Half a step of the grid is the limit: whatever is smaller in magnitude becomes zero. With $k$ bits and the bounds at
# the largest weight $w_\text{max}$, that limit is $w_\text{max} / (2^k - 2)$, at 3 bits a sixth of the largest
# weight. So the shape of the distribution decides at how many bits a range breaks down: how much larger the largest
# weight is than the typical one.
#
# ## The sweep
#
# Networks of Part 3 are quantized to every width by two recipes and two methods. *PTQ* rounds the trained
# weights. *QAT* goes on training with fake quantization in the loop.
#
# - **Our reading of the original's recipe**, with the simplest choice wherever its text leaves one open: one range
#   for a whole tensor, from its extremes; weights, biases, activations and the network's input all on $k$ bits; the
#   activations' range measured again in each batch, without the largest value in a thousand; weights overwritten by
#   their quantized values.
# - **Ours**: a scale for each channel, from the least squared error; weights and hidden activations on $k$ bits;
#   biases as the 32-bit integers that a chip adds anyway; the input as it comes from the front end, on its 8 bits.
#   PTQ chooses each weight's rounding so that errors cancel in the layer's output {cite}`nagel2020up`; QAT keeps
#   float weights behind the quantized ones and learns the scales too {cite}`esser2020learned`. Ternary and one-bit
#   (−1, +1) weights are combined with activations of 8 bits.
#
# Both recipes start from the same networks, and their QAT has the same number of epochs, learning rate and seeds:
# they differ only in how they quantize.

# %%
from kwslib.report.part5.tables import over_seeds, widths_table

by_width = over_seeds(rows)
caption = "Test accuracy (%), mean over seeds (lowest to highest seed)."
run.show(widths_table(by_width), caption)

# %% mystnb={"figure": {"name": "fig-12", "caption": "By our recipe accuracy holds down to 3 bits; by our reading of the original's it has fallen there. Test accuracy against bits of a weight, mean over seeds in its 95 % interval, by our reading of the original's recipe and by ours, QAT by both with the same epochs, learning rate and seeds; diamonds: the original's published values (5 to 8 bits: above 92 %)."}, "image": {"alt": "Four curves from 8 bits to 1. Ours stay near the float line down to 3 bits, those of QAT to the last; by our reading of the original's recipe accuracy falls steeply below 5 bits in training and below 4 bits after it."}}
from kwslib.report.part5.tables import originals

full = 100 * sum(floats.values()) / len(floats)
published = {method: originals(method) for method in ("ptq", "qat")}
draw.accuracy_by_bits(by_width, full, published)

# %% [markdown]
# What our recipe loses against float32, taken seed by seed:

# %%
from kwslib.report.part5.tables import losses_table

caption = (
    "Accuracy lost to quantization by our recipe (points), mean over seeds. "
    "Exploratory: intervals are not widened for their number."
)
run.show(losses_table(rows, floats), caption, digits=2)

# %% [markdown]
# Is QAT worth its training? By our recipe, seed by seed, QAT against PTQ of the same network:

# %%
from kwslib.report.part5 import tables

gains = tables.paired_differences(rows)
run.record_all(tables.paired_values(gains))
caption = (
    "What QAT gets more than PTQ (points), mean over seeds with its 95 % "
    "interval, widened for the number of widths that are compared."
)
run.show(tables.paired_table(gains), caption)

# %% [markdown]
# The original found QAT "vastly superior". From eight bits to three we find no difference between QAT and a
# careful PTQ, though at three bits the interval leaves room for one of about a point either way. At one bit QAT gets a further {recorded}`05_quantization/qat_minus_ptq_1bit` of the test clips right;
# at two a further {recorded}`05_quantization/qat_minus_ptq_2bit`, which among nine comparisons is not enough to call
# it a difference. Our three bits are not the original's: our biases keep 32 bits and the network's input 8.
#
# ## Why the reconstruction loses accuracy
#
# What this page calls the original's recipe is our reading of its text, and it does not give the original's numbers.
# At 3 bits the original states {original}`ptq_3bit` after training and {original}`qat_3bit` in training; the
# reconstruction gets {recorded}`05_quantization/accuracy_ptq_original_3bit` and
# {recorded}`05_quantization/accuracy_qat_original_3bit`, where training gains nothing over rounding and one seed
# falls to {recorded}`05_quantization/accuracy_qat_original_3bit_lowest`. The original's text even says that
# unquantized weights are kept, and its QAT numbers agree with that. So what follows explains only the loss of our
# reading: the recipe with one of its choices changed at a time, at 3 bits and at 2. All rows train equally long at
# the same learning rate, except the last, which changes exactly this. Bars reach from the lowest to the highest seed.

# %%
causes = sweep.run_causes(points, rows, bases, splits, run.profile.epochs)
run.record_all(tables.cause_values(causes))

# %% mystnb={"figure": {"name": "fig-12-causes", "caption": "Where weights are not overwritten, training with the quantizer recovers nearly all accuracy at 3 bits, and a part of it at 2 bits. Our reading of the original's recipe, and with one choice changed: PTQ (squares) and QAT (circles), mean and range over the first three seeds. All rows but the last train for 4 % of Part 3's epochs at a rate of 0.003."}, "image": {"alt": "Two panels of points by row. At 3 bits QAT rises most when weights are not overwritten. At 2 bits that change, too, brings QAT furthest."}}
draw.causes(over_seeds(causes))

# %% [markdown]
# *PTQ*, at 3 bits: no single change restores the accuracy; a scale per channel helps most, and ranges of least
# squared error a little. *QAT*: the cause is the overwriting. A step of the optimizer is far smaller than half a step
# of the grid, so rounding puts most weights back where they were, and mainly the range moves them, which is measured
# again after each step. With the weights kept in float, small steps add up until a weight reaches the next grid
# point. At 3 bits, biases in 32 bits have the second largest mean in QAT, but their seeds overlap those of the
# unchanged recipe, and at 2 bits they change nothing; longer training (the last row) has little effect. At 2 bits
# the same two changes help PTQ by about as much, but from far below: a grid of four points that reaches to the largest weight of a tensor makes
# nearly all weights zero, and a network of zeros gives the same answer to everything. QAT that keeps the float
# weights recovers a part of this.
#
# QAT has two sets of weights. The optimizer moves the *float* weights; the forward pass sees their *rounded* copies.
# The wrapper that does this is short. Its last lines are the overwriting in the recipe above, which discards the
# float set:
#
# ```{source} kwslib.quantization.quantizers.QuantizedLayer.forward
# ```
#
# ## Packed bits
#
# So far all numbers were floats on a grid. On the chip, weights are packed. A 32-bit word has two halves; fields of
# 4, 2 or 1 bits fill each half from its low end, so that one shift and one mask give the two weights that the
# Cortex-M4's SMLAD multiplies in one instruction. Other widths are sums: 7 bits are 4, 2 and 1. Ternary weights are
# five to a byte:

# %% tags=["nbval-check-output"]
import numpy as np

from kwslib.quantization.packing import pack, packed_bytes, unpack

weights = np.array([[1, -2, 0, -1, -1, 1, 0, 0]])  # one row of eight
for k in (7, 4, 2, "ternary"):
    words = pack(weights.clip(-1) if k == "ternary" else weights, k)
    shown = [f"{word:08x}" for plane in words for word in plane[0]]
    print(f"{k}:" if k == "ternary" else f"{k} bits:", *shown)
print("back again:", unpack(pack(weights, 2), 2, 8).tolist())

# %% [markdown]
# TinyConv's constants take these bytes in flash: 16,640 weights, and bias, multiplier and shift of its 12 output
# channels.

# %% tags=["nbval-check-output"]
from kwslib.quantization.integer import CONSTANT_BYTES

for k in (8, 7, 6, 5, 4, 3, 2, "ternary", "binary"):
    size = packed_bytes(8 * 80, k) + 4 * packed_bytes(4000, k)
    print(f"{k!s:8}{size:7,} + {12 * CONSTANT_BYTES} bytes")

# %% [markdown]
# The same network only in integers: int8 activations, weights as packed, int32 sums, TensorFlow Lite's requantization.
# NumPy and the C core, which unpacks as it goes, compute it, and the next cell fails unless they agree on every logit of
# every test clip. Fake quantization differs where a float sum lies within rounding of two integers.

# %%
from kwslib.record.names import quantized_checkpoint
from kwslib.report.part5.board import integers_table

kept = [point.bits for point in sweep.kept(points)]
models = {bits: run.models / quantized_checkpoint(bits) for bits in kept}
caption = "The first seed's QAT networks on the test split."
run.show(integers_table(models, splits["testing"]), caption, digits=2)

# %% mystnb={"figure": {"name": "fig-12-bytes", "caption": "At 1 bit the network keeps more of its accuracy when trained with the quantizer than when rounded afterwards. Test accuracy of our recipe against the bytes of all constants in flash, packed as the board has them, mean over seeds in its 95 % interval; numbers are the bits of a weight."}, "image": {"alt": "Accuracy against bytes on a logarithmic axis. QAT stays flat down to 3 bits, then bends down a little; PTQ falls below it, at one bit by far the most."}}
draw.accuracy_by_bytes(by_width, (66_608, full))

# %% [markdown]
# ## On the board
#
# The firmware of each width, executed instruction by instruction as in Part 4. It hears the test clips as raw audio,
# and the cell fails unless each of its logits is the one that NumPy computes. The convolution uses each weight five
# hundred times, so its 640 weights are unpacked into RAM once in each inference; the linear layer uses each of its
# 16,000 once, and unpacks them on the way from flash. Milliseconds are the network's alone, by the cycle model, ± 4 %
# as in Part 4; energy is that of the processor at the data sheet's 3.3 mA and 3 V {cite}`nordic2021nrf52840`.

# %%
from kwslib.data.protocol import build_splits, load_waveforms
from kwslib.report.part5.board import board_costs, board_table, board_values

sounds = load_waveforms(
    build_splits(run.corpus, training_setup.protocol)["testing"]
)
quick = run.profile.name == "quick"
chip = board_costs(models, splits["testing"], sounds, quick)
run.record_all(board_values(chip))
caption = "The first seed's QAT networks on the virtual board."
run.show(board_table(chip), caption, digits=2)

# %% [markdown]
# Fewer bits save flash but no time. From 6 bits down the whole firmware is smaller; at 7 bits the code that unpacks
# takes more than the weights save. The multiplications are the same at each width, and weights are unpacked first:
# most narrower networks are slower than that of 8 bits, the others take as long within the model's error. A width that is a sum reads the input once for
# each summand. Unpacking the convolution's weights takes some more RAM, too.
#
# Are activations below 8 bits worth it? Here each takes a byte of RAM whatever its width, and clamping it costs the
# board some cycles. So they would have to be more accurate:

# %%
from kwslib.report.part5.tables import activation_values, activations_table

wide = sweep.wide_activations(points)
wide = sweep.run_points(wide, bases, splits, run.profile.epochs)
run.record_all(activation_values(wide))
caption = "Test accuracy (%) of QAT, mean over the same seeds."
run.show(activations_table(rows, wide), caption, digits=2)

# %% [markdown]
# They are not here: over the first three seeds both means are lower than with activations on 8 bits. Whether that is a
# loss was not tested; a gain it is not.
#
# ## The trained ranges in TensorFlow Lite
#
# TensorFlow's converter would measure the ranges again and discard those that training learned. So kwslib writes the
# file from the trained numbers. TensorFlow Lite Micro then computes our integers to within one:

# %%
from kwslib.report.part5.board import in_micro, micro_table, micro_values

eight = {bits: path for bits, path in models.items() if bits == 8}
found = {bits: in_micro(p, splits["testing"]) for bits, p in eight.items()}
for each in found.values():
    run.record_all(micro_values(each))
caption = "The first seed's 8-bit network in TensorFlow Lite Micro."
run.show(micro_table(found, rows), caption, digits=2)

# %% [markdown]
# ## The original's numbers

# %%
whole = [k for k in sweep.WIDTHS if k != "ternary"]
bounds, grid = min_max(torch.tensor([-0.6, 1.5])), symmetric_grid(8)
_, zero_point = scale_and_zero_point(bounds, grid, symmetric=True)
run.record("widest_bits", max(whole), "bit")
run.record("narrowest_bits", min(whole), "bit")
run.record("zero_point_symmetric", zero_point)
caption = "The original's quantized networks and ours."
recording.Table(run.compare_table(), caption)

# %% tags=["point", "remove-cell"]
run.finish(rows)

# %% [markdown]
# ## What was learned
#
# 1. Quantization is a scale, a zero point, a rounding and a clamp. How these are chosen, and not only the number of bits, decides what is lost.
# 2. The straight-through estimator lets a network train through the rounding. At few bits it works only if float weights are kept behind the rounded ones.
# 3. Done with care (a range for each channel, from the least squared error), PTQ holds down to few bits; QAT is worth its training at the lowest.
# 4. Fewer bits make the constants in flash smaller nearly in proportion, and save no time: the multiplications stay the same.
# 5. A file and an interpreter have to keep the trained ranges, or the training was in vain.
#
# Exercises, from five values by hand to a quantizer of your own: {doc}`../book/exercises/05`.
