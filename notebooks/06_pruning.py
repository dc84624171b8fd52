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
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/main/notebooks/06_pruning.ipynb)
#
# Part 5 made the weights of the network shorter; this part makes them fewer. Single weights can go, wherever
# they are (*unstructured* pruning), or whole channels of the convolution (*structured* pruning). The first leaves
# more accuracy, the second leaves a smaller network that any processor runs faster.
#
# The notebook runs the whole sweep. With a `sparsity` it runs that one point: `kws sweep sparsity` and `kws sweep
# channels` do so for every point, and with `swept` the notebook takes its rows from there.

# %% tags=["hide-input"]
# On Colab this installs kwslib; elsewhere it does nothing.
from importlib.util import find_spec

if find_spec("kwslib") is None:
    get_ipython().run_line_magic("pip", "install -q 'kwslib[convert,board,field] @ git+https://github.com/kwslib/kwslib'")  # noqa: F821

# %% tags=["parameters"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept
sparsity = None  # share of the weights to remove, 0 up to 1; None runs every point
criterion = ""  # "l1", "l2", "linf", "lamp", "fisher", "random"; of channels "l1", "l2", "linf", "loss"; "" takes ours
schedule = "gradual"  # or "one-shot"
structured = False  # remove channels in place of weights
seed = 0  # of the one point
swept = None  # folder of a finished `kws sweep sparsity` and `kws sweep channels`; None runs the points here

# %% tags=["point"]
from kwslib.compression.pruning_sweep import Point, grid
from kwslib.report import recording

one = None if sparsity is None else Point(sparsity, criterion, schedule, structured, seed)
run = recording.start(
    f"06_pruning_{one.name}" if one else "06_pruning", profile, data, results, [one.seed] if one else None
)
points = [one] if one else grid(run.seeds)

# %% [markdown]
# ## Which weights
#
# A weight near zero adds little to any sum, so the smallest go first: those of both layers are ranked together,
# by magnitude. The original names three norms to rank them by. For single weights all three are the same number,
# so they remove the same weights:

# %%
# NBVAL_CHECK_OUTPUT
import torch

from kwslib.compression.saliency import importance

single = torch.tensor([[0.3, -0.1, 0.5, 0.2]])
for norm in ("l1", "l2", "linf"):
    print(f"{norm:4}", importance(single, norm).round(decimals=2).tolist()[0])

# %% [markdown]
# They differ on groups of weights that go together. Of these three blocks of four, each norm prefers another:

