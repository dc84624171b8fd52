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
# # Part 6: Pruning
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/06_pruning.ipynb)
#
# Part 5 stored each weight in fewer bits; this part removes weights: single ones, wherever they are
# (*unstructured* pruning), or whole channels of the convolution (*structured* pruning). The first keeps more
# accuracy, the second gives a smaller network that needs no special code.
#
# The notebook computes every network of this part. With the parameter `sparsity` it computes one of them; `kws sweep
# sparsity` and `kws sweep channels` do so for each, and with the parameter `swept` the notebook reads those results. `kws
# prune` removes weights of a network of your own.
#
# **For whom.** Anyone who wants to make a network smaller by removing parts of it, and to see the effect on the chip.
#
# **Afterwards you can** rank weights by five criteria and say what each assumes, explain the pruning cliff, count the
# bytes of a sparse row in three formats, and say which kind of pruning saves flash and which saves time. **You need**
# Parts 3 and 5.
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

require("notebooks", "convert", "board", "field")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept
sparsity = None  # share of the weights to remove, 0 to 1; None runs all points
criterion = ""  # by what weights or channels are ranked; "" takes ours
schedule = "gradual"  # or "one-shot"
structured = False  # remove channels in place of weights
seed = 0  # of the one point
swept = None  # folder of both finished sweeps; None runs the points here

# %% [markdown]
# ## The points
#
# A *point* of the sweep is one network: a share of the weights or channels to remove, a criterion, a schedule and a
# seed. With the parameter `sparsity` there is one; otherwise there are all those of {numref}`fig-13` and
# {numref}`fig-14`. The tables and figures below show the points that were computed. Weights are ranked by `l1`, `l2`,
# `linf`, `lamp`, `fisher` or at `random`, channels by `l1`, `l2`, `linf` or `loss`.

# %% tags=["point", "hide-input"]
from kwslib.experiments import pruning as sweep
from kwslib.record import recording

only = sweep.chosen_point(sparsity, criterion, schedule, structured, seed)
run = recording.start("06_pruning", profile, data, results, point=only)
points = sweep.grid(run.swept_seeds, only)

# %% [markdown]
# Each point starts from the network that Part 3 trained with its seed. It is pruned, tested, fine-tuned, quantized,
# and tested again:

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
from kwslib.report.part6.tables import point_values

if swept:
    rows = rows_of(swept, points, run.models)
else:
    rows = sweep.run_points(
        points, bases, splits, run.profile.epochs, run.models
    )
run.record_all(point_values(rows))

# %% [markdown]
# ## Which weights
#
# A weight near zero adds little to any sum, so the smallest are removed first; the weights of both layers are ranked
# together, by magnitude. The original names three norms for the ranking. For single weights all three are the same
# number, so they remove the same weights:

# %% tags=["nbval-check-output"]
import torch

from kwslib.pruning.saliency import importance
from kwslib.report.part6.tables import CRITERIA

single = torch.tensor([[0.3, -0.1, 0.5, 0.2]])
for norm in ("l1", "l2", "linf"):
    print(f"{CRITERIA[norm]}:", *importance(single, norm).numpy()[0].round(2))

# %% [markdown]
# They differ for groups of weights that are removed together. Of these three blocks of four, each norm keeps a
# different one longest:

