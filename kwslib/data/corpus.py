"""A corpus: folders of clips in the layout of Speech Commands, listed, checked and described.

`<word>/<speaker>_nohash_<take>.wav` (or .flac) and `_background_noise_/` (Warden, arXiv:1804.03209). Broken files are
named before a run starts, and opening a corpus again is fast (kwslib/data/inspection.py).
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from typing import TypeVar
from unicodedata import normalize

from kwslib.cache import cached_folder
from kwslib.data.clips import Clip, Skipped
from kwslib.data.inspection import Verdict, inspect
from kwslib.data.own import FEWEST, NAMED, silent, speaker_and_name, spread
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError, listed
from kwslib.labels import check_word
from kwslib.paths import absent, expand, files_within, folders
from kwslib.profiles import Profile, get_profile

NOISE_FOLDER = "_background_noise_"
CORPUS = "corpus.json"  # which describes the corpus of one's own word (kwslib/data/word_file.py)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Corpus:
    """Clips and noise recordings, sorted by name, and the files that were left out.

    root: the folder, or several separated as in PATH, as `open_corpus` takes them.
    """

    name: str
    root: Path
    clips: tuple[Clip, ...]
    noises: tuple[Path, ...]
    synthetic: bool
    skipped: tuple[Skipped, ...] = ()
    noise_digests: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # how clips without official names were split
    all_others: bool = False  # every clip of another word is an example, however few there are of a keyword

    @property
    def words(self) -> tuple[str, ...]:
        """The words spoken, in alphabetical order."""
        return tuple(sorted({clip.word for clip in self.clips}))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over all names and decoded samples: equal for WAV and FLAC copies in any folder."""
        noises = zip(self.noises, self.noise_digests, strict=True)
        lines = [f"{clip.name} {clip.digest}\n" for clip in self.clips]
        lines += [f"{NOISE_FOLDER}/{path.stem}.wav {digest}\n" for path, digest in noises]
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()

    def counts(self) -> dict[str, dict[str, int]]:
        """{split: {word: clips}} under the official split rule."""
        found = Counter((clip.split, clip.word) for clip in self.clips)
        return {split: {word: found[split, word] for word in self.words} for split in SPLITS}

    def duplicates_across_splits(self) -> tuple[tuple[str, ...], ...]:
        """Groups of names whose audio is identical although their speakers are in different splits."""
        groups: dict[str, list[Clip]] = {}
        for clip in self.clips:
            groups.setdefault(clip.digest, []).append(clip)
        astray = (group for group in groups.values() if len({clip.split for clip in group}) > 1)
        return tuple(tuple(clip.name for clip in group) for group in astray)

    @property
    def title(self) -> str:
        """The corpus's name, marked if it is synthetic, for every result that a person reads."""
        return f"{self.name}, synthetic speech" if self.synthetic else self.name

    def describe(self) -> str:
        """One line that describes the data."""
        kind = "synthetic speech, not recordings" if self.synthetic else f"recordings in {self.root}"
        skipped = f", {len(self.skipped)} unusable files skipped" if self.skipped else ""
        size = f"{len(self.clips):,} clips of {len(self.words)} words{skipped}"
        return f"data: {self.name} ({kind}): {size}, content {self.content_hash[:12]}"


def open_corpus(data: Path | str | None = None, profile: Profile | str | None = None) -> Corpus:
    """The corpus of a run: `data` if given (a folder, or several separated as in PATH), else that of the profile.

    quick: the synthetic corpus, generated on first use. report: `$KWS_DATA`, else the official archive, from the
    cache or downloaded into it. Raises KwsError for a folder that is missing or contains no clips, and for a
    failed download.
    """
    if data is not None:
        return read_folders(folders(data))
    chosen = profile if isinstance(profile, Profile) else get_profile(profile)
    if chosen.synthetic:
        from kwslib.data.synthetic import fingerprint, make_synthetic

        return replace(
            read_folder(cached_folder(f"synthetic-{fingerprint()}", make_synthetic)), name="synthetic"
        )
    if os.environ.get("KWS_DATA"):
        return read_folders(folders(os.environ["KWS_DATA"]))
    from kwslib.data.speech_commands import official_folder

    return read_folder(official_folder())


