"""Host speed of the front end: one-second clips per second of one core's time, int8 features at a 20 ms step.

    python benchmarks/frontend.py [--json]

The cost does not depend on the sound, so the clips are seeded noise. The best of several rounds is stated, in
processor time, which other programs on the machine disturb least.
"""

import json
import platform
import time

import numpy as np
import typer

from kwslib.cli.main import script
from kwslib.features import ccore
from kwslib.features.frontend import features
from kwslib.labels import CLIP_SAMPLES

CLIPS, ROUNDS = 200, 10


def clips_per_second() -> float:
    clips = np.random.default_rng(0).integers(-8000, 8000, (CLIPS, CLIP_SAMPLES)).astype(np.int16)
    features(clips[:1])  # builds the core
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        features(clips)
        seconds.append(time.process_time() - start)
    return CLIPS / min(seconds)


def main(as_json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    result = {
        "clips_per_second_per_core": round(clips_per_second()),
        "compiler": " ".join([*ccore.compiler(), *ccore.FLAGS]),
        "machine": platform.machine(),
    }
    if as_json:
        print(json.dumps(result))
    else:
        print(f"front end: {result['clips_per_second_per_core']:,} clips/s per core ({result['compiler']})")


if __name__ == "__main__":
    script(main)
