"""A model's file, read once: FILE.pt or FILE.tflite. What runs the model takes it from here, in whatever form."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.deployment.decision import DecisionSettings, noted_settings
from kwslib.errors import KwsError, naming
from kwslib.features.frontend import CHANNELS, FRAMES
from kwslib.labels import DEFAULT_KEYWORDS, SILENCE, UNKNOWN, class_labels

if TYPE_CHECKING:
    from kwslib.checkpoints import Checkpoint
    from kwslib.deployment.core_network import Network
    from kwslib.deployment.litert import TfliteFile


@dataclass(frozen=True, eq=False)
class ModelFile:
    """`labels` in output order; `settings`: the decision noted in the file, if one is.

    Of a FILE.pt, `checkpoint` is what it holds. Of a FILE.tflite, int8 or float32, `tflite` is what LiteRT runs.
    """

    path: Path
    labels: tuple[str, ...]
    settings: DecisionSettings | None
    checkpoint: "Checkpoint | None" = field(default=None, repr=False)
    tflite: "TfliteFile | None" = field(default=None, repr=False)

    def core_network(self) -> "Network":
        """The layers for the C core; a checkpoint's weights stay on the bits that it was trained with.

        Raises KwsError for a checkpoint that is not quantized, and for what the core does not support.
        """
        if self.checkpoint:
            from kwslib.deployment.core_packed import integers, packed_network

            return packed_network(integers(self.checkpoint))
        from kwslib.deployment.core_network import lower

        assert self.tflite
        return lower(self.tflite.graph)


def read_model(
    model: str | Path | ModelFile, keywords: Sequence[str] | None = None, content: bytes | None = None
) -> ModelFile:
    """A FILE.pt or a FILE.tflite of one input of 49 x 40 values and one output; an opened one as it is.

    keywords: the words of a .tflite file that carries no labels; without them it has the default ones.
    content: the bytes of a .tflite file that is not written, of which `model` is only the name.
    Raises KwsError for a file that is missing, damaged, of another kind or shape, or a spotter of other words.
    """
    found = model if isinstance(model, ModelFile) else _opened(Path(model), keywords, content)
    if keywords and found.labels[2:] != tuple(keywords):
        raise KwsError(f"{found.path}: spots {', '.join(found.labels[2:])}, not {', '.join(keywords)}")
    return found


def check_name(path: Path, kinds: str = "FILE.pt or FILE.tflite") -> None:
    """Raises KwsError, which says what `kinds` there are, for a name of neither kind of file."""
    if path.suffix not in (".pt", ".tflite"):
        raise KwsError(f"{path}: not a model's name: give {kinds}")


def _opened(path: Path, keywords: Sequence[str] | None, content: bytes | None) -> ModelFile:
    check_name(path)
    found = _checkpoint(path) if path.suffix == ".pt" else _tflite(path, keywords, content)
    if found.labels[:2] != (SILENCE, UNKNOWN):
        raise KwsError(f"{path}: its labels {', '.join(found.labels)} do not begin with {SILENCE}, {UNKNOWN}")
    return found


def _checkpoint(path: Path) -> ModelFile:
    from kwslib.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(path)
    labels = checkpoint.config.labels
    settings = _noted(path, checkpoint.extra.get("decision"), labels)
    return ModelFile(path, labels, settings, checkpoint=checkpoint)


def _tflite(path: Path, keywords: Sequence[str] | None, content: bytes | None) -> ModelFile:
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise KwsError(f"{path}: LiteRT, which reads it, is missing: pip install 'kwslib[convert]'")
    from kwslib.deployment.litert import read_tflite
    from kwslib.deployment.tflite_flatbuffer import read_description

    file = read_tflite(path, content)
    graph = file.graph
    source, output = graph.tensors[graph.input], graph.tensors[graph.output]
    if source.type != output.type:
        raise KwsError(
            f"{path}: its input is {source.type}, its output {output.type}: make it with `kws export`"
        )
    if np.prod(source.shape) != FRAMES * CHANNELS:
        shape = " x ".join(map(str, source.shape))
        raise KwsError(f"{path}: takes {shape} values, not {FRAMES} x {CHANNELS}: make it with `kws export`")
    description = read_description(file.content)
    labels = description.labels if description else class_labels(tuple(keywords or DEFAULT_KEYWORDS))
    if (classes := int(np.prod(output.shape))) != len(labels):
        names = ", ".join(labels)
        raise KwsError(f"{path}: {classes} outputs do not fit {names}: name its words with --keywords")
    settings = _noted(path, description.decision if description else None, labels)
    return ModelFile(path, labels, settings, tflite=file)


def _noted(path: Path, note: Any, labels: tuple[str, ...]) -> DecisionSettings | None:
    with naming(path):
        return noted_settings(note, len(labels))
