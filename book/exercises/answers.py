"""Your answers: fill in the functions that the exercises ask for, then run `python grade.py answers.py`."""


def frames(samples):
    """1.1: number of whole windows of 480 samples, one every 320, in so many samples."""
    raise NotImplementedError


def mel(hertz):
    """1.2: mel of a frequency."""
    raise NotImplementedError


def conv_macs(height, width, kernel_height, kernel_width, filters):
    """2.1: multiply-accumulates of a convolution over one input channel, whose output is height x width."""
    raise NotImplementedError


def wilson_interval(right, n):
    """3.1: Wilson's interval (low, high) at 95 %."""
    raise NotImplementedError


def leaked(split, speakers):
    """3.4: how many speakers, with clips yes/SPEAKER_nohash_0.wav to 4, are in training and in testing."""
    raise NotImplementedError


def int8_neuron(inputs, weights, bias, input_zero, factor, output_zero):
    """4.1: one output of an int8 layer."""
    raise NotImplementedError


def quantize_symmetric(values, bits):
    """5.1: (whole numbers, scale), halves to even."""
    raise NotImplementedError


def pack_ternary(five):
    """5.4: five weights of -1, 0, 1 in a byte, the first in the lowest place."""
    raise NotImplementedError


def gaps(row):
    """6.2: [(zeros before it, weight), ...] of the weights that are not zero."""
    raise NotImplementedError


def constants(channels, bits):
    """6.4: bytes of all constants of a TinyConv; kwslib.quantization.packing has packed_bytes."""
    raise NotImplementedError


def kept_rows():
    """7.1: the rows that may be kept from hop to hop."""
    raise NotImplementedError


def decide(posteriors, smoothing, threshold, pause):
    """7.2: the hops at which the word is reported."""
    raise NotImplementedError


def threshold(highest, per_day):
    """7.4: the lowest threshold that allows so many false accepts a day."""
    raise NotImplementedError


def separable_macs(channels, columns):
    """8.1: multiply-accumulates of a column as a full convolution, and as a depthwise and a pointwise one."""
    raise NotImplementedError


def field_of_view(frames, kernels):
    """8.2: (columns at the end, frames that each sees)."""
    raise NotImplementedError


def chance(at_most, rate, hours):
    """8.3: the probability of so many false accepts or fewer."""
    raise NotImplementedError


def cheapest(networks, most_missed, most_flash):
    """8.4: the name of the fastest network within the limits, or None."""
    raise NotImplementedError
