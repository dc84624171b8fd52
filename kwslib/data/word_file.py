"""A file that describes the corpus of a user's own word, which the commands for training and testing a model accept for
--data: `kws eval MODEL --data computer.json`.

    {"format": 1, "word": "computer", "takes": "recordings", "not": ["talk"], "background": ["kitchen"],
     "data": ["speech_commands"]}

Folders are relative to the file. `takes` may be null: the synthesizer then also speaks validation and testing. `data`
lists the folders for other words and noises; without any, the synthetic corpus is used. The synthesizer's voices
(kwslib/data/voices.py) and the user's negatives, `not`, are for training; own backgrounds join the noise recordings.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kwslib.data.clips import Clip, Skipped
from kwslib.data.corpus import (
    NOISE_FOLDER,
    Corpus,
    add_recordings,
    open_corpus,
    read_folder,
    read_folders,
    read_takes,
)
from kwslib.data.protocol import STRETCHES, read_noise
from kwslib.data.splits import SPLITS
from kwslib.data.voices import homophones, is_read, require_read, spoken_folder
from kwslib.errors import KwsError, listed, naming
from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE, class_labels
from kwslib.paths import expand
from kwslib.strict_json import is_format, json_text, parse_json
from kwslib.writing import write_bytes

FORMAT = 1
LISTS = ("not", "background", "data")
MOST = {"training": 2400, "validation": 400, "testing": 800}  # clips of other words that a corpus lends
SHORTEST_NOISE = (
    CLIP_SAMPLES / (1 - STRETCHES["testing"][0]) / SAMPLE_RATE
)  # s, of which a tenth is for testing


@dataclass(frozen=True)
class WordFile:
    """The contents of the file, with absolute folders. `negatives` is "not" in the file."""

    word: str
    takes: Path | None
    negatives: tuple[Path, ...]
    background: tuple[Path, ...]
    data: tuple[Path, ...]

    def save(self, path: Path) -> None:
        """Write the file, with folders relative to it."""
        folder_of_file = os.path.realpath(path.parent)

        def relative(folder: Path) -> str:
            name = Path(os.path.relpath(os.path.realpath(folder), folder_of_file)).as_posix()
            return f"./{name}" if name[0] == "~" else name  # a folder, not a user's home

        content = {
            "format": FORMAT,
            "word": self.word,
            "takes": relative(self.takes) if self.takes else None,
            "not": [relative(folder) for folder in self.negatives],
            "background": [relative(folder) for folder in self.background],
            "data": [relative(folder) for folder in self.data],
        }
        write_bytes(path, (json_text(content, indent=2) + "\n").encode())


def read_word_file(path: Path) -> WordFile:
    """The contents of a file. Raises KwsError, naming the file, if it is missing or invalid."""
    try:
        content: Any = parse_json(path.read_bytes())
    except UnicodeDecodeError as error:
        raise KwsError(f"{path}: not a corpus file: make one with `kws keyword`, or give a folder") from error
    except (OSError, ValueError) as error:
        raise KwsError(f"{path}: not a corpus file ({error}): make it with `kws keyword`") from error
    known = {"format", "word", "takes", "not", "background", "data"}
    if not isinstance(content, dict) or not is_format(content.get("format"), FORMAT) or set(content) != known:
        raise KwsError(f"{path}: not a corpus file of format {FORMAT}: make it with `kws keyword`")
    with naming(path):
        class_labels((content["word"],))
        takes = None if content["takes"] is None else _place(path, content["takes"])
        return WordFile(content["word"], takes, *(_places(path, content, kind) for kind in LISTS))


def _places(path: Path, content: Mapping[str, Any], kind: str) -> tuple[Path, ...]:
    """The folders of a list in a corpus file. Raises KwsError as `_place` does, and where there is no list."""
    if not isinstance(content[kind], list):
        raise KwsError(f"{kind!r} is not a list of folders: make the file with `kws keyword`")
    return tuple(_place(path, name) for name in content[kind])


def _place(path: Path, name: object) -> Path:
    """The folder that a corpus file names, absolute. Raises KwsError for what is not a name."""
    if not isinstance(name, str) or not name:
        raise KwsError(f"{name!r} is not the name of a folder: make the file with `kws keyword`")
    return expand(name) if name[0] == "~" else path.parent.absolute() / name


def open_word(word_file: WordFile, base: Corpus | None = None) -> Corpus:
    """The corpus of a word; `base` replaces the one in `data`. Raises KwsError, naming the folder, for one that is
    missing or unusable."""
    base = base or (read_folders(word_file.data) if word_file.data else open_corpus(profile="quick"))
    alike = homophones(base.words, (word_file.word,))
    others = [clip for clip in base.clips if clip.word not in alike]
    notes = [f"{word}: left out, as it sounds like {word_file.word!r}" for word in sorted(alike)]
    corpus = replace(base, clips=_thinned(others, word_file.word), notes=(*base.notes, *notes))
    if word_file.takes:
        corpus = add_recordings(corpus, word_file.word, word_file.takes)
    takes = {clip.digest: clip.path.name for clip in corpus.clips if clip.word == word_file.word}
    twins = [clip for clip in corpus.clips if clip.word != word_file.word and clip.digest in takes]
    corpus = replace(
        corpus,
        clips=tuple(clip for clip in corpus.clips if clip not in twins),
        skipped=(*corpus.skipped, *_refused(twins, word_file.word, takes)),
    )
    negatives, skipped = _negatives(word_file.negatives, word_file.word, takes)
    noises, short = _backgrounds(word_file.background)
    spoken = synthesized(word_file.word, training_alone=word_file.takes is not None)
    times = sum(clip.word == word_file.word for clip in spoken)
    use = "for training alone" if word_file.takes else "for want of takes in validation and testing, too"
    voices = f"{times} times by the synthesizer, {use}"
    if not is_read(word_file.word):
        voices = "not by the synthesizer, whose voices are English and cannot read it"
    return replace(
        corpus,
        name=f"{word_file.word} ({base.name})",
        clips=tuple(sorted((*corpus.clips, *spoken, *negatives), key=lambda clip: clip.name)),
        noises=(*corpus.noises, *(clip.path for clip in noises)),
        noise_digests=(*corpus.noise_digests, *(clip.digest for clip in noises)),
        skipped=(*corpus.skipped, *skipped, *short),
        synthetic=base.synthetic or not word_file.takes,
        notes=(*corpus.notes, f"{word_file.word}: {voices}"),
        all_others=True,
    )


def synthesized(word: str, training_alone: bool) -> list[Clip]:
    """Synthesized clips for a word in the splits of kwslib/data/voices.py; with `training_alone`, the word itself only
    in training. Raises KwsError for a word that the voices do not read, except with `training_alone`, where there are
    the other words."""
    if not training_alone:
        require_read(word)
    root = spoken_folder(word)
    return [
        replace(clip, assigned=split, name=f"{clip.word}/{split}-{clip.path.stem}.wav")
        for split in SPLITS
        if (root / split).is_dir()  # for testing there is the word alone
        for clip in read_folder(root / split).clips
        if clip.word != word or split == SPLITS[0] or not training_alone
    ]


def _thinned(clips: Iterable[Clip], word: str) -> tuple[Clip, ...]:
    """All clips of the word, and of others as many of each split as MOST says, by the hash of their names."""
    room = dict(MOST)
    kept = []
    for clip in sorted(clips, key=lambda clip: hashlib.sha1(clip.name.encode()).hexdigest()):
        if clip.word != word:
            if not room[clip.split]:
                continue
            room[clip.split] -= 1
        kept.append(clip)
    return tuple(kept)


def _negatives(
    folders: Iterable[Path], word: str, takes: Mapping[str, str]
) -> tuple[list[Clip], list[Skipped]]:
    """Clips of own negatives, all of them for training, without the recordings in `takes`, {digest: file name}, of the
    word itself."""
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for number, folder in enumerate(folders, 1):
        name = (
            f"not {word}" if number == 1 else f"not {word} {number}"
        )  # equal file names are other recordings
        read, refused = read_takes(folder, name)
        found = [clip for clip in read if clip.digest not in takes]
        refused += _refused([clip for clip in read if clip.digest in takes], word, takes)
        if not found:
            wrong = listed((item.path.name, item.reason) for item in refused)
            remedy = f"{wrong}: name recordings of others" if refused else "put audio files into it"
            raise KwsError(f"{folder}: no usable recordings of other words than {word!r}: {remedy}")
        clips += [replace(clip, assigned=SPLITS[0]) for clip in found]
        skipped += refused
    return clips, skipped


def _refused(twins: Iterable[Clip], word: str, takes: Mapping[str, str]) -> list[Skipped]:
    """Recordings under another name of those in `takes`, {digest: file name}, of the word."""
    return [
        Skipped(clip.path, f"the same recording as {takes[clip.digest]}, which is of {word!r}")
        for clip in twins
    ]


def _backgrounds(folders: Iterable[Path]) -> tuple[list[Clip], list[Skipped]]:
    """Noise recordings long enough for a second of testing, as clips."""
    noises: list[Clip] = []
    skipped: list[Skipped] = []
    for folder in folders:
        found, refused = read_takes(folder, NOISE_FOLDER)
        short = [clip for clip in found if len(read_noise(clip.path)) < SHORTEST_NOISE * SAMPLE_RATE]
        refused += [
            Skipped(clip.path, f"shorter than {SHORTEST_NOISE:.0f} s: record longer") for clip in short
        ]
        if len(found) == len(short):
            wrong = listed((item.path.name, item.reason) for item in refused) or "put audio files into it"
            raise KwsError(f"{folder}: no usable background: {wrong}")
        noises += [clip for clip in found if clip not in short]
        skipped += refused
    return noises, skipped
