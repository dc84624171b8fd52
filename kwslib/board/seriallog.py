"""The serial log of a board: stage timings and spoken trials (the original's Figures 10, 11 and 15).

The format is that of firmware/arduino/kws_sketch: `KWS,...` per inference, `WARM,...` while the microphone settles,
`TRIAL,spoken,answer` per trial, `STATUS,...` and `# ...` every few seconds, of which `# ... labels a,b,...` lists the
classes and `# ... model NAME ...` the settings. Each line has a number and a check (loglines.py), by which
damaged lines are rejected and lost ones counted. In a log without checks, from earlier sketches, damage is
detected in two ways:

    broken     too many or too few fields, a field that is not a number, or an unknown class
    outlying   a stage's time beyond Tukey's outer fences: more than three interquartile ranges of this log below the
               lower or above the upper quartile (Tukey, Exploratory Data Analysis, 1977). The interquartile range
               is taken as at least 0.2 % of the median and 2 us, as most times are equal to the microsecond.

Neither kind enters the averages. Without checks, a damaged time within the fences, such as 6,398 for 6,389 us,
counts as valid; with checks every time counts, however far out.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.board.loglines import LogLines, read_lines
from kwslib.errors import KwsError
from kwslib.labels import SILENCE, UNKNOWN, check_labels, class_labels
from kwslib.networks.evaluation import Evaluation

STAGES = ("frontend", "network", "decision")
DIGITS = 10  # of a 32-bit number; longer ones are garbled
LONGEST = 1_200  # bytes of a line; what comes without an end is cut there and counted once
FENCE, RELATIVE, LEAST_US = 3, 0.002, 2.0  # see above


@dataclass(frozen=True)
class SerialLog:
    """`times_us` (N, 3): one frame of the front end, network, decision. `trials`: pairs of word spoken and answer.

    `source`: the checked lines. `broken`, `outlying`: numbers of excluded lines, see above. `warming`:
    inferences while the microphone settled, which are not in `times_us`. `overruns`: gaps in the sound between the
    first and the last status line, None without status lines. `settings`: the last ones in the log. `counters`
    (M, 3, 3): cycles and the instruction cache's hits and misses by stage, for single hops.
    """

    source: LogLines
    labels: tuple[str, ...]
    times_us: np.ndarray
    trials: tuple[tuple[str, str], ...]
    broken: int
    outlying: int = 0
    warming: int = 0
    overruns: int | None = None
    settings: dict[str, str] = field(default_factory=dict)
    counters: np.ndarray = field(default_factory=lambda: np.zeros((0, 3, 3), int))

    def timings(self) -> dict[str, dict[str, float]]:
        """Milliseconds of each stage: mean, standard deviation, minimum, maximum. Empty without inferences."""
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
        """Confusion matrix (C, C) of the trials: rows are words spoken, columns answers, in the order of `labels`."""
        counts = np.zeros((len(self.labels), len(self.labels)), int)
        for said, answered in self.trials:
            counts[self.labels.index(said), self.labels.index(answered)] += 1
        return counts

    def cycles(self) -> dict[str, dict[str, int]]:
        """For each stage, the hop with the fewest cycles, which no interrupt lengthened. Empty without counters."""
        if not len(self.counters):
            return {}
        least = self.counters[self.counters[:, :, 0].argmin(axis=0), np.arange(len(STAGES))]
        names = ("cycles", "cache_hits", "cache_misses")
        return {
            stage: dict(zip(names, map(int, row), strict=True))
            for stage, row in zip(STAGES, least, strict=True)
        }

    def as_json(self) -> dict[str, Any]:
        """The object that `kws serial --json` prints; trials are counted as by `kws field`, and left out if
        there are none."""
        trials = Evaluation(self.labels, self.confusion())
        result = {
            "labels": list(self.labels),
            "settings": self.settings,
            "lines": self.source.lines,
            "rejected": self.source.rejected + self.broken,
            "lost": self.source.lost if self.source.checked else None,
            "resets": self.source.resets,
            "overruns": self.overruns,
            "warming": self.warming,
            "inferences": len(self.times_us),
            "timings": self.timings(),
            "cycles": self.cycles(),
            "trials": trials.n,
            "accuracy": None,
            "confusion": trials.confusion.tolist(),
            "broken_lines": self.broken,
            "outlying_lines": self.outlying,
        }
        return result | (trials.as_json() if trials.n else {})


def parse_log(lines: Iterable[str], labels: Sequence[str] | None = None) -> SerialLog:
    """Read a log. `labels`: the classes, or only the keywords; by default those that the log's headings name
    most often, else those of yes and no. Raises KwsError when no line of it is an inference or a trial."""
    source = read_lines([kept for line in lines if (kept := line.strip())])
    rows = [line.split(",") for line in source.texts if not line.startswith("#")]
    classes = _classes(labels) if labels else _headings(source.texts) or _named(source, rows)
    kinds: dict[str, list[Any]] = {kind: [] for kind in ("KWS", "WARM", "TRIAL", "STATUS", "CYCLES")}
    broken = 0
    for fields in rows:
        if (row := _row(fields, classes)) is None:
            broken += 1
        else:
            kinds[fields[0]].append(row)
    if not kinds["KWS"] and not kinds["WARM"] and not kinds["TRIAL"]:
        raise KwsError(
            f"no inference of {','.join(classes)} among {source.rejected + broken} lines: give the log of a sketch of"
            " firmware/arduino, or its classes with --labels"
        )
    measured = np.array(kinds["KWS"], float).reshape(-1, 3)
    inside = np.ones(len(measured), bool) if source.checked else _within_fences(measured)
    return SerialLog(
        source,
        classes,
        measured[inside],
        tuple(kinds["TRIAL"]),
        broken,
        int((~inside).sum()),
        len(kinds["WARM"]),
        _overruns(kinds["STATUS"]),
        _settings(source.texts),
        np.array(kinds["CYCLES"], int).reshape(-1, 3, 3),
    )


def _classes(labels: Sequence[str]) -> tuple[str, ...]:
    words = labels[2:] if tuple(labels[:2]) == (SILENCE, UNKNOWN) else labels
    return check_labels((SILENCE, UNKNOWN, *words))


def _headings(lines: Iterable[str]) -> tuple[str, ...] | None:
    """The classes that most headings name; one that the line garbled is outvoted, or names no classes at all."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        if line.startswith("#") and " labels " in line:
            named = tuple(line.split(" labels ", 1)[1].split(","))
            if named[:2] == (SILENCE, UNKNOWN) and len(set(named)) == len(named) > 2 and all(named):
                found[named] += 1
    return found.most_common(1)[0][0] if found else None


