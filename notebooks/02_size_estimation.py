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
# # Part 2: Model size estimation
#
# [![Open in Colab](../book/_static/colab.svg)](https://colab.research.google.com/github/kwslib/kwslib/blob/v0.2.0/notebooks/02_size_estimation.ipynb)
#
# Before a network is trained, three numbers decide whether a microcontroller can hold it: the bytes of its weights in
# flash, the bytes of its activations in RAM, and the operations of one inference. None of them needs data. This part
# counts them in several ways, compares them with published networks, and times the network on a computer. It works
# for every network that kwslib has (its *zoo*): the parameter `arch` names one.
#
# **For whom.** Anyone who has to decide whether a network fits a chip, before training it.
#
# **Afterwards you can** count parameters, operations and bytes of a network by hand, say what belongs in flash and
# what in RAM, and explain why a GPU gains little on one clip. **You need** the picture of {doc}`../book/primer`, and of
# Part 1 only {numref}`fig-microfrontend`: what a network sees.
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

require("notebooks", "convert")

# %% tags=["parameters", "hide-input"]
profile = None  # "quick" or "report"; None asks $KWS_PROFILE
data = None  # a folder of clips in Speech Commands' layout
results = None  # where values and models are kept
arch = "tinyconv"  # or "dscnn", "tenet", "teacher"

# %% tags=["hide-input"]
from kwslib.record import recording

run = recording.start("02_size_estimation", profile, data, results)

# %% [markdown]
# ## Two memories
#
# ```{picture} memory_map
# The chip's memories to scale, and what the firmware of Part 4 takes of each.
# ```
#
# *{term}`Flash <flash>`* keeps its content without power. It is written when the chip is programmed and then only
# read. It holds the program and everything constant, above all the weights. *{term}`RAM`* is small, fast, and empty
# after power is lost. It holds what changes: the audio, the {term}`activations <activation>` and the stack. On a
# computer both would be "memory"; here a network can fit into one and not into the other. There is no disk to fall
# back on: what does not fit does not run.
#
# ## The network
#
# ```{picture} tinyconv
# TinyConv to scale. The filter looks at 10 frames and 8 channels at once, everywhere alike; the linear layer has a weight for
# every value of every map.
# ```
#
# In PyTorch these are ten lines. The input gets *zeros around its edge* (padding), so that the filter covers the edge
# too; a *stride* of 2 moves the filter by two frames or channels, which leaves 25 × 20 positions; *{term}`ReLU`*
# makes negative values zero; *dropout* sets a random part of the values to zero, only in training. `permute` puts
# the 8 channels of a position side by side, the order in which the chip stores them ({term}`NHWC`).
#
# ```{source} kwslib.networks.tinyconv.TinyConv
# ```
#
# ## Parameters and operations
#
# TinyConv is one convolution, ReLU, dropout and one linear layer. Its input is a picture of one second of
# sound, 49 frames by 40 mel channels. A multiply-accumulate (MAC) is one multiplication and one addition;
# the original counts the two separately, and one more addition for each output that has a bias.

# %% tags=["nbval-check-output"]
from kwslib.measure.profiling import costs
from kwslib.networks.models import ModelConfig, build

config = ModelConfig(arch)
counts = costs(build(config))
print(
    f"{counts.parameters:,} parameters, {counts.macs:,} MACs,",
    f"{counts.flops:,} FLOPs",
)

# %% tags=["nbval-check-output"]
from kwslib.report.part2.tables import layer_table

caption = "Operations of one inference in order; bytes of a float32 output."
recording.Table(layer_table(counts), caption)

# %% [markdown]
# Nearly all the work is in the convolution, and nearly all the weights are in the linear layer, so the two are
# reduced by different means. Parts 5 and 6 make the weights smaller and fewer; only fewer channels, as in structured
# pruning (Part 6), reduce the operations.
#
# Counting is easy to get wrong, so an independent counter checks ours: PyTorch's own, which watches the operations
# that run.

# %% tags=["nbval-check-output"]
import torch
from torch.utils.flop_counter import FlopCounterMode

from kwslib.report.words import yes_no

with FlopCounterMode(display=False) as counter, torch.no_grad():
    build(config).eval()(torch.zeros(1, 49, 40))
theirs = counter.get_total_flops() // 2
equal = yes_no(theirs == counts.macs)
print(f"PyTorch counts {theirs:,} MACs, we {counts.macs:,}; equal: {equal}")

# %% [markdown]
# *Batch size.* All counts are for one clip, a batch of one, because a chip hears one second at a time. A batch of 128 would do 128
# times the operations with the same weights, and keep 128 times the activations.
#
# ## Flash
#
# Float weights take four bytes each. In an int8 network weights take one byte, biases four.

# %% tags=["nbval-check-output"]
from kwslib.report.part2.tables import flash_table

caption = "Weights, and their share of 1,048,576 bytes of flash."
recording.Table(flash_table(counts), caption, digits=2)

