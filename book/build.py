"""Build the book: `python book/build.py report | book | record [PART] | pair`. The Makefile calls it.

report   run the notebooks in the quick profile into _build/quick and render the book from that copy
book     render the recorded notebooks without running them
record   run the notebooks in the report profile; recorded outputs, values, models and the README's table are replaced
pair     make the .ipynb of every notebook script, keeping recorded outputs
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import headline

import notebooks

ROOT = notebooks.ROOT


def render(source: Path) -> Path:
    """Render the book in folder `source` afresh with every warning an error; returns its first page.

    Raises RuntimeError with all that was said when it does not render.
    """
    for leftover in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(source / "_build" / leftover, ignore_errors=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", source, "--toc", source / "book" / "_toc.yml"]
    done = subprocess.run(
        [*map(str, command), "-W", "-n", "--keep-going"], capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        raise RuntimeError(f"{done.stdout}\n{done.stderr}\nthe book did not render")
    return source / "_build" / "html" / "index.html"


def report() -> Path:
    """Run everything in the quick profile, on the synthetic corpus, and render it."""
    quick = ROOT / "_build" / "quick"
    shutil.rmtree(quick, ignore_errors=True)
    shutil.copytree(ROOT / "book", quick / "book", ignore=shutil.ignore_patterns("results", "__pycache__"))
    shutil.copy(ROOT / "_config.yml", quick)
    print("running the notebooks (quick profile)", flush=True)
    notebooks.execute_all(
        notebooks.names(),
        "quick",
        quick / "book" / "results",
        lambda name: quick / "notebooks" / f"{name}.ipynb",
    )
    print("rendering the book", flush=True)
    return render(quick)


def record(part: str | None) -> None:
    """Run the notebooks, or those whose names begin with `part`, in the report profile; keep what they find."""
    chosen = [name for name in notebooks.names() if name.startswith(part or "")]
    if not chosen:
        sys.exit(f"no notebook begins with {part!r}: there are {', '.join(notebooks.names())}")
    print("running the notebooks (report profile)", flush=True)
    notebooks.execute_all(
        chosen, "report", ROOT / "book" / "results", lambda name: notebooks.FOLDER / f"{name}.ipynb"
    )
    headline.write()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("report", "book", "record", "pair"))
    parser.add_argument("part", nargs="?", help="record: a notebook, such as 03")
    options = parser.parse_args()
    begin = time.monotonic()
    try:
        if options.command == "pair":
            for name in notebooks.names():
                notebooks.pair(name)
        elif options.command == "record":
            record(options.part)
        else:
            page = report() if options.command == "report" else render(ROOT)
            print(f"the book, in {time.monotonic() - begin:.0f} s: {page.as_uri()}")
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
