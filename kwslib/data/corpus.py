"""A corpus: a folder of clips in the layout of Speech Commands, listed, checked and described.

`<word>/<speaker>_nohash_<take>.wav` (or .flac) and `_background_noise_/` (Warden, arXiv:1804.03209). Every
file is decoded once, when it is first seen, and again when it has changed; the verdict and a digest of its
samples are kept in the cache. So broken files are known by name before a run begins, the content hash costs
nothing, and opening a corpus again takes a moment.
"""

import gzip
import hashlib
import json
import os
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from unicodedata import normalize

from kwslib.data.clips import Clip, Skipped
from kwslib.data.decoding import stored
from kwslib.data.own import FEWEST, NAMED, silent, speaker_and_name, spread, take_files
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError, listed
from kwslib.labels import check_label
from kwslib.paths import atomic_write, cache_dir, expand, stamp
from kwslib.profiles import Profile, get_profile
from kwslib.progress import progress
from kwslib.strict_json import json_text

NOISE_FOLDER = "_background_noise_"
MARKER = "SYNTHETIC"  # the file that a synthetic corpus carries at its root
COARSEST = 2_000_000_000  # ns: step of the time stamps of the coarsest file systems


@dataclass(frozen=True)
class Corpus:
    """Clips and noise recordings, sorted by name, and the files that were left out."""

    name: str
    root: Path
    clips: tuple[Clip, ...]
    noises: tuple[Path, ...]
    synthetic: bool
    skipped: tuple[Skipped, ...] = ()
    noise_digests: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # how clips without official names were split

    @property
    def words(self) -> tuple[str, ...]:
        """The words spoken, in alphabetical order."""
        return tuple(sorted({clip.word for clip in self.clips}))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over all names and decoded samples: equal for WAV and FLAC copies, wherever they lie."""
        noises = zip(self.noises, self.noise_digests, strict=True)
        lines = [f"{clip.name} {clip.digest}\n" for clip in self.clips]
        lines += [f"{NOISE_FOLDER}/{path.stem}.wav {digest}\n" for path, digest in noises]
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
        astray = (group for group in groups.values() if len({clip.split for clip in group}) > 1)
        return tuple(tuple(clip.name for clip in group) for group in astray)

    @property
    def title(self) -> str:
        """The name, and that it is synthetic where it is: for every result that a person reads."""
        return f"{self.name}, synthetic speech" if self.synthetic else self.name

    def describe(self) -> str:
        """One line that says which data this is."""
        kind = "synthetic speech, not recordings" if self.synthetic else f"recordings in {self.root}"
        skipped = f", {len(self.skipped)} unusable files skipped" if self.skipped else ""
        size = f"{len(self.clips):,} clips of {len(self.words)} words{skipped}"
        return f"data: {self.name} ({kind}): {size}, content {self.content_hash[:12]}"


def open_corpus(data: Path | str | None = None, profile: Profile | str | None = None) -> Corpus:
    """The corpus that a run uses: `data` where given, else what the profile says.

    quick: the synthetic corpus, made on first use. report: `$KWS_DATA`, else the official archive, from the
    cache or downloaded into it. Raises KwsError for a folder that is missing or holds no clips, and for a
    failed download.
    """
    if data is not None:
        return read_folder(Path(data))
    chosen = profile if isinstance(profile, Profile) else get_profile(profile)
    if chosen.synthetic:
        from kwslib.data.synthetic import fingerprint, make_synthetic

        return replace(
            read_folder(make_synthetic(cache_dir() / f"synthetic-{fingerprint()}")), name="synthetic"
        )
    if os.environ.get("KWS_DATA"):
        return read_folder(Path(os.environ["KWS_DATA"]))
    from kwslib.data.speech_commands import official_folder

    return read_folder(official_folder())


def read_folder(root: Path) -> Corpus:
    """List and check a folder in the official layout; files that are broken or no audio go to `skipped`.

    Raises KwsError when there is no such folder or it holds no clips.
    """
    root = _folder(root, "give one that holds <word>/<speaker>_nohash_<take>.wav")
    words = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] not in "._")
    files = {word: take_files(root / word) for word in words}
    noises = [path for path in _files(root / NOISE_FOLDER) if path.name != "README.md"]
    verdicts = _inspect(root, [*(path for paths in files.values() for path in paths), *noises])
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for word, paths in files.items():
        found, refused = _clips(paths, root / word, verdicts, normalize("NFC", word))
        clips += found
        skipped += refused
    if not clips:
        raise KwsError(f"{root}: no clips here: it should hold <word>/<speaker>_nohash_<take>.wav or .flac")
    skipped += [Skipped(path, verdicts[path].reason) for path in noises if verdicts[path].reason]
    sound = [path for path in noises if not verdicts[path].reason]
    clips, notes = _spread_unnamed(clips)
    return Corpus(
        name=root.name,
        root=root,
        clips=tuple(sorted(clips, key=lambda clip: clip.name)),
        noises=tuple(sound),
        synthetic=(root / MARKER).is_file(),
        skipped=tuple(skipped),
        noise_digests=tuple(verdicts[path].digest for path in sound),
        notes=notes,
    )


def add_recordings(corpus: Corpus, word: str, folder: Path | str) -> Corpus:
    """`corpus` and a folder of one's own recordings of `word`, as they come: see kwslib/data/own.py.

    Silent ones, and copies of others, are left out. Raises KwsError when the folder is missing, and when it holds
    fewer than three usable recordings: it says what is wrong with the others.
    """
    check_label(word)
    folder = _folder(Path(folder), f"give one that holds recordings of {word!r}")
    files = take_files(folder)
    verdicts = _inspect(folder, files)
    found, skipped = _clips(files, folder, verdicts, word, taken={clip.name for clip in corpus.clips})
    clips: list[Clip] = []
    for clip in found:
        twin = next((other for other in clips if other.digest == clip.digest), None)
        if twin or silent(clip.path):
            reason = f"the same recording as {twin.path.name}" if twin else "silent: record it again, nearer"
            skipped.append(Skipped(clip.path, reason))
        else:
            clips.append(clip)
    if len(clips) < FEWEST:
        wrong = (
            listed((item.path.relative_to(folder), item.reason) for item in skipped)
            or "put audio files into it"
        )
        few = f"only {len(clips)}" if clips else "no"
        raise KwsError(f"{folder}: {few} recordings of {word!r} here, {FEWEST} are the fewest: {wrong}")
    clips, note = spread(clips)
    return replace(
        corpus,
        name=f"{corpus.name} + {folder.name}",
        clips=tuple(sorted((*corpus.clips, *clips), key=lambda clip: clip.name)),
        skipped=(*corpus.skipped, *skipped),
        notes=(*corpus.notes, note),
    )


@dataclass(frozen=True)
class Verdict:
    """What a look into a file gave: a digest of its samples, or the reason why it cannot be used."""

    digest: str
    reason: str


def _folder(path: Path, remedy: str) -> Path:
    path = Path(os.path.realpath(expand(path)))  # of a circle of links, too, which `resolve` is no match for
    if not path.is_dir():
        raise KwsError(f"{path}: no such folder: {remedy}")
    return path


def _files(folder: Path) -> list[Path]:
    """Files of a folder by name, hidden ones aside; none where there is no folder."""
    if not folder.is_dir():
        return []
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and entry.name[0] != ".")
    return [folder / name for name in names]


def _clips(
    files: Iterable[Path], folder: Path, verdicts: dict[Path, Verdict], word: str, taken: Iterable[str] = ()
) -> tuple[list[Clip], list[Skipped]]:
    """Clips of the usable files of a word's folder; and the others."""
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    names = set(taken)
    for path in files:
        speaker, name = speaker_and_name(path, folder, word)
        if verdicts[path].reason:
            skipped.append(Skipped(path, verdicts[path].reason))
        elif name in names:
            skipped.append(Skipped(path, f"a second recording called {name}"))
        else:
            names.add(name)
            clips.append(Clip(path, word, speaker, name, verdicts[path].digest))
    return clips, skipped


