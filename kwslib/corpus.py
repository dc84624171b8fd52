"""A corpus: a folder of clips in the layout of Speech Commands, listed, checked and described.

`<word>/<speaker>_nohash_<take>.wav` (or .flac) and `_background_noise_/` (Warden, arXiv:1804.03209). Every file is
decoded once when it is first seen; the verdict and a digest of its samples are kept in the cache, so that later
openings take a moment, broken files are known by name before a run begins, and the content hash costs nothing.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kwslib.audio import decode
from kwslib.errors import KwsError
from kwslib.paths import atomic_write, cache_dir
from kwslib.profiles import Profile, get_profile
from kwslib.progress import progress
from kwslib.splits import SPLITS, which_split

NOISE_FOLDER = "_background_noise_"
MARKER = "SYNTHETIC"  # the file that a synthetic corpus carries at its root


@dataclass(frozen=True)
class Clip:
    """One recording. `name` is "word/stem.wav" whatever the container; `digest` tells its samples apart."""

    path: Path
    word: str
    speaker: str
    name: str
    digest: str = ""

    @property
    def split(self) -> str:
        """The split of the clip's speaker."""
        return which_split(self.name)


@dataclass(frozen=True)
class Skipped:
    """A file that is no usable recording, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """Clips sorted by name, noise recordings sorted by name with their digests, and the files that were left out."""

    name: str
    root: Path
    clips: tuple[Clip, ...]
    noises: tuple[Path, ...]
    synthetic: bool
    skipped: tuple[Skipped, ...] = ()
    noise_digests: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The words spoken, in alphabetical order."""
        return tuple(sorted({clip.word for clip in self.clips}))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over every name and its decoded samples: equal for WAV and FLAC copies, wherever they lie."""
        lines = [f"{clip.name} {clip.digest}\n" for clip in self.clips]
        lines += [
            f"{path.stem} {digest}\n" for path, digest in zip(self.noises, self.noise_digests, strict=True)
        ]
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()

    def counts(self) -> dict[str, dict[str, int]]:
        """{split: {word: clips}} under the official split rule."""
        found = Counter((clip.split, clip.word) for clip in self.clips)
        return {split: {word: found[split, word] for word in self.words} for split in SPLITS}

    def duplicates_across_splits(self) -> tuple[tuple[str, ...], ...]:
        """Groups of names that hold the very same audio although their speakers are in different splits."""
        groups: dict[str, list[Clip]] = {}
        for clip in self.clips:
            groups.setdefault(clip.digest, []).append(clip)
        return tuple(
            tuple(clip.name for clip in group)
            for group in groups.values()
            if len({clip.split for clip in group}) > 1
        )

    def describe(self) -> str:
        """One line that says which data this is."""
        kind = "synthetic speech, not recordings" if self.synthetic else f"recordings in {self.root}"
        skipped = f", {len(self.skipped)} broken files skipped" if self.skipped else ""
        return (
            f"data: {self.name} ({kind}): {len(self.clips):,} clips of {len(self.words)} words{skipped}, "
            f"content {self.content_hash[:12]}"
        )


def open_corpus(data: Path | str | None = None, profile: Profile | str | None = None) -> Corpus:
    """The corpus that a run uses: `data` where given, else what the profile says.

    quick: the synthetic corpus, made on first use. report: `$KWS_DATA`, else the official archive, from the cache or
    downloaded into it. Raises KwsError for a folder that is missing or holds no clips, and for a failed download.
    """
    if data is not None:
        return read_folder(Path(data))
    chosen = profile if isinstance(profile, Profile) else get_profile(profile)
    if chosen.synthetic:
        return replace(read_folder(synthetic_folder()), name="synthetic")
    if os.environ.get("KWS_DATA"):
        return read_folder(Path(os.environ["KWS_DATA"]))
    from kwslib.speech_commands import official_folder

    return read_folder(official_folder())


def synthetic_folder(seed: int = 0) -> Path:
    """Folder of the synthetic corpus in the cache, made on first use."""
    from kwslib.synthetic import fingerprint, make_synthetic

    return make_synthetic(cache_dir() / f"synthetic-{fingerprint(seed)}", seed)


def read_folder(root: Path) -> Corpus:
    """List and check a folder in the official layout; files that are broken or no audio go to `skipped`.

    Raises KwsError when there is no such folder or it holds no clips.
    """
    root = root.expanduser().resolve()
    if not root.is_dir():
        raise KwsError(f"{root}: no such folder: give one that holds <word>/<speaker>_nohash_<take>.wav")
    folders = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] not in "._")
    files = [path for folder in folders for path in _files(root / folder)]
    noises = [
        path for path in _files(root / NOISE_FOLDER) if path.suffix.lower() != ".md"
    ]  # the official README
    verdicts = _inspect(root, [*files, *noises])
    clips, skipped = _clips(files, verdicts)
    if not clips:
        raise KwsError(f"{root}: no clips here: it should hold <word>/<speaker>_nohash_<take>.wav or .flac")
    skipped += [Skipped(path, verdicts[path].reason) for path in noises if verdicts[path].reason]
    sound = [path for path in noises if not verdicts[path].reason]
    return Corpus(
        name=root.name,
        root=root,
        clips=tuple(sorted(clips, key=lambda clip: clip.name)),
        noises=tuple(sound),
        synthetic=(root / MARKER).is_file(),
        skipped=tuple(skipped),
        noise_digests=tuple(verdicts[path].digest for path in sound),
    )


def add_recordings(corpus: Corpus, word: str, folder: Path) -> Corpus:
    """`corpus` and a folder of one's own recordings of `word`, any file names; none of the corpus's clips is replaced.

    The split hangs on the name up to `_nohash_`, or on the whole name: ten recordings give about eight for training.
    Raises KwsError when the folder is missing or holds no recordings.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise KwsError(f"{folder}: no such folder: give one that holds recordings of {word!r}")
    files = _files(folder)
    clips, skipped = _clips(files, _inspect(folder, files), word, {clip.name for clip in corpus.clips})
    if not clips:
        raise KwsError(f"{folder}: no recordings of {word!r} here: put audio files into it")
    together = sorted((*corpus.clips, *clips), key=lambda clip: clip.name)
    return replace(
        corpus,
        name=f"{corpus.name} and {folder.name}",
        clips=tuple(together),
        skipped=(*corpus.skipped, *skipped),
    )


