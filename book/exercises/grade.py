"""Grade the exercises: `python grade.py answers.py` prints a line for each function, and how many are right.

Each check calls the function with inputs that the pages do not show, and compares with the book's own code where
there is some. Exit status 0 when all are right, 1 when some are not, 2 when the file cannot be read.
"""

import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from math import isclose, log10
from typing import Any

Answer = Callable[..., Any]


def _frames(answer: Answer) -> bool:
    return [answer(n) for n in (0, 479, 480, 799, 800, 32_000)] == [0, 0, 1, 1, 2, 99]


def _mel(answer: Answer) -> bool:
    return all(isclose(answer(hz), 2595 * log10(1 + hz / 700), rel_tol=1e-6) for hz in (0, 125, 700, 7500))


def _conv_macs(answer: Answer) -> bool:
    return (answer(21, 20, 9, 8, 8), answer(3, 4, 5, 6, 7)) == (241_920, 2_520)


def _wilson_interval(answer: Answer) -> bool:
    from kwslib.statistics import wilson

    pairs = [(answer(*case), wilson(*case)) for case in ((13, 20), (0, 10), (272, 272), (950, 1000))]
    return all(abs(a - b) < 1e-3 for mine, theirs in pairs for a, b in zip(mine, theirs, strict=True))


def _leaked(answer: Answer) -> bool:
    def split(name: str) -> str:
        speaker, take = name.removeprefix("yes/").removesuffix(".wav").split("_nohash_")
        return "testing" if speaker == "b" or (speaker == "c" and take == "4") else "training"

    return (answer(split, ["a", "b"]), answer(split, ["a", "b", "c"])) == (0, 1)


def _int8_neuron(answer: Answer) -> bool:
    cases = (
        ((1, 2), (3, 4), 5, 0, 0.5, -1),
        ((100, 100), (100, 100), 0, -128, 1.0, 0),
        ((-5,), (7,), 0, 0, 0.1, 0),
    )
    return [answer(*case) for case in cases] == [7, 127, -3]


def _quantize_symmetric(answer: Answer) -> bool:
    whole, scale = answer([-2.0, -0.3, 0.5, 1.0], 4)
    return [int(q) for q in whole] == [-7, -1, 2, 4] and isclose(scale, 2 / 7)


def _pack_ternary(answer: Answer) -> bool:
    return [answer(five) for five in ((-1,) * 5, (1,) * 5, (0, 1, 0, -1, 0))] == [0, 242, 97]


def _gaps(answer: Answer) -> bool:
    rows = [[0, 0, 0], [4, 0, 0], [0, 0, -2, 5, 0, 1]]
    return [[tuple(pair) for pair in answer(row)] for row in rows] == [
        [],
        [(0, 4)],
        [(2, -2), (0, 5), (1, 1)],
    ]


def _constants(answer: Answer) -> bool:
    return [answer(8, 8), answer(5, "ternary"), answer(1, "ternary")] == [16_748, 2_161, 461]


def _kept_rows(answer: Answer) -> bool:
    return list(answer()) == list(range(2, 21))


def _decide(answer: Answer) -> bool:
    cases = (
        ([1.0] * 6, 2, 0.9, 1),
        ([0.0, 1.0, 1.0, 0.0], 2, 1.0, 0),
        ([1.0], 2, 0.5, 0),
        ([0.5] * 3, 1, 0.6, 0),
    )
    return [list(answer(*case)) for case in cases] == [[1, 3, 5], [2], [], []]


def _threshold(answer: Answer) -> bool:
    highest = [i / 100 for i in range(48)]
    return [round(answer(highest, per_day), 6) for per_day in (0, 1, 3)] == [0.47, 0.45, 0.41]


def _separable_macs(answer: Answer) -> bool:
    return [tuple(answer(40, 4)), tuple(answer(96, 9))] == [(6_400, 1_760), (82_944, 10_080)]


def _field_of_view(answer: Answer) -> bool:
    cases = ((49, [(3, 2)] + 6 * [(4, 1)]), (49, [(10, 1)]), (100, [(4, 2), (4, 2)]))
    return [tuple(answer(*case)) for case in cases] == [(6, 39), (40, 10), (23, 10)]


def _chance(answer: Answer) -> bool:
    return [round(answer(*case), 4) for case in ((0, 1, 3), (2, 1.5, 5), (5, 1.5, 5))] == [
        0.0498,
        0.0203,
        0.2414,
    ]


def _cheapest(answer: Answer) -> bool:
    networks = {"a": (1.0, 10, 0.5), "b": (2.0, 20, 0.2), "c": (3.0, 20, 0.1)}
    return [answer(networks, *limits) for limits in ((1, 99), (0.2, 20), (0.2, 19))] == ["a", "b", None]


CHECKS: dict[str, Callable[[Answer], bool]] = {
    "frames": _frames,
    "mel": _mel,
    "conv_macs": _conv_macs,
    "wilson_interval": _wilson_interval,
    "leaked": _leaked,
    "int8_neuron": _int8_neuron,
    "quantize_symmetric": _quantize_symmetric,
    "pack_ternary": _pack_ternary,
    "gaps": _gaps,
    "constants": _constants,
    "kept_rows": _kept_rows,
    "decide": _decide,
    "threshold": _threshold,
    "separable_macs": _separable_macs,
    "field_of_view": _field_of_view,
    "chance": _chance,
    "cheapest": _cheapest,
}


def load(path: Any) -> dict[str, Any]:
    """What the file of answers defines."""
    return runpy.run_path(str(path))


def points(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each function gives right answers; one that is missing or raises does not."""
    found = {}
    for name, check in CHECKS.items():
        try:
            found[name] = bool(check(answers[name]))
        except Exception:  # noqa: BLE001 whatever a student's function may do
            found[name] = False
    return found


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python grade.py answers.py", file=sys.stderr)
        return 2
    try:
        answers = load(arguments[0])
    except (OSError, SyntaxError) as error:
        print(f"{arguments[0]} cannot be read: {error}", file=sys.stderr)
        return 2
    found = points(answers)
    for name, right in found.items():
        print(f"{name:20} {'right' if right else 'not yet'}")
    print(f"{sum(found.values())} of {len(found)}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
