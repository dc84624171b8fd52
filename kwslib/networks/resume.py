"""The resume file of an interrupted training run, from which only the same run can continue.

The file holds the state after an epoch and the run's identity: network, labels, recipe, seed and a digest of the
examples. A file of another run, or of another kind, is rejected with a one-line error.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.writing import write_bytes

FORMAT = "kwslib resume"


class DamagedResumeFile(KwsError):
    """The resume file of a run is damaged, or is not one."""


@dataclass(frozen=True)
class ResumeFile:
    """The file that holds a run's state. `identity` describes the run; an error message names the part that differs."""

    path: Path
    identity: dict[str, Any]

    def save(self, parts: Mapping[str, Any], history: list[dict[str, Any]]) -> None:
        """Save the state of `parts` (network, optimizer, schedule) and the results of all epochs so far."""
        states = {name: part.state_dict() for name, part in parts.items()}
        content = {"format": FORMAT, "identity": self.identity, "history": history, "states": states}
        buffer = io.BytesIO()
        torch.save(content, buffer)
        write_bytes(self.path, hashlib.sha256(buffer.getbuffer()).digest() + buffer.getbuffer())

    def load(self, parts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Restore `parts` to the saved state and return the results so far; an empty list if there is no file.

        Raises DamagedResumeFile, and KwsError for the file of another run.
        """
        if not self.path.exists():
            return []
        content = self._read()
        kept = content["identity"]
        if other := [name for name in self.identity if kept.get(name) != self.identity[name]]:
            raise KwsError(
                f"{self.path} belongs to a run with other {', '.join(other)}: repeat that run's command to go on,"
                " or delete the file to start again"
            )
        for name, part in parts.items():
            part.load_state_dict(content["states"][name])
        return content["history"]

    def _read(self) -> dict[str, Any]:
        try:
            whole = self.path.read_bytes()
            digest, content = whole[:32], whole[32:]
            if hashlib.sha256(content).digest() == digest:
                read = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
                if read["format"] == FORMAT:
                    return read
        except Exception:  # noqa: BLE001 - of torch, a dozen kinds
            pass
        raise DamagedResumeFile(f"{self.path} is damaged or not a resume file: delete it to start again")


def identity(
    model: nn.Module, training: FeatureSet, validation: FeatureSet, run: Mapping[str, Any]
) -> dict[str, Any]:
    """The identity of a run: `run` (labels, recipe, seed ...) and digests of the untrained network and of the
    examples."""
    network = hashlib.sha256(str(model).encode())
    for name, tensor in model.state_dict().items():
        network.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    return {**run, "network": network.hexdigest(), "data": examples_digest(training, validation)}


def examples_digest(*parts: FeatureSet) -> str:
    """Hexadecimal digest of examples: names, features and classes, since equal names do not mean equal features."""
    data = hashlib.sha256()
    for part in parts:
        data.update(repr((part.names, part.copies, part.x.shape, part.x.dtype)).encode())
        for array in (part.x, part.y):
            data.update(np.ascontiguousarray(array).data.cast("B"))
    return data.hexdigest()