def _spread_unnamed(clips: list[Clip]) -> tuple[list[Clip], tuple[str, ...]]:
    """Clips, those of words without official names with splits of which none is empty; and how that was done."""
    counts = Counter(clip.word for clip in clips)
    unnamed = {clip.word for clip in clips if NAMED not in clip.path.stem and counts[clip.word] >= FEWEST}
    if not unnamed:
        return clips, ()
    assigned, note = spread([clip for clip in clips if clip.word in unnamed])
    return [clip for clip in clips if clip.word not in unnamed] + assigned, (note,)


def _inspect(root: Path, files: Sequence[Path]) -> dict[Path, Verdict]:
    """A verdict on each file: last time's where its stamp is unchanged, else by decoding it."""
    index = cache_dir() / "index-v4" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.json.gz"
    begun = time.time_ns()
    known = _known(index)
    stamps = {path: list(stamp(path)) for path in files}
    unseen = [path for path in files if str(path) not in known or known[str(path)][0] != stamps[path]]
    if unseen:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            looks = progress(pool.map(_look, unseen), "checking clips", len(unseen))
            for path, verdict in zip(unseen, looks, strict=True):
                # one that changed a moment ago may change again without another stamp: look again next time
                settled = begun - max(stamps[path][1:3]) > COARSEST
                known[str(path)] = (stamps[path] if settled else [], verdict.digest, verdict.reason)
        with atomic_write(index) as temporary:
            temporary.write_bytes(gzip.compress(json_text(known).encode(), 1))
    return {path: Verdict(*known[str(path)][1:]) for path in files}


def _known(index: Path) -> dict[str, tuple[list[int], str, str]]:
    """{file: its stamp, digest, reason} as an earlier run left it; nothing where the file is missing or damaged."""
    try:
        entries = json.loads(gzip.decompress(index.read_bytes()))
        return {path: (stamp, digest, reason) for path, (stamp, digest, reason) in entries.items()}
    except (OSError, EOFError, zlib.error, ValueError, TypeError, AttributeError):
        return {}


def _look(path: Path) -> Verdict:
    """Decode a file whole. The digest is over the samples as stored: the same for lossless copies."""
    digest = None
    try:
        for samples, rate in stored(path):
            digest = digest or hashlib.sha256(f"{rate} {samples.shape[1]} {samples.dtype} ".encode())
            digest.update(samples.tobytes())
    except KwsError as error:
        return Verdict("", str(error).removeprefix(f"{path}: "))
    assert digest
    return Verdict(digest.hexdigest()[:32], "")
