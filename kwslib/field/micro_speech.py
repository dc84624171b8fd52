"""The decision rule of TensorFlow's micro_speech example, for comparison: the original does not state its
sketch's rule.

After `RecognizeCommands` of tensorflow/tflite-micro, examples/micro_speech/recognize_commands.{h,cc}, with its default
settings. One threshold applies to all classes, including silence and unknown; a score below it changes nothing.
"""

import numpy as np

from kwslib.deployment.decision import CERTAIN
from kwslib.features.frontend import HOP_MS

WINDOW_MS, LEAST_MS, LEAST_COUNT = 1000, 250, 3  # averaged; before these no decision
THRESHOLD = 200 / 255
SUPPRESSION_MS = 1500  # after a report without the same word again


def commands(posteriors: np.ndarray) -> np.ndarray:
    """New reports at each inference, a class or -1, (T,), from posteriors (T, C) on the scale of CERTAIN."""
    window = WINDOW_MS // HOP_MS
    reported = np.full(len(posteriors), -1)
    last, since = 0, None  # silence, and never
    for t in range(len(posteriors)):
        averaged = posteriors[max(0, t + 1 - window) : t + 1]
        if len(averaged) < LEAST_COUNT or HOP_MS * (len(averaged) - 1) < LEAST_MS:
            continue
        means = averaged.mean(axis=0)
        top = int(means.argmax())
        free = last == 0 or since is None or HOP_MS * (t - since) > SUPPRESSION_MS
        if means[top] > THRESHOLD * CERTAIN and (top != last or free):
            reported[t] = last = top
            since = t
    return reported


def answer(posteriors: np.ndarray, since: int) -> int:
    """The answer to a trial with the prompt before inference `since`: the last class reported that is not silence (0),
    else silence."""
    words = commands(posteriors)[since:]
    words = words[words > 0]
    return int(words[-1]) if len(words) else 0
