"""The log of a board on its serial port: stage timings and spoken trials (the original's Figures 10, 11 and 15).

Lines are those of firmware/arduino: `KWS,...` per inference, `TRIAL,spoken,answer` per trial, `# ...` remarks, of
which `# ... labels a,b,...` names the classes. A line carries no checksum, so what a serial connection does to it (a
beginning anywhere, characters lost, doubled or swapped, lines joined) is found in two ways, and counted:

    broken     fields that are too many or too few, no numbers, or no class
    outlying   a stage's time beyond Tukey's outer fences: more than three times the distance between the quartiles of
               this log below the lower or above the upper one (Tukey, Exploratory Data Analysis, 1977). That distance
               is taken as at least 0.2 % of the median and 2 us, where most times are the same to the microsecond.

Neither kind is averaged. A garbled time within the fences, such as 6,398 for 6,389 us, passes for a time.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import KwsError
from kwslib.labels import SILENCE, UNKNOWN, class_labels
from kwslib.networks.evaluation import Evaluation

STAGES = ("frontend", "network", "decision")
DIGITS = 10  # of a 32-bit number; longer ones are garbled
LONGEST = 1_000  # bytes of a line; what comes without an end is cut there and counted once
FENCE, RELATIVE, LEAST_US = 3, 0.002, 2.0  # see above


@dataclass(frozen=True)
class SerialLog:
    """`times_us` (N, 3): one frame of the front end, network, decision. `trials`: what was said and answered.

    `broken`, `outlying`: lines that were left out, see above.
    """

    labels: tuple[str, ...]
    times_us: np.ndarray
    trials: tuple[tuple[str, str], ...]
    broken: int
    outlying: int = 0

    def timings(self) -> dict[str, dict[str, float]]:
        """Milliseconds of each stage: mean, standard deviation, least, most. Empty without inferences."""
        if not len(self.times_us):
            return {}
        columns = zip(STAGES, self.times_us.T / 1000, strict=True)
        return {
            stage: {
                "mean_ms": float(ms.mean()),
                "sd_ms": float(ms.std()),
                "min_ms": float(ms.min()),
                "max_ms": float(ms.max()),
            }
            for stage, ms in columns
        }

    def confusion(self) -> np.ndarray:
        """(C, C) trials: said by answered, in the order of `labels`."""
        counts = np.zeros((len(self.labels), len(self.labels)), int)
        for said, answered in self.trials:
            counts[self.labels.index(said), self.labels.index(answered)] += 1
        return counts

    def as_json(self) -> dict[str, Any]:
        """What `kws serial --json` prints; trials are counted as `kws field` does, absent without any."""
        trials = Evaluation(self.labels, self.confusion())
        result = {
            "labels": list(self.labels),
            "inferences": len(self.times_us),
            "timings": self.timings(),
            "trials": trials.n,
            "accuracy": None,
            "confusion": trials.confusion.tolist(),
            "broken_lines": self.broken,
            "outlying_lines": self.outlying,
        }
        return result | (trials.as_json() if trials.n else {})


def parse_log(lines: Iterable[str], labels: Sequence[str] | None = None) -> SerialLog:
    """Read a log. `labels`: the classes, or the keywords alone; without them, those that the log's headings name most
    often, else those of yes and no. Raises KwsError when not one line of it is an inference or a trial."""
    kept = [line.strip() for line in lines]
    classes = _classes(labels) if labels else _headings(kept)
    times, trials, broken = [], [], 0
    for line in kept:
        fields = line.split(",")
        if line.startswith("#") or not line:
            continue
        if fields[0] == "KWS" and (row := _times(fields, classes)) is not None:
            times.append(row)
        elif fields[0] == "TRIAL" and len(fields) == 3 and set(fields[1:]) <= set(classes):
            trials.append((fields[1], fields[2]))
        else:
            broken += 1
    if not times and not trials:
        raise KwsError(
            f"no inference of {','.join(classes)} among {broken} lines: is this the log of a sketch of"
            " firmware/arduino? Name other classes with --labels"
        )
    measured = np.array(times, float).reshape(-1, 3)
    inside = _within_fences(measured)
    return SerialLog(classes, measured[inside], tuple(trials), broken, int((~inside).sum()))


def _classes(labels: Sequence[str]) -> tuple[str, ...]:
    return class_labels(tuple(labels[2:] if tuple(labels[:2]) == (SILENCE, UNKNOWN) else labels))


def _headings(lines: Iterable[str]) -> tuple[str, ...]:
    """The classes that most headings name; one that the line garbled is outvoted, or names no classes at all."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        if line.startswith("#") and " labels " in line:
            named = tuple(line.split(" labels ", 1)[1].split(","))
            if named[:2] == (SILENCE, UNKNOWN) and len(set(named)) == len(named) > 2 and all(named):
                found[named] += 1
    return found.most_common(1)[0][0] if found else class_labels()


def _times(fields: list[str], labels: tuple[str, ...]) -> list[int] | None:
    """Microseconds by stage of a whole line of an inference, else None."""
    numbers = (*fields[1:5], *fields[6:7])
    if len(fields) != 8 or not all(field.isascii() and field.isdecimal() for field in numbers):
        return None
    if fields[5] not in labels or fields[7] not in (*labels, "-"):
        return None
    if max(map(len, numbers)) > DIGITS or int(fields[6]) > 100:
        return None
    return [int(field) for field in fields[2:5]]


def _within_fences(times: np.ndarray) -> np.ndarray:
    """Which rows of times (N, 3) have no outlier in any stage, bool (N,)."""
    if not len(times):
        return np.ones(0, bool)
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75], axis=0)
    spread = np.maximum(high - low, np.maximum(RELATIVE * median, LEAST_US))
    return ((times >= low - FENCE * spread) & (times <= high + FENCE * spread)).all(axis=1)


def read_serial(source: str, seconds: float, labels: Sequence[str] | None = None) -> SerialLog:
    """The log in a file, or of a port listened to for so long. Raises KwsError, which names it, for neither."""
    try:
        if Path(source).is_file():
            with Path(source).open("rb") as file:
                return parse_log(_bounded(file.readline), labels)
        return parse_log(_listen(source, seconds), labels)
    except KwsError as error:
        raise KwsError(f"{source}: {error}") from error


def _bounded(readline: Callable[[int], bytes]) -> Iterator[str]:
    """Lines until one is empty; of a line longer than LONGEST the first part, which no sketch would send."""
    whole = True
    while piece := readline(LONGEST):
        if whole:
            yield piece.decode("utf-8", errors="replace")
        whole = piece.endswith(b"\n")


def _listen(port: str, seconds: float) -> Iterator[str]:
    import serial

    try:
        with serial.Serial(port, 115200, timeout=1) as board:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                yield from _bounded(lambda size: b"" if time.monotonic() > end else board.readline(size))
    except serial.SerialException as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise KwsError(f"neither a file nor a port that opens ({reason}): check the name") from error
