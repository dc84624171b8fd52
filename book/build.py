"""Build the book: `python book/build.py report | book | pdf | record [PART] | sounds | pair`. The Makefile calls it.

report   run the notebooks in the quick profile into _build/quick and render the book from that copy
book     render the recorded notebooks without running them
pdf      the same, with one file of it all on its first page, printed by Chromium
record   run the notebooks in the report profile; recorded outputs, values, models, sounds and the README's table are
         replaced. Parts 5 and 6 take their points from sweeps, which lie in _build/sweeps and go on where they stopped
sounds   choose the clips that the pages play, and write them into book/_static/sound
pair     make the .ipynb of every notebook script, keeping recorded outputs
"""

import argparse
import csv
import os
import posixpath
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import browser
import firmware_sizes
import headline
import sounds
from joblib import cpu_count

import notebooks
from kwslib.experiments.sweeps import OF_NOTEBOOK
from kwslib.writing import atomic_write

ROOT = notebooks.ROOT
TIMED = ("02_size_estimation",)  # measures this computer, so nothing runs beside it
START, PDF = Path("book", "intro.html"), Path("_build", "kwslib.pdf")
ADDRESS = re.compile(r'(\s(?:href|src|data-content_root)=")(?![a-z]+:|#|/)([^"]+)')


def render(source: Path, builder: str = "html", *, read: bool = False) -> Path:
    """Render the book in folder `source` afresh with every warning an error; returns its first page.

    With the builder `singlehtml`, that page holds the whole book. read: whether another builder has just read the
    same sources, so that only pages that depend on its output are read again.

    Raises RuntimeError with all that was said when it does not render.
    """
    for leftover in (builder, *(() if read else (".doctrees", "jupyter_execute"))):
        shutil.rmtree(source / "_build" / leftover, ignore_errors=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", source, "--toc", source / "book" / "_toc.yml"]
    done = subprocess.run(
        [*map(str, command), "--builder", builder, "-W", "-n", "--keep-going"],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"{done.stdout}\n{done.stderr}\nthe book did not render")
    folder = source / "_build" / builder
    first, index = folder / START, folder / "index.html"  # where jupyter-book puts only a redirection
    if builder == "singlehtml":  # its links begin at the top
        shutil.move(first, index)
    else:
        index.write_text(at_the_top(first.read_text(encoding="utf-8")), encoding="utf-8")
    return index


def at_the_top(page: str) -> str:
    """The HTML of a page in the folder `book` with its relative addresses as from the folder above."""

    def moved(match: re.Match[str]) -> str:
        begin, address = match.groups()
        slash = "/" if address.endswith("/") else ""
        return f"{begin}{posixpath.normpath(posixpath.join('book', address))}{slash}"

    return ADDRESS.sub(moved, page)


def book(source: Path) -> Path:
    """Render the book in folder `source` without a printed one, which may be of another day."""
    (source / PDF).unlink(missing_ok=True)
    return render(source)


def pdf(source: Path) -> Path:
    """The same with the book as one file too, which its first page offers. Raises RuntimeError without a Chromium."""
    print_book(source)
    return render(source, read=True)


def print_book(source: Path, *, read: bool = False) -> Path:
    """Print the book in folder `source` into its `_build/kwslib.pdf`; `read` as in `render`.

    Raises RuntimeError without a Chromium.
    """
    printed = source / PDF
    printed.parent.mkdir(exist_ok=True)
    printed.write_bytes(b"")  # a page offers it where there is one
    try:
        page = render(source, "singlehtml", read=read)
        with atomic_write(printed) as temporary:
            browser.print_pdf(page, temporary)
    except BaseException:
        printed.unlink(missing_ok=True)
        raise
    return printed


def report() -> Path:
    """Run everything in the quick profile, on the synthetic corpus, and render it."""
    quick = ROOT / "_build" / "quick"
    shutil.rmtree(quick, ignore_errors=True)
    shutil.copytree(ROOT / "book", quick / "book", ignore=shutil.ignore_patterns("results", "__pycache__"))
    shutil.copy(ROOT / "_config.yml", quick)
    print(
        f"running {len(notebooks.names())} notebooks in the quick profile, two at a time: "
        "four to seven minutes on two free cores, a line for each",
        flush=True,
    )
    cores = cpu_count()
    os.environ["LOKY_MAX_CPU_COUNT"] = str(max(1, cores // 2))  # to each of the two
    notebooks.execute_all(
        notebooks.names(),
        "quick",
        quick / "book" / "results",
        lambda name: quick / "notebooks" / f"{name}.ipynb",
    )
    os.environ["LOKY_MAX_CPU_COUNT"] = str(cores)
    print("rendering the book: half a minute", flush=True)
    return render(quick)


def record(part: str | None) -> None:
    """Run the notebooks, or those whose names begin with `part`, in the report profile; keep what they find."""
    chosen = [name for name in notebooks.names() if name.startswith(part or "")]
    if not chosen:
        sys.exit(f"no notebook begins with {part!r}: there are {', '.join(notebooks.names())}")
    results = ROOT / "book" / "results"
    print("running the notebooks (report profile)", flush=True)
    begin = time.monotonic()
    timed = [name for name in chosen if name in TIMED]
    for names in (
        timed,
        [n for n in chosen if n not in (*TIMED, *OF_NOTEBOOK)],
        [n for n in chosen if n in OF_NOTEBOOK],
    ):
        swept = {name: sweep(name) for name in names if name in OF_NOTEBOOK}
        notebooks.execute_all(
            names,
            "report",
            results,
            lambda name: notebooks.FOLDER / f"{name}.ipynb",
            jobs=1 if swept or names is timed else 2,
            swept=swept,
        )
    headline.write()
    firmware_sizes.write()
    if "03_training" in chosen:  # some of the clips are chosen by its networks
        sounds.write()
    print(f"recorded in {(time.monotonic() - begin) / 60:.0f} min")


def sweep(name: str) -> Path:
    """Run the sweeps of a notebook's figures; its tables and notebooks are kept among the recorded values.

    Raises RuntimeError when a point failed.
    """
    folder, kept = ROOT / "_build" / "sweeps" / name, ROOT / "book" / "results" / "sweeps"
    kept.mkdir(exist_ok=True)
    for kind in OF_NOTEBOOK[name]:
        command = [Path(sys.executable).with_name("kws"), "sweep", kind, "--figure", "--profile", "report"]
        if subprocess.run([*map(str, command), "--out", str(folder)]).returncode:
            raise RuntimeError(f"the sweep of {kind} is not complete: see {folder}")
        shutil.copy(folder / f"{kind}.csv", kept)
        points = [row["run"] for row in csv.DictReader((folder / f"{kind}.csv").open(encoding="utf-8"))]
        with zipfile.ZipFile(kept / f"{kind}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for point in sorted(points):  # with one date, so that the same points give the same file
                entry = zipfile.ZipInfo(f"{kind}/{point}.ipynb")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, (folder / "notebooks" / f"{point}.ipynb").read_bytes())
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("report", "book", "pdf", "record", "sounds", "pair"))
    parser.add_argument("part", nargs="?", help="record: a notebook, such as 03")
    options = parser.parse_args()
    begin = time.monotonic()
    try:
        if options.command == "pair":
            for name in notebooks.names():
                notebooks.pair(name)
        elif options.command == "record":
            record(options.part)
        elif options.command == "sounds":
            sounds.write()
        else:
            renderers = {"report": report, "book": lambda: book(ROOT), "pdf": lambda: pdf(ROOT)}
            page = renderers[options.command]()
            print(f"the book, in {time.monotonic() - begin:.0f} s: {page.as_uri()}")
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
