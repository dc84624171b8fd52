"""What produced a run's numbers: versions, the processor, the commit."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from kwslib.record.comparison import repository

PACKAGES = (
    "torch",
    "numpy",
    "librosa",
    "torchaudio",
    "tensorflow",
    "onnx2tf",
    "ai-edge-litert",
    "tflite-micro",
)


def versions() -> dict[str, str]:
    """Those of the packages that numbers depend on, with Python, machine and processor."""
    import platform

    from kwslib import __version__

    found = {"kwslib": __version__, "python": platform.python_version(), "machine": platform.machine()}
    found["processor"] = processor()
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def processor(described: Path = Path("/proc/cpuinfo")) -> str:
    """Name of the processor on which a run's times are measured, the model name if the system provides it."""
    import platform

    try:
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def commit() -> str | None:
    """The clone's commit, with "+" when package or firmware differ from it; None outside a clone."""
    root = repository()
    if root is None:
        return None
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, encoding="utf-8", check=True
        )
        changed = subprocess.run(
            ["git", "diff", "--quiet", "HEAD", "--", "kwslib", "firmware"], cwd=root
        ).returncode
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+" if changed else "")
