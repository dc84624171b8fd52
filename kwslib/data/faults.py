"""Criteria for unusable recordings, the same for trials, takes and all other recordings by users."""

import numpy as np

from kwslib.labels import SAMPLE_RATE

SHORTEST = 0.3  # s
CLIPPED = 0.001  # share of samples at full scale from which a recording is overdriven


def fault(samples: np.ndarray, silence: bool = False) -> str:
    """The reason why int16 (n,) is unusable: too short, silent (unless `silence` is expected) or clipped; ""
    if it is usable."""
    if len(samples) < SHORTEST * SAMPLE_RATE:
        return f"too short ({len(samples) / SAMPLE_RATE:.2f} s): record at least {SHORTEST} s"
    spread = int(samples.max()) - int(samples.min())
    if spread == 0 or (not silence and spread < 8):
        return "silent: record it again, nearer or louder"
    if np.mean((samples == 32_767) | (samples == -32_768)) > CLIPPED:
        return "clipped: record it again, further away or more quietly"
    return ""