# %%
# NBVAL_CHECK_OUTPUT
blocks = torch.tensor([[3.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [2.8, 1.1, 0.0, 0.0]])
for norm in ("l1", "l2", "linf"):
    score = importance(blocks, norm, block=4)[:, 0]
    print(f"{norm:4} {score.round(decimals=2).tolist()}: block {score.argmax().item()} stays longest")

# %% [markdown]
# Magnitudes of two layers are hard to compare: the convolution's weights are few and each is used at 500
# positions. *LAMP* {cite}`lee2021layer` divides a weight's square by the squares of all weights in its layer that are
# no smaller; the largest weight of every layer scores one, and no layer can be emptied.

# %%
# NBVAL_CHECK_OUTPUT
print("LAMP", importance(single, "lamp").round(decimals=3).tolist()[0])
print("LAMP, ten times as large", importance(10 * single, "lamp").round(decimals=3).tolist()[0])

# %% [markdown]
# ## Masks that hold
#
# A pruned weight is masked: the layer computes with weight times mask, so nothing that the optimizer does can
# bring it back. At the end masked weights become plain zeros, and an ordinary network is left. Here one is
# pruned, trained for a moment on noise, and counted:

# %%
# NBVAL_CHECK_OUTPUT
from kwslib.networks.models import ModelConfig, build
from kwslib.pruning import Pruning, finish, nonzero_parameters, prune_to

network = build(ModelConfig())
prune_to(network, Pruning(0.99))
torch.optim.SGD(network.parameters(), lr=1).zero_grad()
network(torch.randn(16, 49, 40)).square().sum().backward()
torch.optim.SGD(network.parameters(), lr=1).step()
finish(network)
print(nonzero_parameters(network) - 12, "of 16,640 weights are left at 99 %, and 12 biases")

# %% [markdown]
# ## Single weights: Figure 13
#
# Each seed's network is pruned to every sparsity, tested, fine-tuned and tested again. Fine-tuning removes the
# weights gradually, many at first and few at the end {cite}`zhu2017prune`, and trains on under the final mask.

# %% tags=["point"]
from kwslib.compression.pruning_sweep import run_points
from kwslib.features.dataset import feature_splits
from kwslib.networks.recipes import setup
from kwslib.report.pruning import base_models, over_points, points_table, record_points
from kwslib.sweeps.table import rows_of

made, bases = setup("tinyconv", run.profile.epochs), base_models(run)
splits = feature_splits(run.corpus, made.protocol, made.augmentation)
if swept:
    rows = rows_of(swept, points, run.models)
else:
    rows = run_points(points, bases, splits, run.profile.epochs, run.models)

# %% tags=["point"]
record_points(run, rows)
run.show(points_table(over_points(rows, False)), "Test accuracy by share of the weights removed, mean over seeds (95 % interval).")

# %% mystnb={"figure": {"name": "fig-13", "caption": "Figure 13. Test accuracy against non-zero parameters, mean over seeds in its 95 % interval, with and without fine-tuning; diamonds: the original's values (90 and 95 %: above 87 %)."}, "image": {"alt": "Two curves against the number of non-zero parameters. Without fine-tuning accuracy falls steeply below half of the weights; fine-tuned it stays high down to a few hundred weights."}}
from kwslib.figures import pruning as draw
from kwslib.report.pruning import originals

draw.sparsity_curves(over_points(rows, False), originals("unstructured"))

# %% [markdown]
# ## Which criterion
#
# The original prefers L1 by its definition. An experiment decides it: the same networks, pruned by each
# criterion and not fine-tuned, single weights above, blocks of four below.

# %%
from kwslib.report.pruning import raw_by_criterion

shares = (0.5, 0.75, 0.9, 0.95)
kinds = [(name, 1) for name in ("l1", "lamp", "fisher", "random")]
kinds += [(name, 4) for name in ("l1", "l2", "linf", "lamp", "fisher", "random")]
table = raw_by_criterion(bases, splits["training"], splits["testing"], shares, kinds)
run.show(table, "Test accuracy (%) without fine-tuning, by criterion, block size and share removed.")

# %% mystnb={"figure": {"name": "fig-13-criteria", "caption": "Test accuracy without fine-tuning by criterion, mean over seeds: single weights, and blocks of four neighbouring weights of one output."}, "image": {"alt": "Two panels of falling curves. Random removal falls first; for blocks of four the three norms lie close together."}}
draw.criteria(table)

# %% [markdown]
# ## Channels: what is removed
#
# A convolution channel takes its filter and the 2,000 linear weights that read it along. The linear layer
# reads its input position by position, all channels of one position together, so every eighth column goes. What
# is left is an ordinary network, only narrower, and computes what the whole one did with that channel silenced:

# %%
# NBVAL_CHECK_OUTPUT
from kwslib.compression.channels import narrow

whole, clips = build(ModelConfig()).eval(), torch.randn(16, 49, 40)
silenced, small = build(ModelConfig()).eval(), narrow(whole, [0, 2, 5, 7])
silenced.load_state_dict(whole.state_dict())
for tensor in (silenced.conv.weight, silenced.conv.bias):
    tensor.data[[1, 3, 4, 6]] = 0
print(f"narrow equals silenced: {torch.allclose(small(clips), silenced(clips), atol=1e-5)}")

# %% [markdown]
# Everything that can be counted falls with the channels, in equal steps:

# %%
# NBVAL_CHECK_OUTPUT
from kwslib.report.pruning import widths_table

recording.Table(widths_table(), "TinyConv by channels left.", digits=0)

# %% [markdown]
# The original removes 0 to 90 % of the channels. Its thresholds are rounded to whole channels; 20 and 25 % are
# the same network. The FLOPs it states for 90 % are those of the one channel that is left.

# %%
# NBVAL_CHECK_OUTPUT
from kwslib.compression.channels import THRESHOLDS, channels_left

print(", ".join(f"{share} %: {channels_left(share)}" for share in THRESHOLDS))

# %% [markdown]
# Which channels go is decided by the norm of their filters or from data: always the channel whose absence costs
# the least loss over training clips. Before any fine-tuning, the two are far apart:

# %%
from kwslib.report.pruning import channels_by_criterion

by_criterion = channels_by_criterion(bases, splits["training"], splits["testing"])
run.show(by_criterion, "Test accuracy (%) without fine-tuning by criterion (rows) and channels left, mean over seeds.")

# %% [markdown]
# ## Channels: Figure 14

# %%
run.show(points_table(over_points(rows, True)), "Test accuracy by channels left, mean over seeds (95 % interval).")

# %% mystnb={"figure": {"name": "fig-14", "caption": "Figure 14. Test accuracy against parameters, FLOPs and CPU latency (PyTorch, one thread; dots: medians, bars: quartiles) of 8 to 1 channels, mean over seeds in its 95 % interval; diamonds: the original's value for half of the channels."}, "image": {"alt": "Three panels. Fine-tuned accuracy falls slowly from eight channels to one; without fine-tuning it falls from the first channel removed."}}
from kwslib.report.pruning import cpu_latencies

draw.channel_curves(over_points(rows, True), cpu_latencies(run), originals("channels"))

# %% [markdown]
# ## The original's numbers

# %%
recording.Table(run.compare_table(), "The original's pruned networks and ours.", digits=2)

# %% tags=["point"]
run.finish(rows if one else None)
