"""Installs a notebook's dependencies into the running kernel, as on Colab.

Nothing is compiled. What the kernel has imported keeps its version, and so does PyTorch: a module whose files change
under it breaks in ways that name neither. Where kwslib cannot do with the version that is imported, the kernel is
restarted, and says so.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import invalidate_caches, metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kwslib.errors import KwsError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

TORCH = re.compile(r"(torch|triton|nvidia)\b")  # gigabytes that fit the machine's driver
SHOWN = re.compile(r"(Resolved|Downloading|Prepared|Installed) ")  # of what uv says


def require(*extras: str) -> None:
    """Install what kwslib and its `extras` ask for and is missing here; nothing, and at once, where nothing is.

    Restarts the kernel where an imported distribution had to change. Raises KwsError when the installation fails.
    """
    absent = [requirement for requirement in needed(extras) if not satisfied(requirement)]
    if not absent:
        return
    before = imported()
    kept = [
        f"{name}=={version}"
        for name, version in {**torch_as_installed(), **before}.items()
        if name not in {_normal(requirement.name) for requirement in absent}
    ]
    print(
        f"installing {', '.join(str(requirement.name) for requirement in absent)} and what they need",
        flush=True,
    )
    with TemporaryDirectory(prefix="kws-") as folder:
        overrides = Path(folder) / "kept.txt"
        overrides.write_text("\n".join(kept), encoding="utf-8")
        options = ["--python", sys.executable, "--no-build", "--override", str(overrides)]
        requirements = [f"{r.name}{_extras(r)}{r.specifier}" for r in absent]
        _run([*_uv(), "pip", "install", *options, *requirements])
    invalidate_caches()
    changed = [
        f"{name} {version} -> {now}"
        for name, version in before.items()
        if (now := _version(name)) not in (None, version)
    ]
    if changed:
        print(f"{', '.join(changed)}: the kernel restarts now; run the cells again from the top", flush=True)
        _restart()


def needed(extras: tuple[str, ...]) -> "Iterator[Requirement]":
    """What kwslib and its `extras` ask for on this Python and this system."""
    from packaging.requirements import Requirement

    wanted, named = {"", *extras}, [Requirement(text) for text in metadata.requires("kwslib") or ()]
    for _ in named:  # an extra may name others, which come later or earlier
        inner = [r.extras for r in named if r.name == "kwslib" and _applies(r, wanted)]
        wanted = wanted.union(*inner)
    yield from (r for r in named if r.name != "kwslib" and _applies(r, wanted))


def _applies(requirement: "Requirement", extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def satisfied(requirement: "Requirement") -> bool:
    """Whether a matching version is installed."""
    version = _version(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def imported() -> dict[str, str]:
    """Distributions of which this process has imported a module, with their versions."""
    return {
        _normal(name): metadata.version(name)
        for module, names in metadata.packages_distributions().items()
        if module in sys.modules
        for name in names
        if _normal(name) != "kwslib"
    }


def torch_as_installed() -> dict[str, str]:
    """Distributions of PyTorch and of CUDA that are installed, with their versions."""
    found = {_normal(d.name): d.version for d in metadata.distributions() if d.name}
    return {name: version for name, version in found.items() if TORCH.match(name)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _extras(requirement: "Requirement") -> str:
    return f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""


def _uv() -> list[str]:
    """Command of uv, which takes seconds where pip takes minutes and keeps to what it is told to keep."""
    if found := shutil.which("uv"):
        return [found]
    if _version("uv") is None:
        _run([sys.executable, "-m", "pip", "install", "--quiet", "uv"])
    return [sys.executable, "-m", "uv"]


def _run(command: list[str]) -> None:
    """Run an installer, showing how far it is. Raises KwsError with the end of what it said when it fails."""
    environment = os.environ | {"NO_COLOR": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    output = []
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload]
        for line in process.stdout:
            output.append(line.strip())
            if SHOWN.match(line.strip()):
                print(output[-1], flush=True)
    if process.returncode:
        raise KwsError(
            f"the installation failed ({' '.join(output[-6:])}): see that the package index is within reach and that "
            f"this Python ({sys.version_info.major}.{sys.version_info.minor}) is 3.11, 3.12 or 3.13; then run again"
        )


def _restart() -> None:
    from IPython.core.getipython import get_ipython

    get_ipython().kernel.do_shutdown(True)
