"""The zoo over five seeds: trained, tested, on the virtual board, in the field and over hours.

    python benchmarks/zoo.py FOLDER [ARCH ...]

KWS_DATA names the recordings. Networks, and epochs of one that was stopped, lie in FOLDER/models, and the same command
goes on from there; FOLDER/08_models.json has the values once all networks are done.
"""

import os
import sys
from pathlib import Path

from kwslib.experiments.zoo import board_values, field_values, int8, size_values, train_zoo
from kwslib.networks import ARCHITECTURES
from kwslib.record import recording

ARCHS = ("tinyconv", "tinyconv_branches", "tenet", "tenet_branches", "tenet_valid", "tenet_wide")

if __name__ == "__main__":
    if not sys.argv[1:] or set(sys.argv[2:]) - set(ARCHITECTURES):
        sys.exit(f"{__doc__}\nARCH: {', '.join(ARCHITECTURES)}")
    archs = tuple(sys.argv[2:]) or ARCHS
    run = recording.start("08_models", "report", os.environ.get("KWS_DATA"), Path(sys.argv[1]))
    train_zoo(run, archs)
    for arch in archs:
        path = int8(run, arch)
        run.record_all(size_values(run, arch) | board_values(path, arch) | field_values(run, path, arch))
    run.finish()
