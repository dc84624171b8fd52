"""`python -m kwslib TASK` in a clone: all that `make TASK` does, with Python and git alone. The Makefile calls it.

A task runs in the clone's own environment, `.venv` (or `$VENV`), which is made first where it is missing or older than
the lock. Only the standard library is imported, since nothing else is there before.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHOLE = ((3, 11), (3, 12), (3, 13))  # Pythons with every extra
LOCK = "requirements.lock"
FIRMWARE = ("firmware/*.[ch]", "firmware/*.cpp", "firmware/*.ino")
BUILT = (
    "_build",
    "dist",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".import_linter_cache",
    ".hypothesis",
)
WORKERS = "3"  # for two cores: now and then one waits, for a microphone or a signal
PYTEST = ("python", "-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder")


def environment() -> Path:
    """Folder of the clone's environment."""
    return ROOT / os.environ.get("VENV", ".venv")


def call(program: str, *arguments: str) -> None:
    """Run a program of the environment in the clone. Raises CalledProcessError when it fails."""
    folder = environment() / ("Scripts" if os.name == "nt" else "bin")
    settings = {"OMP_NUM_THREADS": "1"} | os.environ | {"VIRTUAL_ENV": str(environment())}
    settings.setdefault("UV_FIND_LINKS", settings.get("PIP_FIND_LINKS", ""))  # uv ignores pip's settings
    settings.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # each of a task's many processes would compile kwslib again
    subprocess.run([str(folder / program), *arguments], cwd=ROOT, env=settings, check=True)


def files(*patterns: str) -> list[str]:
    """Files that git knows, by its patterns."""
    return subprocess.check_output(["git", "ls-files", *patterns], cwd=ROOT, encoding="utf-8").splitlines()


def setup() -> None:
    """.venv with every package as pinned, and kwslib itself"""
    done = environment() / ".installed"
    if done.exists() and all(
        done.stat().st_mtime > (ROOT / name).stat().st_mtime for name in (LOCK, "pyproject.toml")
    ):
        return
    if not (environment() / "pyvenv.cfg").exists():
        whole = WHOLE if sys.platform == "linux" else WHOLE[1:]  # elsewhere the set of 3.11 has no wheels
        if sys.version_info[:2] not in whole:
            *others, last = (f"{major}.{minor}" for major, minor in whole)
            found = ".".join(map(str, sys.version_info[:2]))
            sys.exit(
                f"kwslib's chapters need Python {', '.join(others)} or {last} here, and {sys.executable} is {found}: "
                "name another, as in `make setup PYTHON=python3.12` or `python3.12 -m kwslib setup`"
            )
        subprocess.run([sys.executable, "-m", "venv", str(environment())], check=True)
    print(
        f"installing what {LOCK} pins into {environment().name}: a minute, and what 2 GB take to download",
        flush=True,
    )
    pip = ("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    call(*pip, "uv")  # takes seconds where pip takes minutes
    pinned = ("--constraint", LOCK, "--requirement", "pyproject.toml", "--extra", "all")
    try:
        call("uv", "pip", "install", "--no-build", "--compile-bytecode", *pinned)
    except subprocess.CalledProcessError:
        call(*pip, "--only-binary", ":all:", "--constraint", LOCK, ".[all]")
    call(*pip, "--no-deps", "--editable", ".")
    done.touch()


def lock() -> None:
    """choose versions anew where pyproject.toml asks for it, for every Python and platform"""
    universal = ("--universal", "--no-build", "--python-version", "3.11", "--no-header", "--no-annotate")
    call("uv", "pip", "compile", "--quiet", *universal, "--extra", "all", "pyproject.toml", "-o", LOCK)


def report() -> None:
    """run the notebooks in the quick profile, render the book, say where it is"""
    call("python", "book/build.py", "report")


def book() -> None:
    """render the recorded notebooks without running them"""
    call("python", "book/build.py", "book")


def pdf() -> None:
    """the book as one file, printed by Chromium"""
    call("python", "book/build.py", "pdf")


def record(*part: str) -> None:
    """run the notebooks in the report profile and keep what they find (PART=03 for one)"""
    call("python", "book/build.py", "record", *part)


def pair() -> None:
    """make the .ipynb of every notebook script"""
    call("python", "book/build.py", "pair")


def quick() -> None:
    """the tests that take a moment: run them before each commit"""
    call(*PYTEST, "-m", "not slow and not data", "tests")


def test() -> None:
    """all tests, the notebooks and the book included"""
    call(*PYTEST, "--nbval-lax", "notebooks", "tests")


def colab(*part: str) -> None:
    """every notebook as on Colab, Python 3.12 and 3.13, in a kernel that runs already (PART=03 for one)"""
    for python in ("3.12", "3.13"):
        call("python", "book/colab.py", python, *part)


def coverage() -> None:
    """the lines of kwslib that no test executes"""
    call(*PYTEST, "--cov", "--cov-report", "term-missing:skip-covered", "tests")


def verify() -> None:
    """find the recorded numbers again: models, one training run, the board (needs the recordings)"""
    call("kws", "verify")


def lint() -> None:
    """style, types, the order of imports, dependencies, spelling"""
    call("ruff", "check", ".")
    call("ruff", "format", "--check", ".")
    call("clang-format", "--dry-run", "-Werror", *files(*FIRMWARE, ":!firmware/arduino/stand_ins"))
    call("mypy", "kwslib")
    call("lint-imports", "--no-logo")
    call("deptry", ".")
    call("codespell", *files("*.md", "*.py", "*.yml", "*.toml", *FIRMWARE, "firmware/*.S"))
    if node := shutil.which("node"):
        for module in files("web/*.js"):
            subprocess.run([node, "--check", module], cwd=ROOT, check=True)


def clean() -> None:
    """remove what was built"""
    for name in BUILT:
        shutil.rmtree(ROOT / name, ignore_errors=True)


TASKS = (setup, report, book, pdf, record, pair, quick, test, colab, coverage, verify, lint, lock, clean)
OF_PARTS = (record, colab)


def overview() -> str:
    """Every task and what it does."""
    lines = [f"  make {task.__name__:9} {task.__doc__}" for task in TASKS]
    return "\n".join(["  make help      this list", *lines, "Where there is no make: python -m kwslib TASK"])


def main() -> None:
    """Run the task that the command line names."""
    name, *parts = sys.argv[1:] or ["help"]
    tasks = {task.__name__: task for task in TASKS}
    task = tasks.get(name)
    if name == "help":
        print(overview())
    elif task is None:
        sys.exit(
            f"kwslib: no task is called {name}: there are {', '.join(tasks)}; commands on models are `kws --help`"
        )
    elif not (ROOT / "pyproject.toml").exists():
        sys.exit(f"kwslib: {ROOT} is no clone, and {name} needs one; commands on models are `kws --help`")
    elif parts and task not in OF_PARTS:
        sys.exit(f"kwslib: {name} is of all parts: leave {' '.join(parts)} out")
    else:
        try:
            if task is not clean:
                setup()
            task(*parts)
        except subprocess.CalledProcessError as error:
            sys.exit(error.returncode)
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