def read_folder(root: Path) -> Corpus:
    """List and check a folder in the official layout; files that are broken or not audio are listed in `skipped`.

    Raises KwsError when the folder is missing or contains no clips.
    """
    return read_folders([root])


def read_folders(roots: Sequence[Path]) -> Corpus:
    """As `read_folder`, for several folders as one corpus, which does not depend on their order.

    Equal recordings with the same name in two folders count once; of two that differ, the first is used and the other
    skipped. Raises KwsError for a folder that is not a corpus.
    """
    places = list(dict.fromkeys(_folder(root, _wanted(expand(root))) for root in roots))
    found = [_listed(place) for place in places]
    skipped = [item for part in found for item in part.skipped]
    clips, twins = _once([(clip.name, clip.digest, clip.path, clip) for part in found for clip in part.clips])
    noises, more = _once(
        [
            (f"{NOISE_FOLDER}/{path.stem}.wav", digest, path, (path, digest))
            for part in found
            for path, digest in zip(part.noises, part.noise_digests, strict=True)
        ]
    )
    noises = sorted(noises, key=lambda noise: noise[0].name)
    clips, notes = _spread_unnamed(clips)
    return Corpus(
        name=" + ".join(place.name for place in places),
        root=Path(os.pathsep.join(map(str, places))),
        clips=tuple(sorted(clips, key=lambda clip: clip.name)),
        noises=tuple(path for path, _ in noises),
        synthetic=any(part.synthetic for part in found),
        skipped=(*skipped, *twins, *more),
        noise_digests=tuple(digest for _, digest in noises),
        notes=notes,
    )


def _listed(root: Path) -> Corpus:
    """One folder as it is: its clips by the words' folders, those without official names not yet split."""
    from kwslib.data.synthetic import MARKER

    shown = [path for path in _entries(root) if path.name[0] != "_" or path.name == NOISE_FOLDER]
    lost = [path for path in shown if not os.path.isdir(path) and not _is_note(path)]
    words = [path for path in shown if os.path.isdir(path) and path.name != NOISE_FOLDER]
    files = {path.name: files_within(path) for path in words}
    noises = [path for path in _entries(root / NOISE_FOLDER) if path.name != "README.md"]
    verdicts = inspect(root, [*(path for paths in files.values() for path in paths), *noises])
    clips: list[Clip] = []
    skipped = [Skipped(path, f"{absent(path, 'folder')}: remove it") for path in lost]
    for word, paths in files.items():
        found, refused = _clips(paths, root / word, verdicts, normalize("NFC", word))
        clips += found
        skipped += refused
    if not clips:
        raise KwsError(f"{root}: no clips here: {_wanted(root)}")
    skipped += [Skipped(path, verdicts[path].reason) for path in noises if verdicts[path].reason]
    sound = tuple(path for path in noises if not verdicts[path].reason)
    digests = tuple(verdicts[path].digest for path in sound)
    marked = (root / MARKER).is_file()
    return Corpus(root.name, root, tuple(clips), sound, marked, tuple(skipped), digests)


def _once(found: Iterable[tuple[str, str, Path, Item]]) -> tuple[list[Item], list[Skipped]]:
    """Of (name, digest, file, item): the first item of each name, and the files of that name that differ from it."""
    first: dict[str, str] = {}
    kept: list[Item] = []
    skipped: list[Skipped] = []
    for name, digest, path, item in found:
        if name not in first:
            first[name] = digest
            kept.append(item)
        elif first[name] != digest:
            skipped.append(Skipped(path, f"a second recording called {name}"))
    return kept, skipped


def add_recordings(corpus: Corpus, word: str, folder: Path | str) -> Corpus:
    """`corpus` with a folder of the user's own recordings of `word` in any layout: see kwslib/data/own.py.

    Raises KwsError as `read_takes` and `check_word` do, and when the folder contains fewer than three usable
    recordings: the message states what is wrong with the others.
    """
    clips, skipped = read_takes(folder, check_word(word), corpus.clips)
    folder = Path(folder)
    if len(clips) < FEWEST:
        wrong = listed((item.path.name, item.reason) for item in skipped)
        few = ("no recordings", "only 1 recording", "only 2 recordings")[len(clips)]
        remedy = wrong or ("record more" if clips else "put audio files into it")
        raise KwsError(f"{folder}: {few} of {word!r} here, {FEWEST} are the fewest: {remedy}")
    clips, note = spread(clips)
    return replace(
        corpus,
        name=f"{corpus.name} + {folder.name}",
        clips=tuple(sorted((*corpus.clips, *clips), key=lambda clip: clip.name)),
        skipped=(*corpus.skipped, *skipped),
        notes=(*corpus.notes, note),
    )