# %% [markdown]
# ## RAM, counted in three ways
#
# *Every output kept.* The original's estimator adds up the float output of every operation, as training needs them.
# The reshape counts too, though it moves no data, and so does dropout, which does nothing at inference.
#
# *Alive at once.* A tensor is needed from the operation that writes it to the last one that reads it. The largest sum
# over the run is the least that a good memory plan needs.
#
# *Measured.* TensorFlow Lite Micro places all tensors in one block of memory, its {term}`arena`, and keeps its
# bookkeeping there. Its real interpreter runs here on the exported int8 network. The weights are untrained: neither
# size nor speed depends on their values.

# %% tags=["nbval-check-output"]
from pathlib import Path
from tempfile import TemporaryDirectory

from kwslib.report.part2.tables import export_untrained

folder = TemporaryDirectory()
exported = export_untrained(config, Path(folder.name))
kinds = ", ".join(dict.fromkeys(exported.operators))
print(len(exported.operators), "operators:", kinds)

# %% [markdown]
# The exported file is read back and counted too: the same MACs, and the same tensors alive.

# %% tags=["nbval-check-output"]
from kwslib.measure.profiling import file_costs

from_file = file_costs(exported.tflite_int8)
alive = from_file.peak_live_bytes("int8")
print(f"{from_file.macs:,} MACs, {alive:,} B alive at once")

# %%
from kwslib.deployment.litert import tflm_arena_bytes
from kwslib.report.part2.tables import count_values, memory_table

arena = tflm_arena_bytes(exported.tflite_int8)
run.record_all(count_values(counts))
run.record("tflm_arena_bytes", arena, "B")
caption = "Memory of one inference, and its share of 262,144 bytes of RAM."
recording.Table(memory_table(counts, arena), caption, digits=2)

# %% mystnb={"figure": {"name": "fig-02-memory", "caption": "What is alive at once takes a fraction of what all outputs take together. Memory of one inference: every output kept; alive at once, in float32 and in int8; and measured. Each segment is a tensor; grey is what TensorFlow Lite Micro's arena holds beside them (on a 64-bit host)."}, "image": {"alt": "Four horizontal bars. The bar of all outputs kept is several times longer than those of what is alive at once, and int8 is a quarter of float32."}}
from kwslib.report.part2 import figures as draw

draw.memory_ways(counts, arena)

# %% mystnb={"figure": {"name": "fig-02-live", "caption": "The first convolution needs the most memory, since it holds its input and its output together. Tensors alive while each operation of the int8 network runs, from first to last; the dashed line is the peak."}, "image": {"alt": "One row per operation, its live tensors as segments; the first convolution, which holds input and output together, reaches the dashed peak."}}
draw.live_tensors(counts, "int8")

# %% [markdown]
# Counting every output gives several times what inference needs. The board will hold the int8 network, whose
# activations are a few kilobytes; the rest of the RAM is free for audio and for the stack.
#
# So there is no risk of running out of memory while it runs: unlike a program on a computer, the firmware allocates nothing at run time. Its
# arrays have fixed sizes, and a network that is too large is refused when the firmware is linked, not on the device.
#
# ## The original's numbers
#
# The original divides thousands of bytes by 1,024 for the flash and by 256 for the RAM. Its shares are therefore a
# little higher than those of the board's true capacity in the tables above; the table computes them in its way, so
# that they can be compared.

# %%
names = ["parameters", "weights_bytes_float32", "flash_share_percent"]
names += ["forward_memory_bytes", "ram_share_percent", "flops"]
caption = "The original's network and ours."
recording.Table(run.compare_table(names), caption)

# %% [markdown]
# ## Among published networks
#
# The original compares TinyConv with two networks of *Hello Edge* {cite}`zhang2017hello`. The table has its
# feed-forward, convolutional and convolutional-recurrent ones, and what came after: residual networks
# {cite}`tang2018deep,xu2020depthwise`, attention over a recurrent layer
# {cite}`andrade2018neural,rybakov2020streaming`, convolutions in time
# {cite}`choi2019temporal,li2020small,majumdar2020matchboxnet`, broadcast residuals {cite}`kim2021broadcasted`,
# transformers {cite}`berg2021keyword`, the reference of a benchmark {cite}`banbury2021mlperf`, and networks with
# binary features {cite}`svirsky2024sparknet`. Their accuracies are on 12 classes (MatchboxNet's, on all words, are
# left out) and ours on four, so only the sizes can be compared, not the accuracies. The sizes of *Hello Edge* were counted from its published training commands, the
# others are as stated, most of them in the comparison of {cite:t}`kim2021broadcasted`.

# %% tags=["nbval-check-output"]
from kwslib.report.part2.tables import published_models, published_table, zoo

published = published_models()
caption = (
    "Published networks: MACs for one second, accuracy on version 1 or 2 of"
    " Speech Commands."
)
recording.Table(published_table(published), caption)

# %% mystnb={"figure": {"name": "fig-02-landscape", "caption": "TinyConv and tenet have fewer weights than at least four in five published networks, and compute less. Size against work: published networks (a dotted line joins the sizes of one family) and ours (stars)."}, "image": {"alt": "Log-log scatter of parameters and multiply-accumulates. Our TinyConv and tenet lie at the lower left, among the smallest in both."}}
draw.landscape(published, zoo())

