"""The decision logic of the C core: averaged posteriors, a threshold per class, suppression after each report.

After Chen, Parada, Heigold, ICASSP 2014 (posterior smoothing) and TensorFlow's micro_speech (suppression). The
same C code runs here, on the virtual board and in the sketch.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.errors import KwsError
from kwslib.features.ccore import constants, interface, library, pointer, structure
from kwslib.strict_json import is_whole

CLASSES_MAX, SMOOTHING_MAX = constants()["KWS_CLASSES_MAX"], constants()["KWS_SMOOTHING_MAX"]
CERTAIN = constants()["KWS_CERTAIN"]  # a posterior of one


@dataclass(frozen=True)
class DecisionSettings:
    """Settings that determine when a word is reported.

    classes    in output order; the first two, silence and unknown, are never reported
    smoothing  inferences averaged, 1 to 32
    threshold  mean posterior at which a word is reported: one for all words, or one per class
    suppression  inferences after a report during which nothing is reported

    Raises KwsError for values outside these ranges.
    """

    classes: int = 4
    smoothing: int = 10
    threshold: float | Sequence[float] = 0.7
    suppression: int = 40

    def __post_init__(self) -> None:
        if not 2 <= self.classes <= CLASSES_MAX:
            raise KwsError(f"{self.classes} classes: the decision logic takes 2 to {CLASSES_MAX}")
        if not 1 <= self.smoothing <= SMOOTHING_MAX:
            raise KwsError(f"smoothing over {self.smoothing} inferences: use 1 to {SMOOTHING_MAX}")
        if self.suppression < 0:
            raise KwsError(f"suppression of {self.suppression} inferences: use 0 or more")
        if not isinstance(self.threshold, int | float):
            object.__setattr__(self, "threshold", tuple(self.threshold))
            if len(self.threshold) != self.classes:
                raise KwsError(
                    f"thresholds {self.threshold}: name one, or one for each of {self.classes} classes"
                )

    def thresholds(self) -> np.ndarray:
        """(classes,) uint16 on the posteriors' scale; a class above CERTAIN is never reported."""
        if isinstance(self.threshold, int | float):
            values = [math.inf, math.inf, *[self.threshold] * (self.classes - 2)]
        else:
            values = list(self.threshold)
        return np.array([min(round(min(v, 2) * CERTAIN), 2 * CERTAIN - 1) for v in values], np.uint16)

    def fields(self, scale: float) -> dict[str, Any]:
        """The struct kws_decision_settings for logits in steps of `scale`."""
        exponentials = exponential_table(scale)
        return {
            "classes": self.classes,
            "smoothing": self.smoothing,
            "suppression": self.suppression,
            "thresholds": self.thresholds(),
            "exponentials": exponentials,
            "differences": len(exponentials),
        }


def settings_note(settings: DecisionSettings) -> dict[str, Any]:
    """The single threshold and the smoothing of settings, as plain values for a model's file."""
    return {"threshold": settings.threshold, "smoothing": settings.smoothing}


def noted_settings(note: Any, classes: int) -> DecisionSettings | None:
    """Settings from the note in a model's file; None if there is no note.

    Raises KwsError for an invalid note.
    """
    if note is None:
        return None
    threshold, smoothing = (
        note.get(k) if isinstance(note, Mapping) else None for k in ("threshold", "smoothing")
    )
    if not is_whole(smoothing) or not isinstance(threshold, float) or not 0 < threshold <= 1:
        raise KwsError(
            f"its decision is {note!r}, not a threshold and a smoothing: make it again with `kws keyword`"
        )
    return DecisionSettings(classes=classes, threshold=threshold, smoothing=smoothing)


def exponential_table(scale: float) -> np.ndarray:
    """(n,) uint16, never empty: 65535 exp(-d scale) for d = 0, 1, ... as long as that is not 0.

    Raises ValueError for a scale that is not positive and finite, which would make the C core divide by zero.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"logits in steps of {scale}")
    values = np.floor(65535 * np.exp(-scale * np.arange(256)) + 0.5).astype(np.uint16)
    return values[values > 0]


class Decision:
    """Decides, on a stream of inferences, when a word is reported. `scale`: that of the int8 logits."""

    def __init__(self, settings: DecisionSettings, scale: float) -> None:
        self.settings = settings
        self._fields = settings.fields(scale)  # kept, for the struct points into it
        self._settings = structure("kws_decision_settings", self._fields)
        self._state = interface().new("kws_decision *")
        self.reset()

    def reset(self) -> None:
        """Clear the history and the last report."""
        library().kws_decision_init(self._state)

    def process(self, logits: np.ndarray) -> tuple[int, np.ndarray]:
        """logits: int8 (classes,). Returns the class reported now, or -1, and the smoothed posteriors
        (classes,) float32. Raises KwsError for logits of another type or number."""
        if logits.dtype != np.int8 or logits.shape != (self.settings.classes,):
            raise KwsError(
                f"logits are {logits.dtype} {logits.shape}: int8 ({self.settings.classes},) is needed"
            )
        logits = np.ascontiguousarray(logits)
        smoothed = np.empty(self.settings.classes, np.uint16)
        reported = library().kws_decide(self._settings, self._state, pointer(logits), pointer(smoothed))
        return reported, smoothed.astype(np.float32) / CERTAIN
