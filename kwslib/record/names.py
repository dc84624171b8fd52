"""Names under which values and models are recorded: a function for each family of names, used to write and to read.

A *point* is a run of a sweep, a *network* one that runs on the board: "channels_4", "sparse_90", "3bit", "ternary".
"""


def width(bits: int | str) -> str:
    """Name of a weight width: 3bit, ternary."""
    return bits if isinstance(bits, str) else f"{bits}bit"


def quantized(bits: int | str, method: str = "qat", recipe: str = "ours") -> str:
    """A point of Part 5: qat_3bit, ptq_original_3bit, qat_ternary."""
    words = [] if recipe == "ours" else recipe.replace(",", "").split()
    return "_".join([method, *words, width(bits)])


def unstructured(percent: float) -> str:
    """A point of Part 6, by the percentage of weights removed: unstructured_90."""
    return f"unstructured_{percent:g}"


def sparse(percent: float) -> str:
    """The network of `unstructured(percent)` in sparse format: sparse_90."""
    return f"sparse_{percent:g}"


def channels(left: int) -> str:
    """A point of Part 6, and its network, by the number of remaining channels: channels_4."""
    return f"channels_{left}"


def ternary(network: str) -> str:
    """A narrow network with ternary weights: channels_4_ternary."""
    return f"{network}_ternary"


def seed_checkpoint(seed: int | str, arch: str = "tinyconv") -> str:
    """File of a network of Part 3: tinyconv_seed0.pt."""
    return f"{arch}_seed{seed}.pt"


def seed_tflite(seed: int | str, arch: str) -> str:
    """The same in int8: tenet_causal_seed0.tflite."""
    return tflite(f"{arch}_seed{seed}")


def tflite(network: str) -> str:
    """File of a network in int8, of its first seed where it has several: tinyconv.tflite."""
    return f"{network}.tflite"


def for_field(arch: str) -> str:
    """A network trained for the field: tenet_wide_field."""
    return f"{arch}_field"


def field_tflite(arch: str, seed: int = 0) -> str:
    """File of a network trained for the field, in int8: tenet_wide_field.tflite; of other seeds than the first:
    tenet_wide_field_seed3.tflite."""
    return seed_tflite(seed, for_field(arch)) if seed else tflite(for_field(arch))


def field_checkpoint(arch: str) -> str:
    """The checkpoint next to that of the first seed: tenet_wide_field.pt."""
    return f"{for_field(arch)}.pt"


def quantized_checkpoint(bits: int | str, method: str = "qat") -> str:
    """File of a network of Part 5: tinyconv_qat3.pt, tinyconv_qat_ternary.pt."""
    return f"tinyconv_{method}_{bits}.pt" if isinstance(bits, str) else f"tinyconv_{method}{bits}.pt"


def pruned_checkpoint(point: str, bits: int | str | None = None) -> str:
    """File of a network of Part 6, in float or quantized: tinyconv_channels_4.pt, tinyconv_channels_4_qat_8.pt."""
    return f"tinyconv_{point}.pt" if bits is None else f"tinyconv_{point}_{qat(bits)}.pt"


def pruned_tflite(point: str) -> str:
    """The file of a network of Part 6 in int8."""
    return tflite(f"tinyconv_{point}")


def qat(bits: int | str) -> str:
    """A stage of a point of Part 6, after quantization-aware training: qat_8."""
    return f"qat_{bits}"


def qat_validation(bits: int | str) -> str:
    """Its accuracy on the validation split, a column of Part 6's sweeps: qat_8_validation."""
    return f"{qat(bits)}_validation"


def accuracy(point: str, when: str = "") -> str:
    """Test accuracy of a point, mean over seeds; of Part 6 `when`: raw, finetuned, or after `qat`."""
    return f"accuracy_{point}_{when}" if when else f"accuracy_{point}"


def unknown_accuracy(arch: str) -> str:
    """That of a network of Part 8 on unknown words."""
    return accuracy(f"unknown_{arch}")


def samples(split: str, label: str) -> str:
    """Number of a split's clips of a class of Part 3."""
    return f"samples_{split}_{label}"


def correct(split: str, label: str) -> str:
    """Number of those that are answered correctly, mean over seeds."""
    return f"correct_{split}_{label}"


def test_accuracy(way: str) -> str:
    """Of Part 3's network by a way of training and testing: accuracy_testing_original_protocol_fixed_test."""
    return accuracy("testing", way.replace(",", "").replace(" ", "_"))


def validation(point: str) -> str:
    """Validation accuracy of a point, mean over seeds: what networks are chosen by."""
    return f"validation_{point}"


def lowest_accuracy(point: str) -> str:
    """That of the lowest seed."""
    return f"{accuracy(point)}_lowest"


def field_accuracy(arch: str, kind: str = "") -> str:
    """Accuracy on the clean test split of a network trained for the field: in int8, or of `kind` float32."""
    return accuracy(f"testing_{for_field(arch)}", kind)


def int8_accuracy(arch: str) -> str:
    """Test accuracy of a network in int8, mean over its seeds."""
    return accuracy(f"testing_{arch}_int8")


def cause(bits: int, method: str, changed: str) -> str:
    """Test accuracy by the original's recipe with one choice changed: accuracy_qat_3bit_biases_in_32_bits."""
    words = changed.replace(",", "").replace("-", "_").replace(" ", "_")
    return accuracy(quantized(bits, method), words)


