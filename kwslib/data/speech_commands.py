"""The official archive of Speech Commands v0.02: downloaded, verified and unpacked into the cache, once.

2.4 GB from the address that TensorFlow publishes, with the SHA-256 that torchaudio and TensorFlow Datasets
list (Warden, arXiv:1804.03209, CC BY 4.0). An interrupted download resumes where it stopped. Without
a network, put the archive into the cache folder under its own name: it is verified, unpacked and
removed.
"""

import errno
import gzip
import http.client
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kwslib.errors import KwsError
from kwslib.locks import alone
from kwslib.paths import cache_dir
from kwslib.progress import progress
from kwslib.writing import FULL, atomic_folder

TRIES = 3  # in a row without a single new byte
CHUNK = 1 << 20  # bytes
REMEDY = "or put the recordings into a folder of your own and name it with --data or KWS_DATA"


@dataclass(frozen=True)
class Archive:
    """A published .tar.gz."""

    name: str
    url: str
    sha256: str


OFFICIAL = Archive(
    "speech_commands_v0.02",
    "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
)


def official_folder(archive: Archive = OFFICIAL) -> Path:
    """The folder of the unpacked archive in the cache, downloaded on first use; it is complete or absent.

    Raises KwsError when the download fails, its SHA-256 is wrong or a member of it is unsafe to unpack.
    """
    folder = cache_dir() / archive.name
    if folder.is_dir():
        return folder
    with alone(cache_dir(), f"the download of {archive.name}"):
        if not folder.is_dir():  # who waited for another process finds its folder
            file = download(archive)
            unpack(file, folder)
            file.unlink(missing_ok=True)
    return folder


def download(archive: Archive) -> Path:
    """The archive's file in the cache, with verified SHA-256. Raises KwsError when it cannot be downloaded."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    try:
        file = pooch.retrieve(
            archive.url, f"sha256:{archive.sha256}", f"{archive.name}.tar.gz", cache_dir(), downloader=_resume
        )
    except ValueError:  # pooch has removed the file
        raise KwsError(
            f"{archive.url}: not the published archive (wrong SHA-256): try again, {REMEDY}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise KwsError(
                f"{cache_dir()}: no space left: free 6 GB or name another folder in KWS_CACHE"
            ) from None
        reason = getattr(error, "reason", None) or error
        raise KwsError(f"{archive.url}: download failed ({reason}): run again to go on, {REMEDY}") from None
    return Path(file)


def unpack(file: Path, folder: Path) -> None:
    """Unpack a .tar.gz as `folder`, completely or not at all.

    Raises KwsError for a damaged archive and for one with links, devices or paths that lead out of `folder`.
    """
    with atomic_folder(folder) as temporary:
        try:
            with gzip.open(file) as content, tarfile.open(fileobj=content, mode="r|") as tar:
                for member in progress(tar, f"unpacking {file.name}"):
                    _check_member(member, file)
                    tar.extract(member, temporary, filter="data")
                while content.read(CHUNK):  # to the end, where gzip's check sum stands
                    pass
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise KwsError(f"{file}: cannot be unpacked ({error}): remove it and run again") from None
        except OSError as error:
            if error.errno in FULL:
                raise
            raise KwsError(
                f"{file}: cannot be unpacked ({error.strerror}): remove it and run again"
            ) from None


def _check_member(member: tarfile.TarInfo, file: Path) -> None:
    """Stricter than the filter "data": no links, and no path that leads out of the folder on any system."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise KwsError(f"{file}: unsafe path {member.name!r} inside: do not use this archive")
    if not (member.isdir() or member.isreg()):
        raise KwsError(f"{file}: {member.name!r} inside is neither file nor folder: do not use this archive")


def _resume(url: str, output: str, _pooch: object) -> None:
    """Download `url` to `output`, as pooch asks of its downloader, by a .part file that outlives failure."""
    part = cache_dir() / f"{url.rsplit('/', 1)[-1]}.part"
    failures = 0
    while True:
        before = _size(part)
        try:
            _fetch(url, part)
            part.replace(output)
            return
        except (OSError, http.client.HTTPException) as error:
            failures = failures + 1 if _size(part) == before else 0
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or failures == TRIES:
                raise
            time.sleep(failures)


def _fetch(url: str, part: Path) -> None:
    """Append what `part` lacks. Raises OSError when the connection ends before the file does."""
    from tqdm import tqdm

    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # range not satisfiable: there is no more, the SHA-256 will tell
            raise
        return
    with response:
        if getattr(response, "status", None) != 206:  # from the start: the server does not resume
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        bar = tqdm(
            total=total,
            initial=have,
            unit="B",
            unit_scale=True,
            desc=part.stem,
            disable=None,
        )
        with bar, part.open("ab" if have else "wb") as out:
            while block := response.read(CHUNK):
                out.write(block)
                bar.update(len(block))
    if total is not None and _size(part) < total:
        raise ConnectionError(f"the connection ended after {_size(part):,} of {total:,} bytes")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
