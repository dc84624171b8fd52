"""The user's own recordings: assigns a speaker and a split to each take in a folder.

The speaker is the name up to `_nohash_`, else the folder within the word's folder, else each take counts as a
separate speaker. The split follows Speech Commands' rule by speaker if that leaves each split enough of every word: at
least half a tenth of its takes; else a tenth of the speakers, at least one, is for validation and as many for testing;
else a tenth of the takes. The rule that was used is reported.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kwslib.data.audio import read_clip
from kwslib.data.clips import Clip
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError

NAMED = "_nohash_"
FEWEST = len(SPLITS)  # takes of a word: one for each split


def speaker_and_name(path: Path, folder: Path, word: str) -> tuple[str, str]:
    """The speaker of a take, and its name in the corpus, "word/speaker_nohash_take.wav" or "word/take.wav"."""
    inner = path.relative_to(folder).parts[:-1]
    if inner and NAMED not in path.stem:
        return inner[0], f"{word}/{inner[0]}{NAMED}{path.stem}.wav"
    return path.stem.split(NAMED, 1)[0], f"{word}/{path.stem}.wav"


def spread(clips: Sequence[Clip]) -> tuple[list[Clip], str]:
    """The clips with splits, none of which is empty for any of their words, and a description of how they were split.

    Raises KwsError, naming them all, for words with fewer takes than there are splits.
    """
    words = sorted({clip.word for clip in clips})
    few = [word for word in words if sum(clip.word == word for clip in clips) < FEWEST]
    if few:
        raise KwsError(
            f"fewer than {FEWEST} usable recordings of {', '.join(few)}: training, validation and testing need one each"
        )
    listing = ", ".join(words)
    named = any(NAMED in clip.name for clip in clips)
    basis = "speaker" if named else "take, as their names do not say who speaks"
    for choice in (list(clips), _ranked(clips, lambda clip: clip.speaker)):
        if _fills(choice, words):
            return choice, f"{listing}: split by {basis}"
    takes = [
        clip for word in words for clip in _ranked([c for c in clips if c.word == word], lambda c: c.name)
    ]
    basis = "for want of speakers: the test hears voices of the training" if named else "word by word"
    return takes, f"{listing}: split by take, {basis}"


def silent(path: Path) -> bool:
    """Whether all samples of the resulting clip are equal."""
    clip = read_clip(path)
    return int(clip.min()) == int(clip.max())


def _fills(clips: Sequence[Clip], words: Sequence[str]) -> bool:
    """Whether every split has at least half a tenth of the takes of each word, and one."""
    takes = Counter(clip.word for clip in clips)
    there = Counter((clip.word, clip.split) for clip in clips)
    return all(there[word, split] >= max(1, takes[word] / 20) for word in words for split in SPLITS)


def _ranked(clips: Sequence[Clip], group: Callable[[Clip], str]) -> list[Clip]:
    """Clips split by group, in the order of its hash: a tenth validation, as many testing, the rest training."""
    groups = sorted({group(clip) for clip in clips}, key=lambda name: hashlib.sha1(name.encode()).hexdigest())
    tenth = max(1, round(len(groups) / 10))
    split = {name: SPLITS[1 + (n >= tenth)] if n < 2 * tenth else SPLITS[0] for n, name in enumerate(groups)}
    return [replace(clip, assigned=split[group(clip)]) for clip in clips]
