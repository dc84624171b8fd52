"""Whether the converters of an export are there: asked without importing them, which takes seconds."""

from importlib.util import find_spec

import pytest


def need_converters() -> None:
    """Skip the test that calls this, where onnx2tf is missing."""
    if find_spec("onnx2tf") is None:
        pytest.skip("export needs kwslib[convert]")
