"""Inspection of every file of a corpus: when it is first used, and again when it has changed.

The verdict and a digest of the samples are cached, so that a content hash takes no decoding.
"""

import gzip
import hashlib
import json
import os
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kwslib.data.decoding import stored
from kwslib.errors import KwsError
from kwslib.paths import cache_dir, stamp
from kwslib.progress import progress
from kwslib.strict_json import json_text
from kwslib.writing import write_bytes

COARSEST = 2_000_000_000  # ns: step of the time stamps of the coarsest file systems


@dataclass(frozen=True)
class Verdict:
    """Result of inspecting a file: a digest of its samples, or the reason why it cannot be used."""

    digest: str
    reason: str


def inspect(root: Path, files: Sequence[Path]) -> dict[Path, Verdict]:
    """A verdict on each file, or link to nothing, pipe or device: the cached one if its stamp is unchanged, else by
    decoding it."""
    index = cache_dir() / "index-v4" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.json.gz"
    begun = time.time_ns()
    known = _known(index)
    stamps = {path: list(stamp(path)) for path in files if path.is_file()}
    unseen = [path for path in stamps if str(path) not in known or known[str(path)][0] != stamps[path]]
    if unseen:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            looks = progress(pool.map(_look, unseen), "checking clips", len(unseen))
            for path, verdict in zip(unseen, looks, strict=True):
                # one that changed a moment ago may change again without another stamp: look again next time
                settled = begun - max(stamps[path][1:3]) > COARSEST
                known[str(path)] = (stamps[path] if settled else [], verdict.digest, verdict.reason)
        with suppress(KwsError):  # without it, the next look takes as long
            write_bytes(index, gzip.compress(json_text(known).encode(), 1))
    return {path: Verdict(*known[str(path)][1:]) if path in stamps else _look(path) for path in files}


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