@dataclass(frozen=True)
class Verdict:
    """What a look into a file gave: a digest of its samples, or the reason why it cannot be used."""

    digest: str
    reason: str


def _files(folder: Path) -> list[Path]:
    """Files of a folder by name, hidden ones aside; none where there is no folder."""
    if not folder.is_dir():
        return []
    return [Path(e.path) for e in sorted(os.scandir(folder), key=_name) if e.is_file() and e.name[0] != "."]


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _clips(
    files: Iterable[Path], verdicts: dict[Path, Verdict], word: str | None = None, taken: Iterable[str] = ()
) -> tuple[list[Clip], list[Skipped]]:
    """Clips of the usable files, of `word` or else of the word that their folder names, and the others."""
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    names = set(taken)
    for path in files:
        said = word or path.parent.name
        name = f"{said}/{path.stem}.wav"
        if verdicts[path].reason:
            skipped.append(Skipped(path, verdicts[path].reason))
        elif name in names:
            skipped.append(Skipped(path, f"a second recording called {name}"))
        else:
            names.add(name)
            clips.append(Clip(path, said, path.stem.split("_nohash_", 1)[0], name, verdicts[path].digest))
    return clips, skipped


def _inspect(root: Path, files: Sequence[Path]) -> dict[Path, Verdict]:
    """A verdict on each file: from the cache when size and time are those of last time, else by decoding it."""
    index = cache_dir() / "index" / f"{hashlib.sha256(str(root).encode()).hexdigest()[:24]}.json"
    known = json.loads(index.read_text()) if index.exists() else {}
    stamps = {path: [(found := path.stat()).st_size, found.st_mtime_ns] for path in files}
    entries = {str(path.relative_to(root)): path for path in files}
    news = [path for name, path in entries.items() if name not in known or known[name][:2] != stamps[path]]
    if news:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            looked = dict(
                zip(news, progress(pool.map(_look, news), "checking clips", len(news)), strict=True)
            )
        known = {
            name: [*stamps[path], looked[path].digest, looked[path].reason] if path in looked else known[name]
            for name, path in entries.items()
        }
        with atomic_write(index) as temporary:
            temporary.write_text(json.dumps(known))
    return {path: Verdict(*known[name][2:]) for name, path in entries.items()}


def _look(path: Path) -> Verdict:
    """Decode a file whole. The digest is over the samples as stored, so it is the same for lossless copies."""
    try:
        samples, rate = decode(path)
    except KwsError as error:
        return Verdict("", str(error).removeprefix(f"{path}: "))
    return Verdict(
        hashlib.sha256(f"{rate} {samples.shape[1]}".encode() + samples.tobytes()).hexdigest()[:32], ""
    )
