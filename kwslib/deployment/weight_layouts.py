"""Weights in the order in which the C core's kernels read them (firmware/core/kws_network.h)."""

import numpy as np


def four_by_four(weights: np.ndarray) -> np.ndarray:
    """Weights (outputs, inputs) as (outputs / 4, inputs / 4, 4 outputs, 4 inputs), padded with zeros."""
    outputs, inputs = weights.shape
    blocks = np.pad(weights, ((0, -outputs % 4), (0, -inputs % 4)))
    return blocks.reshape(-(-outputs // 4), 4, -(-inputs // 4), 4).transpose(0, 2, 1, 3)


def pairs_of_taps(weights: np.ndarray) -> np.ndarray:
    """Weights (taps, C) as (C / 4, pairs of taps, 2 pairs of channels, 2 taps, 2 channels), an odd tap padded
    with zeros."""
    taps, channels = weights.shape
    pairs = np.pad(weights, ((0, taps % 2), (0, 0))).reshape(-1, 2, channels // 4, 2, 2)
    return pairs.transpose(2, 0, 3, 1, 4)


def pairs_of_outputs(weights: np.ndarray, bias: np.ndarray) -> np.ndarray | None:
    """Weights of a convolution over runs, (outputs, inputs), in pairs of outputs o and p, padded with zeros.

    (outputs / 4, inputs / 4, evens and odds of 4 inputs, 2 pairs of outputs, 2 inputs, 2): the last axis is the bytes
    of 256 p + o. None if that overflows int16, or if 257 times an output's sum with its `bias` might overflow int32.
    """
    outputs, inputs = weights.shape
    sums = 128 * np.abs(weights.astype(np.int64)).sum(1) + np.abs(bias)
    if 257 * sums.max(initial=0) >= 2**31:
        return None
    filled = np.pad(weights.astype(np.int64), ((0, -outputs % 4), (0, -inputs % 4)))
    blocks = filled.reshape(
        -(-outputs // 4), 2, 2, -(-inputs // 4), 2, 2
    )  # pair, output of it, four, input, odd
    first, second = blocks.transpose(2, 0, 3, 5, 1, 4)
    second = second - (first < 0)
    if second.min(initial=0) < -128:
        return None
    return np.stack([first, second], -1).astype(np.int8)
