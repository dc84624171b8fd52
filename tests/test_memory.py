"""A process that keeps what it frees asks for no page twice."""

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from kwslib.memory import keep_freed_memory

keep_freed_memory()
for _ in range(20):  # the first ones fill the heap
    np.ones(2 << 20, np.uint8) + np.ones(2 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2 << 20, np.uint8) + np.ones(2 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="page faults are counted as Linux does")
@pytest.mark.parametrize(
    "environment", [{}, {"MALLOC_TRIM_THRESHOLD_": "65536"}], ids=["plain", "Dask's worker"]
)
def test_no_page_is_asked_for_twice(environment):
    command = [sys.executable, "-c", FAULTS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    assert int(done.stdout) < 512  # one array of 2 MiB has as many pages