def read_takes(folder: Path | str, word: str, known: Sequence[Clip] = ()) -> tuple[list[Clip], list[Skipped]]:
    """The recordings of a folder in any layout, each as a clip of `word` with a name that none of the `known` clips
    has; and those that are broken, silent, or copies of others or of the known ones of this word. Raises KwsError for
    a missing folder."""
    folder = _folder(Path(folder), "give one that holds recordings")
    files = files_within(folder)
    found, skipped = _clips(files, folder, inspect(folder, files), word, known)
    clips: dict[str, Clip] = {}  # by the digest of their samples
    for clip in found:
        if twin := clips.get(clip.digest):
            skipped.append(Skipped(clip.path, f"the same recording as {twin.path.name}"))
        elif silent(clip.path):
            skipped.append(Skipped(clip.path, "silent: record it again, nearer"))
        else:
            clips[clip.digest] = clip
    return list(clips.values()), skipped


def _wanted(root: Path) -> str:
    """What to give instead of something that is not a folder with clips."""
    for file, name in ((root, "it"), (root / CORPUS, f"its {CORPUS}")):
        if file.suffix == ".json" and os.path.isfile(file):
            return f'give the folders that {name} lists under "data"'
    return "give one that holds <word>/<speaker>_nohash_<take>.wav or .flac"


def _folder(path: Path, remedy: str) -> Path:
    path = expand(path)
    if not os.path.isdir(path):  # of a circle of links and of a name that no file can have, too
        raise KwsError(f"{path}: {absent(path, 'folder')}: {remedy}")
    return Path(os.path.realpath(path))


def _is_note(path: Path) -> bool:
    """Whether a file beside the words' folders is one of those that a corpus may have there."""
    return os.path.isfile(path) and path.name != NOISE_FOLDER


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, by name, hidden things aside; nothing where there is no folder."""
    found = folder.iterdir() if os.path.isdir(folder) else ()
    # by the names, since paths on Windows compare without regard to case
    return sorted((path for path in found if path.name[0] != "."), key=lambda path: path.name)


def _clips(
    files: Iterable[Path],
    folder: Path,
    verdicts: dict[Path, Verdict],
    word: str,
    known: Sequence[Clip] = (),
) -> tuple[list[Clip], list[Skipped]]:
    """Clips of the usable files of a word's folder, numbered where recordings in different folders would have one name;
    and the other files. Two formats of one name in a folder are taken for one recording, whatever they hold."""
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    digests = {clip.name: clip.digest for clip in known}
    of_word = {clip.digest for clip in known if clip.word == word}
    used: dict[Path, str] = {}  # without its ending, the file's name
    for path in files:
        speaker, first = speaker_and_name(path, folder, word)
        numbered = (f"{first.removesuffix('.wav')}_{number}.wav" for number in count(2))
        name = next(name for name in chain([first], numbered) if name not in digests)
        digest, reason = verdicts[path].digest, verdicts[path].reason
        if not reason and (twin := used.get(path.with_suffix(""))):
            reason = f"{twin} has the same name: give one of them another if they differ"
        elif not reason and digest in of_word:
            reason = "in the data already: leave it out, or move it out of the data"
        elif not reason and digests.get(first) == digest:
            reason = f"the same recording as {first}"
        if reason:
            skipped.append(Skipped(path, reason))
        else:
            digests[name], used[path.with_suffix("")] = digest, path.name
            clips.append(Clip(path, word, speaker, name, digest))
    return clips, skipped


def _spread_unnamed(clips: list[Clip]) -> tuple[list[Clip], tuple[str, ...]]:
    """Clips, those of words without official names with splits of which none is empty; and how that was done."""
    counts = Counter(clip.word for clip in clips)
    unnamed = {clip.word for clip in clips if NAMED not in clip.path.stem and counts[clip.word] >= FEWEST}
    if not unnamed:
        return clips, ()
    assigned, note = spread([clip for clip in clips if clip.word in unnamed])
    return [clip for clip in clips if clip.word not in unnamed] + assigned, (note,)
