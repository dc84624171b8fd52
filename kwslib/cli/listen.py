"""`kws listen`: a model at the computer's microphone, a bar for each class."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.output import one_line
from kwslib.errors import KwsError

if TYPE_CHECKING:
    import numpy as np

BAR = 20  # characters


def listen_live(
    model: Path = typer.Argument(help="FILE.tflite, int8, or FILE.pt."),
    seconds: float | None = typer.Option(None, min=0.1, help="How long [default: until Ctrl-C]."),
    device: str | None = typer.Option(None, help="Number or name of the microphone [default: the system's]."),
    threshold: float | None = typer.Option(
        None, min=0, max=1, help="Smoothed posterior that reports a word [default: the model's, else 0.7]."
    ),
) -> None:
    """Listen to the microphone: one bar per class, and a line for every reported word."""
    from dataclasses import replace

    from kwslib.deployment.decision import DecisionSettings
    from kwslib.features.frontend import HOP, STEP
    from kwslib.field.stream import open_network
    from kwslib.keyword.hearing import Listener
    from kwslib.labels import SAMPLE_RATE

    network = open_network(model)
    settings = network.settings or DecisionSettings(classes=len(network.labels))
    if threshold is not None:
        settings = replace(settings, threshold=threshold)
    listener = Listener(network, settings)
    sounddevice = _sounddevice()
    listened, last = 0, seconds * SAMPLE_RATE if seconds else float("inf")
    try:
        name = int(device) if device and device.isdecimal() else device
        with sounddevice.InputStream(
            samplerate=SAMPLE_RATE, channels=1, dtype="int16", blocksize=HOP * STEP, device=name
        ) as stream:
            while listened < last:
                block, _ = stream.read(HOP * STEP)
                listened += len(block)
                for means, reported in listener.hear(block[:, 0].copy()):
                    show(network.labels, means, reported, listened / SAMPLE_RATE)
    except (ValueError, sounddevice.PortAudioError) as error:
        raise KwsError(f"no microphone at 16 kHz ({error}): name another with --device") from error
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def show(labels: tuple[str, ...], means: "np.ndarray", reported: int, seconds: float) -> None:
    """A line for a report, on standard output; and the bars, on the terminal alone."""
    if reported >= 0:
        print(one_line(f"{seconds:8.2f} s  {labels[reported]}"), flush=True)
    if sys.stderr.isatty():
        bars = (
            f"{label} {'#' * round(BAR * mean):<{BAR}}" for label, mean in zip(labels, means, strict=True)
        )
        print("\r" + one_line("  ".join(bars)), end="", file=sys.stderr, flush=True)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ModuleNotFoundError:
        raise KwsError("the microphone needs sounddevice: pip install 'kwslib[live]'") from None
    except OSError as error:
        raise KwsError(f"sounddevice finds no PortAudio ({error}): apt-get install libportaudio2") from error
    return sounddevice