# %% [markdown]
# The star *teacher* is a tenet with more channels and no strides, meant to teach smaller networks; Part 8 has its accuracy and
# its time.
#
# An accuracy means something only next to the work that it takes, and only within its task. The picture has one panel
# for each task: ten words are harder than two, and this book trains no network of its own on ten words.
#
# ```{picture} landscape
# More work buys accuracy, with less and less return. Above: published networks that state both, as their sources do, on
# 12 classes of either version of Speech Commands. A dashed line joins a family; those without a name are in the table. The
# larger a dot, the more bytes its weights take in int8. Below: networks of this book on four classes, as recorded. No figure
# of one panel is compared with one of the other.
# ```
#
# TinyConv is small among published networks, but no exception: the table has smaller ones. Networks whose MACs no source states are in the table and not in the figure;
# accuracies that we did not find are left out. How accurate a network of a given size becomes, only training can
# show.
#
# The original compares its 0.68 million operations with the 5.4 million of the DS-CNN of *Hello Edge*: one eighth.
# That matters for a device that *always* listens, since every operation takes energy, whether anybody speaks or not.
# What the smaller network loses in accuracy cannot be read from this table, since the tasks differ.
#
# ### Why a GPU gains little on one clip
#
# A {term}`GPU` has thousands of arithmetic units, and each call of an operation (a *kernel launch*) takes
# microseconds before any of them starts. TinyConv's multiplications would keep such a card busy for less than a
# microsecond. So for one clip one measures only the launches, and a card a hundred times as fast would take as long.
# With a batch of thousands of clips the same card is far ahead. A CPU has fewer units, a higher clock and hardly any
# launch overhead, so on one clip it falls behind by far less than its arithmetic does (the times below); the
# microcontroller has one unit, a fiftieth of the clock, and a ten-thousandth of the power.
#
# ## Time on a computer
#
# One clip at a time, one thread, after a warm-up; the median and the spread over many runs. PyTorch runs
# the network as written, the others the exported files.

# %%
from kwslib.measure import latency
from kwslib.report.part2.tables import latency_table

measured = [latency.pytorch(build(config)), latency.onnxruntime(exported.onnx)]
measured += map(latency.litert, (exported.tflite_float, exported.tflite_int8))
if torch.cuda.is_available():
    measured += latency.cuda(build(config))
else:
    print("There is no GPU here;", end=" ")
    print("the GPU's time in the figure is the original's.")
recording.Table(latency_table(measured), "One inference; all times in µs.")

# %% mystnb={"figure": {"name": "fig-02-latency", "caption": "In float32, ONNX Runtime and LiteRT take a fraction of PyTorch's time. One inference by runtime: median (dot), quartiles (thick), 5th to 95th percentile (thin). Diamonds: the original's TinyConv on Colab's CPU and, as CUDA time, on its T4 GPU."}, "image": {"alt": "Rows of runtimes with short intervals on a logarithmic axis; ONNX Runtime and LiteRT lie well to the left of PyTorch."}}
from kwslib.record.comparison import load_original

original = load_original()
theirs = {
    "PyTorch": 1000 * original["cpu_latency"].value,
    latency.CUDA_GRAPH: original["gpu_latency"].value,
}
draw.latencies(measured, original=theirs)

# %% [markdown]
# The same arithmetic takes ONNX Runtime and LiteRT a fraction of PyTorch's time. With so little work in each
# operation, PyTorch may spend most of its time calling them; we did not measure that. In LiteRT, int8 took more
# than twice as long as float32 on the computer that recorded this, and we have not found out why. All these are times
# of one computer, with whatever else ran on it at that moment: Parts 4 and 6 time the same network again and get other
# values, so read them as orders of magnitude. On a GPU, replaying a captured CUDA graph avoids the calls, which is
# nearest to the original's CUDA time. No GPU was at hand when this page was recorded; on an H100, `python
# benchmarks/gpu.py` gave {recorded}`93_gpu/gpu_latency_us` for the graph and {recorded}`93_gpu/gpu_called_us` with
# the calls: for so small a network, the calls take most of its time. None of this predicts the microcontroller,
# where the arithmetic itself is the bottleneck; Part 4 counts its cycles.

# %% tags=["remove-cell"]
from kwslib.report.part2.tables import latency_values

run.record_all(latency_values(measured))
run.finish()

# %% [markdown]
# ## What was learned
#
# 1. Nearly all multiplications are in the convolution, nearly all weights in the linear layer.
# 2. Weights go to flash, activations to RAM. RAM must hold what is alive at once, not the sum of all tensors.
# 3. By both measures TinyConv is small for the chip: there is room for a larger network.
# 4. Latency on a computer says little about latency on the chip; how much of a CPU's time is arithmetic and how much calls was not measured.
# 5. Counting two or three ways finds mistakes: a counter of our own, PyTorch's, the exported file's, and TensorFlow Lite Micro's arena.
#
# Exercises, from TinyConv's multiplications by hand: {doc}`../book/exercises/02`.