def loss(point: str) -> str:
    """Loss of accuracy of a point relative to the float network."""
    return f"loss_{point}"


def qat_gain(bits: int | str) -> str:
    """Gain of QAT over PTQ with our recipe, paired by seed."""
    return f"qat_minus_ptq_{width(bits)}"


def parameters(point: str) -> str:
    """Non-zero parameters."""
    return f"parameters_{point}"


def macs(arch: str) -> str:
    """Multiply-accumulates of one inference over a whole clip."""
    return f"macs_{arch}"


def in_field(arch: str) -> str:
    """Accuracy over the trials of the simulated field; of Part 6, of `accuracy`: field_accuracy_channels_4."""
    return f"field_{arch}"


def false_accepts(arch: str) -> str:
    """False accepts per hour of sound without a keyword."""
    return f"false_accepts_per_hour_{arch}"


def ahead(arch: str, base: str = "tinyconv") -> str:
    """Difference in test accuracy between a network and another on the same clips, in percentage points."""
    return f"ahead_{arch}" if base == "tinyconv" else f"ahead_{arch}_of_{base}"


def ahead_on_words(words: str, arch: str) -> str:
    """The same, to TinyConv, on test clips of other words that are "rare" or "frequent" in training."""
    return f"{ahead(arch)}_{words}"


def clips_that_fire(arch: str) -> str:
    """Number of different clips of other words with at least one false accept over hours of sound."""
    return f"clips_that_fire_{arch}"


def missed(arch: str) -> str:
    """Share of the keywords spoken in the field that are missed, at that rate of false accepts."""
    return f"missed_{arch}"


def missed_at_most(arch: str) -> str:
    """The least share that is missed over all thresholds at which one false accept an hour or fewer are counted."""
    return f"missed_at_one_an_hour_{arch}"


def missed_where(arch: str, where: str) -> str:
    """Share missed in some trials, at a network's own settings: missed_tenet_field_noisiest, missed_tenet_field_yes."""
    return missed(f"{arch}_{where}")


def threshold(arch: str) -> str:
    """Smoothed posterior from which a network reports a keyword."""
    return f"threshold_{arch}"


def smoothing(arch: str) -> str:
    """Inferences over which a network's posteriors are averaged."""
    return f"smoothing_{arch}"


def by_model(what: str, model: str) -> str:
    """A quantity of a model of Parts 4 and 7 in trials or over hours: field_trained_threshold."""
    return f"{model}_{what}"


def by_factor(what: str, model: str, factor: str) -> str:
    """A quantity with one factor of the field alone: field_factor_without_the_background."""
    words = factor.replace(" ", "_").replace(",", "").replace(".", "")
    return by_model(f"{what}_{words}", model)


def chain(what: str, key: str) -> str:
    """A cost of a deployed chain of Part 7: hop_ms_network_tinyconv, load_window_tinyconv, ram_bytes_tinyconv."""
    return f"{what}_{key}"


def stage_ms(stage: str, key: str) -> str:
    """Mean milliseconds of a stage of the chain in a hop; of its worst hop, as a whole: hop_ms_worst_tinyconv."""
    return chain(f"hop_ms_{stage}", key)


def battery_days(battery: str, key: str) -> str:
    """Days that a chain runs on a battery."""
    return chain(f"days_{battery.replace(' ', '_').lower()}", key)


def long_file(what: str, arch: str) -> str:
    """Misses or false_accepts of a network in a long file."""
    return f"long_{what}_{arch}"


def flops(point: str) -> str:
    """FLOPs of one inference."""
    return f"flops_{point}"


def counted_bytes(what: str, dtype: str) -> str:
    """Bytes of Part 2's network by the type of its numbers; `what`: weights, peak_live."""
    return f"{what}_bytes_{dtype}"


def flash_weights(network: str) -> str:
    """Bytes of all constants in flash."""
    return f"flash_weights_{network}"


def board_ms(network: str, kind: str = "") -> str:
    """Milliseconds of a network on the board: of the whole network, or of a `kind`: linear_only."""
    return f"board_ms_{network}_{kind}" if kind else f"board_ms_{network}"


def clip_ms(arch: str) -> str:
    """Those of a network of Part 8 for a clip."""
    return board_ms(f"clip_{arch}")


def hop_ms(arch: str) -> str:
    """And for a hop."""
    return board_ms(f"hop_{arch}")


def board_energy(network: str) -> str:
    """Microjoules of one inference."""
    return f"board_energy_{network}"


def firmware(memory: str, network: str) -> str:
    """Bytes of the whole firmware with a network; `memory`: flash, ram, board_flash, board_ram."""
    return f"{memory}_{network}"


def cpu_latency_ms(network: str) -> str:
    """Median latency on this CPU in PyTorch."""
    return f"cpu_latency_ms_{network}"


def removed_share(what: str, kind: str, when: str) -> str:
    """The smallest share removed from which accuracy falls, or the largest at which it holds: falls_channels_raw."""
    return f"{what}_{kind}_{when}"


def breaks_even(form: str) -> str:
    """The share of zeros from which on a sparse form costs less than the dense one: breakeven_flash."""
    return f"breakeven_{form}"