# %% tags=["nbval-check-output"]
blocks = torch.tensor(
    [[3.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [2.8, 1.1, 0.0, 0.0]]
)
for norm in ("l1", "l2", "linf"):
    scores = importance(blocks, norm, block=4)[:, 0]
    shown = ", ".join(f"{score:.2f}" for score in scores)
    longest = scores.argmax().item()
    print(f"{CRITERIA[norm]}: {shown}; block {longest} stays longest")

# %% [markdown]
# Magnitudes of two layers are hard to compare: the convolution's weights are few and each is used at 500
# positions. *LAMP* {cite}`lee2021layer` divides a weight's square by the squares of all weights in its layer that are
# no smaller; the largest weight of every layer scores one, and no layer can be emptied.

# %% tags=["nbval-check-output"]
for name, weights in {
    "LAMP": single,
    "LAMP, ten times as large": 10 * single,
}.items():
    print(f"{name}:", *importance(weights, "lamp").numpy()[0].round(3))

# %% [markdown]
# ### Three norms
#
# For a group of weights $w = (w_1, \dots, w_n)$, a block, a filter or a single weight,
#
# $$\lVert w\rVert_1 = \sum_i \lvert w_i\rvert, \qquad \lVert w\rVert_2 = \sqrt{\sum_i w_i^2}, \qquad \lVert w\rVert_\infty = \max_i \lvert w_i\rvert .$$
#
# For $n = 1$ all three are $\lvert w\rvert$. So "L1 pruning of single weights" and "L2 pruning of single weights" are the same
# thing, and neither "promotes sparsity": that is said of L1 *regularisation*, a term $\lambda\lVert w\rVert_1$ in the loss,
# whose constant gradient drives small weights to zero during training. *Ranking* by a norm only sorts what is there.
# The original report gives the reason for the one as a reason for the other.
#
# The criteria as the package has them:
#
# ```{source} kwslib.pruning.saliency.importance
# ```
#
# ## Masks
#
# A pruned weight is masked: the layer computes with weight times mask, so that no step of the optimizer can bring it
# back. At the end masked weights become plain zeros in an ordinary network. Here one is pruned, trained for one step
# on noise, and its weights are counted:

# %% tags=["nbval-check-output"]
from kwslib.networks.models import ModelConfig, build
from kwslib.pruning.weights import Pruning, finish, nonzero_parameters, prune_to

network = build(ModelConfig())
prune_to(network, Pruning(0.99))
torch.optim.SGD(network.parameters(), lr=1).zero_grad()
network(torch.randn(16, 49, 40)).square().sum().backward()
torch.optim.SGD(network.parameters(), lr=1).step()
finish(network)
left = nonzero_parameters(network) - 12
print(left, "of 16,640 weights are left at 99 %, and 12 biases")

# %% [markdown]
# ## Removing single weights
#
# Each seed's network is pruned to every sparsity, tested, fine-tuned and tested again. Fine-tuning removes the
# weights gradually, many at first and few at the end {cite}`zhu2017prune`, and trains on under the final mask.

# %%
from kwslib.report.part6.tables import over_points, points_table

weights = over_points(rows, structured=False)
caption = (
    "Test accuracy by share of the weights removed, mean over seeds (95 % "
    "interval)."
)
run.show(points_table(weights), caption)

# %% mystnb={"figure": {"name": "fig-13", "caption": "Fine-tuned, accuracy stays high down to a few hundred weights; without fine-tuning it falls early. Test accuracy against non-zero parameters, mean over seeds in its 95 % interval; diamonds: the original's values (90 and 95 %: above 87 %)."}, "image": {"alt": "Two curves against the number of non-zero parameters. Without fine-tuning accuracy falls steeply below a quarter of the weights; fine-tuned it stays high down to a few hundred weights."}}
from kwslib.report.part6 import figures as draw
from kwslib.report.part6.tables import originals

draw.sparsity_curves(weights, originals("unstructured"))

# %% [markdown]
# ### The cliff
#
# Removing the smallest weights costs nearly nothing at first. Beyond some share accuracy collapses: the *pruning
# cliff*. {term}`Fine-tuning <fine-tuning>` moves the cliff; in the end accuracy collapses even so. A plausible reading, not
# tested here: a sum of many small contributions hardly matters, the errors of the weights removed at the cliff add up in
# the same logits, and the weights that remain can take over until there are too few of them.
#
# ## Which criterion
#
# The original prefers L1 because of its definition. An experiment can decide: the same networks, pruned by each
# criterion and not fine-tuned, single weights in the upper panel, blocks of four in the lower one. *Fisher* is the
# loss that a weight is expected to cost: its square times its mean squared gradient {cite}`theis2018faster`.

# %%
shares = (0.5, 0.75, 0.9, 0.95)
kinds = [(name, 1) for name in ("l1", "lamp", "fisher", "random")]
norms = ("l1", "l2", "linf", "lamp", "fisher", "random")
kinds += [(name, 4) for name in norms]
tested = (splits["training"], splits["testing"])

# %%
from kwslib.report.part6.tables import criteria_table, raw_by_criterion

table = raw_by_criterion(bases, *tested, shares, kinds)
caption = (
    "Test accuracy (%) without fine-tuning, by criterion, block size and "
    "share removed."
)
run.show(criteria_table(table), caption)

# %% mystnb={"figure": {"name": "fig-13-criteria", "caption": "Random removal falls first; a criterion that looks at the weights keeps more. Test accuracy without fine-tuning by criterion, mean over seeds: single weights, and blocks of four neighbouring weights of one output."}, "image": {"alt": "Two panels of falling curves. Random removal falls first; for blocks of four L-infinity falls below the other two norms at three quarters."}}
draw.criteria(table)

# %% [markdown]
# In this table, which has no intervals, LAMP and expected loss (*Fisher*) keep more accuracy than plain magnitude. LAMP's
# interval at 90 %, in the first table, is wider than any of these differences; which of the two keeps more changes with
# the share and the block. The original reports much less at 75 % without fine-tuning ({original}`unstructured_75_raw`)
# than L1 leaves here, by the same criterion; its network and its training are not known well enough to say why. In
# {numref}`fig-13` weights are removed a few at a time during training, ranked by LAMP up to 95 % and by Fisher from
# 98 % on, which was chosen on validation. Its points differ in more than the share: those of 98 % and more are
# trained without dropout, longer, and at three times the learning rate, on the guess that networks of a few hundred
# weights no longer memorize.

# %% [markdown]
# ## Zeros on the virtual board
#
# Zeros save nothing as long as they are stored and multiplied. So each pruned network is quantized to eight bits by
# quantization-aware training that keeps its zeros, and of its linear layer only the remaining weights are stored.
# There are several ways to do that; these are the bytes that each would take:

# %%
from kwslib.report.part6.board import export_points, formats_table

first = [point for point in points if point.seed == run.seeds[0]]
int8 = export_points(run.models, first)
sparse = {p.percent: int8[p] for p in first if not p.structured}
caption = (
    "Bytes of the linear layer's weights, by share of all weights removed "
    "and by format."
)
run.show(formats_table(sparse), caption)

# %% [markdown]
# Ours stores a weight in two bytes, its value and the gap to the one before; wider gaps are bridged by a weight of
# zero. A bitmap is smaller while many weights are left, but every one of its bits must be looked at. Gaps come four
# at a time, so that the kernel loads a word of gaps and a word of weights, and multiplies them by two SMLAD
# instructions.
#
# The linear layer has only 5 % of the multiplications, and the convolution's kernel is dense: zeros among its few
# weights are multiplied like any others. Storing the linear layer sparsely therefore cannot save more than that
# layer's share of the time. But a convolution's output that no weight reads need not be computed at all. Our
# convolution computes five neighbours at a time, and skips the groups of five that no weight reads. All three forms
# give the same logits bit for bit; only what they cost differs:

# %%
from kwslib.report.part6 import board

sparse_costs = board.measure_sparse(sparse)
even = board.break_even(sparse_costs)
run.record_all(board.sparse_values(sparse_costs))
run.record_all(board.break_even_values(even))
caption = (
    "Pruned int8 networks on the virtual board: flash of the whole "
    "firmware, time of the network."
)
run.show(board.sparse_table(sparse_costs), caption)

# %% mystnb={"figure": {"name": "fig-13-board", "caption": "Removed weights save flash, but much time only where outputs are skipped as well. Pruned networks on the virtual board: flash of the whole firmware and time of the network against the weights removed, on an axis that is logarithmic in what is left. Dotted: from where on a form costs less than the dense one."}, "image": {"alt": "Two panels. Flash of the sparse form falls from above the dense line to well below it. Time of the sparse linear layer alone falls little; with outputs skipped it falls to a fraction."}}
from kwslib.report.part6 import board_figures as draw_board

draw_board.sparse_costs(sparse_costs, even)

# %%
for what, zeros in board.break_even_named(even).items():
    print(f"{what}: breaks even at {zeros:.0f} % zeros")
if len(sparse_costs):
    share = 100 * board.convolution_share(sparse_costs)
    label = "the convolution's share of the dense network's cycles"
    print(f"{label}: {share:.0f} %")

# %% [markdown]
# A stored weight takes two bytes instead of one, so the sparse form is smaller once half of the weights are zero. A
# sparse product takes about three times as long as a dense one, so it saves time once about two thirds are zero; with
# skipping, about three quarters. If only the linear layer is sparse, the time cannot fall below the convolution's
# share. Skipping gets below it, because at high sparsity few of the 4,000 outputs are read. `kws board` and `kws eval
# board:` choose the form by themselves: sparse and skipping, where at most a third of a linear layer's weights is
# left. That saves flash; just above two thirds of zeros it still takes longer than the dense form.

# %% [markdown]
# ### How to store what is left
#
# ```{picture} sparse_formats
# One row of eight weights, three of them not zero, in four formats. Each pays for knowing where a weight belongs.
# ```
#
# Textbooks have {term}`CSR` (compressed sparse row): for each row the values, their columns, and where the row begins.
# A column takes two bytes where a row is longer than 256, so that a weight takes three. A *bitmap* takes one bit for
# each weight, zero or not; *gaps* are our format above.
#
# Hardware can help. Graphics cards since 2020 have *sparse tensor cores*: of every four neighbouring weights two must
# be zero (2:4 sparsity), and then a product takes half the time. That is a fixed share in a fixed pattern; accelerators for
# free patterns exist mostly in papers. A Cortex-M4 has neither, only a loop that skips.
#
# ## Channels: what is removed
#
# Removing a channel of the convolution also removes its filter and the 2,000 linear weights that read it. The linear layer
# reads its input position by position, all channels of one position together, so every eighth column goes. What
# is left is an ordinary network, only narrower, and computes what the whole one did with that channel silenced:

# %% tags=["nbval-check-output"]
from kwslib.pruning.channels import keep_channels
from kwslib.report.words import yes_no

whole, clips = build(ModelConfig()).eval(), torch.randn(16, 49, 40)
small = keep_channels(whole, [0, 2, 5, 7])
silenced = build(ModelConfig()).eval()
silenced.load_state_dict(whole.state_dict())
for tensor in (silenced.conv.weight, silenced.conv.bias):
    tensor.data[[1, 3, 4, 6]] = 0
equal = torch.allclose(small(clips), silenced(clips), atol=1e-5)
print("narrow and silenced agree:", yes_no(equal))

# %% [markdown]
# Everything that can be counted falls with the channels, in equal steps:

# %% tags=["nbval-check-output"]
from kwslib.report.part6.tables import widths_table

recording.Table(widths_table(), "TinyConv by channels left.", digits=0)

# %% [markdown]
# The original removes 0 to 90 % of the channels. Its thresholds are rounded to whole channels; 20 and 25 % are
# the same network. The FLOPs it states for 90 % are those of the one channel that is left.

# %% tags=["nbval-check-output"]
from kwslib.pruning.channels import THRESHOLDS, channels_left
from kwslib.report.words import counted

for share in THRESHOLDS:
    print(
        f"{share:2} % removed:",
        counted(channels_left(share), "channel"),
        "left",
    )

# %% [markdown]
# Which channels to remove is decided by the norm of their filters, or from data: each time the channel whose removal
# raises the loss over training clips least. Before any fine-tuning, the two differ widely:

# %%
from kwslib.report.part6.tables import channels_by_criterion

by_criterion = channels_by_criterion(bases, *tested)
caption = (
    "Test accuracy (%) without fine-tuning by criterion (rows) and channels"
    " left, mean over seeds."
)
run.show(by_criterion, caption)

# %% [markdown]
# ```{picture} channel_columns
# A channel is a filter of the convolution, a map of its output, and every eighth column of the linear layer. Removing it
# removes all three.
# ```
#
# In code this is a selection of rows and columns:
#
# ```{source} kwslib.pruning.channels.keep_channels
# ```
#
# Why do channels cost more accuracy than as many single weights before fine-tuning? As many weights are removed, but not those that
# matter least: a channel is kept or removed as a whole, its important weights with its unimportant ones, which leaves
# fewer networks to choose from. In return the result is an ordinary network, dense and narrow, that needs no format
# and no kernel of its own: less RAM, because its output maps are fewer, less time on any processor whose time is
# arithmetic, and less energy, which on this chip follows the time.
#
# ## Removing channels
#
# Every seed's network with all channels down to one: the table has accuracy before and after fine-tuning, the figure sets it against
# parameters and operations, and shows the time on a computer.

# %%
channels = over_points(rows, structured=True)
caption = "Test accuracy by channels left, mean over seeds (95 % interval)."
run.show(points_table(channels), caption)

# %% mystnb={"figure": {"name": "fig-14", "caption": "Fine-tuned, accuracy falls slowly with the channels; a computer's CPU gains hardly any time by their removal. Test accuracy of 8 to 1 channels against parameters and FLOPs, mean over seeds in its 95 % interval (diamonds: the original's value for half of the channels), and CPU latency (PyTorch, one thread; dots: medians, bars: quartiles)."}, "image": {"alt": "Panels of falling curves, and of times. Against parameters and FLOPs, fine-tuned accuracy falls slowly from eight channels to two and more at one; without fine-tuning it falls from the first channel removed. The CPU latencies are in no order of the widths."}}
from kwslib.report.part6.tables import cpu_latencies, latency_values

times = cpu_latencies()
run.record_all(latency_values(times))
draw.channel_curves(channels, times, originals("channels"))

# %% [markdown]
# The original's time on a desktop processor follows the channels. Ours is in no order of theirs: one channel takes
# PyTorch about as long as eight, or longer, so little of its time can be arithmetic. On the
# virtual board, below, time does follow the channels.

# %% [markdown]
# ## Channels on the virtual board
#
# A narrow network needs no special kernel. Flash, RAM and time all fall with the channels:

# %%
narrow_costs = board.measure({p.kept: int8[p] for p in first if p.structured})
run.record_all(board.channel_values(narrow_costs))
caption = (
    "Narrow int8 networks on the virtual board: the whole firmware's "
    "memory, the network's time."
)
run.show(board.channels_table(narrow_costs), caption)

# %% mystnb={"figure": {"name": "fig-15-memory", "caption": "Each channel removed saves flash, and a little RAM. Both of the whole firmware, by channels left."}, "image": {"alt": "Two falling lines: flash falls by two kilobytes with each channel, RAM by less than one."}}
draw_board.memory_by_channels(narrow_costs)

# %% [markdown]
# The original timed three of them on its board, and spoke to each twenty times. Ours are timed on the virtual board and
# hear the first five hundred of Part 4's simulated trials, all three the same ones:

# %%
from kwslib.report.part6 import field

heard = field.in_field(run, field.channel_files(run.models, narrow_costs))
run.record_all(field.field_values(heard))
by_share = board.removed_table(narrow_costs)
answers = field.field_table(heard)
caption = (
    "By share of the channels removed: time of the network, the original's "
    "measured, ours by the cycle model; accuracy in the field (%), the "
    "original's of 20 trials, ours simulated."
)
run.show(field.with_times(by_share, answers), caption)

# %% mystnb={"figure": {"name": "fig-15", "caption": "Half of the channels take our network little more than half of the time; on the original's board they saved little. By share of the channels removed: time of the network, the original's measured on its board (diamonds) and ours by the cycle model (dots), with what is saved against the whole network; and accuracy in the field, the original's of twenty live trials, ours of simulated ones with Wilson intervals."}, "image": {"alt": "Two panels. The original's times fall slowly, ours fall nearly by half. In the field the original's accuracy falls steeply with the channels, ours by a few points, with bars that overlap."}}
draw_board.removed_channels(by_share, answers)

# %% [markdown]
# In the field, our network with half of the channels is right a few points less often. On the same trials all channels
# alone are right {recorded}`96_trials/tinyconv_channels_8, tinyconv_channels_4: only tinyconv_channels_8` times and half of them alone
# {recorded}`96_trials/tinyconv_channels_8, tinyconv_channels_4: only tinyconv_channels_4` times, which McNemar's test tells apart, though only
# just; each is one training run. The original's twenty trials a network are too few to say how much it lost. With half of the channels the original's
# time fell by {original}`board_time_saved`. Part 4 analyses this: a straight line through its three times has 56 ms
# at no channels at all, and 3.9 ms for each. What is fixed in ours is widening the input, well below a millisecond:

# %%
lines = board.fixed_and_per_channel(narrow_costs)
for name, (fixed, each) in lines.items():
    print(f"{name:9} {fixed:.1f} ms + {each:.2f} ms per channel")

# %% [markdown]
# ## Everything together
#
# Here are all networks of Parts 3, 5 and 6, sparse, narrow, on fewer bits, or both narrow and ternary, with their
# size, time and accuracy. All are quantized by training; pruned ones keep their zeros. Which are best is chosen on
# validation clips and reported on test clips: from the smallest on, the line goes to the next network whose
# validation interval lies above that of the one before it.

# %%
named = [point.name for point in first if "ternary" in point.widths]
ternary = board.measure(board.ternary_networks(run.models, named))
run.record_all(board.ternary_values(ternary))

# %%
from kwslib.report.part6 import trade_off

quantized = run.recorded("05_quantization")
costs = sparse_costs, narrow_costs, ternary
networks = trade_off.models(quantized, rows, *costs)
trade_off.write(run, networks)
caption = (
    "The networks that are best by bytes or by time: accuracy (95 % "
    "interval over seeds), constants in flash, time."
)
run.show(trade_off.shown(networks), caption)

# %% mystnb={"figure": {"name": "fig-trade-off", "caption": "Accuracy rises to a plateau, on which more bytes and more time bring little. Test accuracy (mean over seeds, 95 % interval) against the bytes of a network's constants in flash, and against its time on the virtual board. The line joins the best, chosen on validation: each lies above the one before it there by more than both intervals; ch: channels."}, "image": {"alt": "Two panels of points in four colours rising from the lower left to a plateau at the upper right, with a stepped line along the best of them."}}
draw_board.trade_off(networks)

# %% [markdown]
# [The whole table](../book/results/06_trade_off.csv) is a CSV file.
#
# ```{widget} trade_off
# Every network of this book whose time on the board is recorded: point at one, or reach it by keyboard, for its name,
# accuracy with its interval, time and flash. Narrow networks on ternary weights have no firmware recorded, so they stand on
# the axis of time alone.
# ```

# %% [markdown]
# ## The original's numbers
#
# The original reads from its curves where accuracy falls. We say that it has fallen at the first share that costs more
# than five points, as a mean over seeds, and that fine-tuning no longer helps beyond the last share of channels that
# costs less, though it does help there; how the original read its curves is not said, so these rows compare two
# definitions. Without fine-tuning the original ranks by L1, and our row by LAMP.

# %%
from kwslib.report.part6.tables import reach_values

run.record_all(reach_values(rows))
caption = "The original's pruned networks and ours."
recording.Table(run.compare_table(), caption, digits=2)

# %% tags=["point", "remove-cell"]
run.finish(rows)

# %% [markdown]
# ## What was learned
#
# 1. For single weights L1, L2 and L-infinity are the same ranking. They differ only for groups.
# 2. Without fine-tuning there is a cliff. With it, most of the weights of this network can be removed for a few points of accuracy.
# 3. Zeros save nothing by themselves: they need a format to save flash, and a kernel, or outputs that no weight reads, to save time.
# 4. Without fine-tuning, removing half of the channels costs more accuracy than removing half of the single weights; after it, no difference is clear before one channel is left. It saves flash, RAM and time without any special code.
# 5. Which network is best depends on what is scarce. Choose on validation clips, and beware of differences smaller than their intervals.
#
# Exercises, from one row by hand to a spotter of one kilobyte: {doc}`../book/exercises/06`.
