"""The log of a board on its serial port: stage timings and spoken trials (the original's Figures 10, 11 and 15).

Lines are those of firmware/arduino: `KWS,...` per inference, `TRIAL,spoken,answer` per trial, `# ...` remarks. A
line that is cut short or garbled, as happens when a port is opened mid-line, is counted and passed over.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import KwsError
from kwslib.labels import class_labels
from kwslib.networks.evaluation import Evaluation

STAGES = ("frontend", "network", "decision")
SLOWEST_US = 10_000_000  # a stage of more than ten seconds is a garbled number


@dataclass(frozen=True)
class SerialLog:
    """`times_us` (N, 3): one frame of the front end, network, decision. `trials`: what was said and answered."""

    labels: tuple[str, ...]
    times_us: np.ndarray
    trials: tuple[tuple[str, str], ...]
    broken: int

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
        }
        return result | (trials.as_json() if trials.n else {})


def parse_log(lines: Iterable[str]) -> SerialLog:
    """Read a log. Raises KwsError when not one line of it is an inference or a trial."""
    labels, times, trials, broken = class_labels(), [], [], 0
    for line in lines:
        line = line.strip()
        fields = line.split(",")
        if line.startswith("#") or not line:
            if " labels " in line:
                labels = tuple(line.split(" labels ", 1)[1].split(","))
        elif fields[0] == "KWS" and (row := _times(fields, labels)) is not None:
            times.append(row)
        elif fields[0] == "TRIAL" and len(fields) == 3 and set(fields[1:]) <= set(labels):
            trials.append((fields[1], fields[2]))
        else:
            broken += 1
    if not times and not trials:
        raise KwsError(f"no inference among {broken} lines: is this the log of a sketch of firmware/arduino?")
    whole = [
        pair for pair in trials if set(pair) <= set(labels)
    ]  # a later heading may have renamed the classes
    return SerialLog(labels, np.array(times, float).reshape(-1, 3), tuple(whole), broken)


def _times(fields: list[str], labels: tuple[str, ...]) -> list[int] | None:
    """Microseconds by stage of a whole line of an inference, else None."""
    numbers = (*fields[1:5], *fields[6:7])
    if len(fields) != 8 or not all(field.isascii() and field.isdecimal() for field in numbers):
        return None
    if fields[5] not in labels or fields[7] not in (*labels, "-"):
        return None
    times = [int(field) for field in fields[2:5]]
    return times if max(times) < SLOWEST_US else None


def read_serial(source: str, seconds: float) -> SerialLog:
    """The log in a file, or of a port listened to for so long. Raises KwsError when there is neither."""
    if Path(source).is_file():
        return parse_log(Path(source).read_text(errors="replace").splitlines())
    return parse_log(_listen(source, seconds))


def _listen(port: str, seconds: float) -> Iterator[str]:
    import serial

    try:
        with serial.Serial(port, 115200, timeout=1) as board:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                yield board.readline().decode(errors="replace")
    except serial.SerialException as error:
        raise KwsError(f"{port}: neither a file nor a port that opens ({error})") from error
