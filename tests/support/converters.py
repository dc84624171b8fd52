"""Whether the converters of an export are there: asked without importing them, which takes seconds."""

from importlib.util import find_spec

import pytest

MISSING = find_spec("onnx2tf") is None
REASON = "export needs kwslib[convert]"
needs_converters = pytest.mark.skipif(MISSING, reason=REASON)


def need_converters() -> None:
    """Skip the test that calls this, or whose fixture does, where they are missing."""
    if MISSING:
        pytest.skip(REASON)
