"""`kws data`: which recordings there are, and how the protocol divides them."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kwslib.cli.corpus import chosen_corpus
from kwslib.cli.options import DATA, JSON, OWN, PROFILE
from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError
from kwslib.labels import DEFAULT_KEYWORDS

if TYPE_CHECKING:
    from kwslib.data.corpus import Corpus
    from kwslib.data.protocol import Example

app = typer.Typer(help="The recordings: download them, check them, count them.", no_args_is_help=True)


@app.command("info")
def info(
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    keywords: str = typer.Option(",".join(DEFAULT_KEYWORDS), help="The words to spot, separated by commas."),
    own: list[str] = OWN,
    list_split: str | None = typer.Option(None, "--list", help="Also list the examples of this split."),
    as_json: bool = JSON,
) -> None:
    """Count the examples of each split and class under the fixed protocol."""
    from kwslib.data.check import problems, require
    from kwslib.data.protocol import Protocol, build_splits, counts
    from kwslib.data.splits import SPLITS

    if list_split not in (None, *SPLITS):
        raise KwsError(f"--list {list_split}: use {', '.join(SPLITS)}")
    corpus = chosen_corpus(data, profile, own)
    protocol = Protocol(keywords=tuple(word.strip() for word in keywords.split(",")))
    found = problems(corpus, protocol)
    try:
        splits = build_splits(corpus, protocol)
    except KwsError:
        require(corpus, protocol)
        raise
    table = {split: counts(examples, protocol.labels) for split, examples in splits.items()}
    listed = [_row(example, protocol.labels) for example in splits[list_split]] if list_split else []
    if as_json:
        result = {**_summary(corpus), "splits": table, "problems": found}
        print_json({**result, "examples": listed} if list_split else result)
        return
    _describe(corpus)
    for problem in found:
        print(f"problem: {problem}")
    print("".join(f"{name:>12}" for name in ("", *protocol.labels, "total")))
    for split, row in table.items():
        print(f"{split:>12}" + "".join(f"{count:>12,}" for count in row.values()))
    for entry in listed:
        print("\t".join(str(value) for value in entry.values()))


@app.command("prepare")
def prepare(data: Path | None = DATA, profile: str | None = PROFILE, as_json: bool = JSON) -> None:
    """Download, verify and unpack the recordings, or make the synthetic corpus; check every file."""
    corpus = chosen_corpus(data, profile)
    if as_json:
        print_json(_summary(corpus))
    else:
        _describe(corpus)


@app.command("check")
def check(
    folder: Path = typer.Argument(
        help="Folder of takes of one word, with or without a folder for each speaker."
    ),
    as_json: bool = JSON,
) -> None:
    """Check every take before training: damaged, silent, clipped, quiet, cut off, too long, duplicated, unlike the
    others. Exit status 1 when a network cannot learn from one of them."""
    from kwslib.keyword.takes import look

    takes = look(folder)
    wrong = [take for take in takes if take.problems]
    root = folder.expanduser().resolve()
    if as_json:
        rows = [vars(take) | {"path": str(take.path.relative_to(root))} for take in takes]
        print_json({"folder": str(folder), "takes": rows, "wrong": len(wrong)})
    else:
        print(f"{'seconds':>8}{'speech':>9}{'behind it':>11}")
        for take in takes:
            levels = f"{take.seconds:>8.2f}{take.speech_db:>6.0f} dB{take.background_db:>8.0f} dB"
            print(
                one_line(
                    f"{levels}  {take.path.relative_to(root)}{''.join(f': {p}' for p in take.problems[:1])}"
                )
            )
        print(one_line(f"{len(takes) - len(wrong)} of {len(takes)} takes in {folder} look well"))
    if wrong:
        raise typer.Exit(1)


@app.command("cut")
def cut(
    recording: Path = typer.Argument(help="One recording in which a word is repeated, with pauses."),
    out: Path = typer.Option(..., "--out", help="Folder for the takes."),
    speaker: str = typer.Option(
        "me",
        help="Name of the speaker: part of each take's name, and all takes of a speaker are in one split.",
    ),
    as_json: bool = JSON,
) -> None:
    """Cut a long recording into takes of a second, one word each."""
    from kwslib.keyword.cutting import cut_file

    takes = cut_file(recording, out, speaker)
    if as_json:
        print_json({"recording": str(recording), "takes": [str(path) for path in takes]})
    else:
        print(one_line(f"{out}: {len(takes)} takes, {takes[0].name} to {takes[-1].name}"))


def _describe(corpus: "Corpus") -> None:
    print(one_line(corpus.describe()))
    for note in corpus.notes:
        print(one_line(note))
    for item in corpus.skipped:
        print(one_line(f"skipped {item.path}: {item.reason}"))


def _summary(corpus: "Corpus") -> dict[str, object]:
    return {
        "data": corpus.name,
        "name": corpus.name,
        "root": str(corpus.root),
        "synthetic": corpus.synthetic,
        "clips": len(corpus.clips),
        "words": dict(Counter(clip.word for clip in corpus.clips)),
        "notes": corpus.notes,
        "skipped": len(corpus.skipped),
        "skipped_files": [{"file": str(item.path), "reason": item.reason} for item in corpus.skipped],
        "duplicates_across_splits": corpus.duplicates_across_splits(),
        "content_hash": corpus.content_hash,
    }


def _row(example: "Example", labels: tuple[str, ...]) -> dict[str, object]:
    """An example as the list shows it; a silence without noise is digital silence."""
    row: dict[str, object] = {"label": labels[example.label], "name": example.name}
    if example.noise:
        row |= {
            "noise": example.noise.path.stem,
            "start": example.noise.start,
            "gain": round(example.noise.gain, 6),
        }
    return row