def _named(source: LogLines, rows: Iterable[list[str]]) -> tuple[str, ...]:
    """The classes of a log without a heading: what its good lines name, else those of yes and no."""
    inferences = [fields for fields in rows if fields[0] in ("KWS", "WARM") and len(fields) == 8]
    named = sorted({fields[5] for fields in inferences} - {SILENCE, UNKNOWN}) if source.checked else ()
    return _classes(named) if named else class_labels()


def _settings(lines: Iterable[str]) -> dict[str, str]:
    """Of the last heading that tells them: `# SKETCH model NAME hop_ms 40 gain 20 ...`."""
    headers = [words for line in lines if (words := line.split())[:1] == ["#"] and words[2:3] == ["model"]]
    return dict(zip(headers[-1][2::2], headers[-1][3::2], strict=False)) if headers else {}


def _overruns(counts: list[int]) -> int | None:
    """How many came between the first and the last of these counts, which begin again when the board is reset."""
    if not counts:
        return None
    return sum(after - before if after >= before else after for before, after in pairwise(counts))


def _row(fields: list[str], labels: tuple[str, ...]) -> Any:
    """What a line says: stage times, a trial's two labels, overruns or counters; None for one that is broken."""
    kind, rest = fields[0], fields[1:]
    if kind in ("KWS", "WARM"):
        return _times(fields, labels)
    if kind == "TRIAL":
        return tuple(rest) if len(rest) == 2 and set(rest) <= set(labels) else None
    if kind in ("STATUS", "CYCLES") and len(rest) == (4 if kind == "STATUS" else 10) and _numbers(rest):
        return int(rest[1]) if kind == "STATUS" else [int(number) for number in rest[1:]]
    return None


def _numbers(fields: Iterable[str]) -> bool:
    return all(field.isascii() and field.isdecimal() and len(field) <= DIGITS for field in fields)


def _times(fields: list[str], labels: tuple[str, ...]) -> list[int] | None:
    """Microseconds by stage of a whole line of an inference, else None."""
    numbers = (*fields[1:5], *fields[6:7])
    if len(fields) != 8 or not _numbers(numbers) or int(fields[6]) > 100:
        return None
    if fields[5] not in labels or fields[7] not in (*labels, "-"):
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
    """The log in a file, or received from a serial port for some seconds. Raises KwsError, naming it, if it
    is neither."""
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
            board.write(b"\n/settings\n")  # told now, not only in a few seconds
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                yield from _bounded(lambda size: b"" if time.monotonic() > end else board.readline(size))
    except serial.SerialException as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise KwsError(f"neither a file nor a port that opens ({reason}): check the name") from error
