"""The archive comes whole, verified and harmless, or not at all."""

import hashlib
import http.server
import io
import multiprocessing
import tarfile
import threading

import pytest
from small_corpus import write_corpus

from kwslib.data import speech_commands
from kwslib.data.corpus import open_corpus, read_folder
from kwslib.data.protocol import Protocol, build_splits
from kwslib.data.speech_commands import Archive, official_folder, unpack
from kwslib.errors import KwsError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, and no waiting between tries."""
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(speech_commands.time, "sleep", lambda seconds: None)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> bytes:
    """A small corpus packed like the official one, its members named ./word/clip.wav."""
    folder = tmp_path_factory.mktemp("packed")
    root = write_corpus(folder / "original", words=("yes", "no"))
    with tarfile.open(folder / "clips.tar.gz", "w:gz") as tar:
        tar.add(root, arcname=".")
    return (folder / "clips.tar.gz").read_bytes()


@pytest.fixture
def packed(archive, tmp_path):
    """The archive in a file of the test's own."""
    path = tmp_path / "clips.tar.gz"
    path.write_bytes(archive)
    return path


def archive_of(file, url=None) -> Archive:
    return Archive("clips", url or file.as_uri(), hashlib.sha256(file.read_bytes()).hexdigest())


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; the first `breaks` answers end after a third of what is left."""

    def __init__(self, content: bytes, breaks: int = 0, resumes: bool = True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.breaks, self.resumes = content, breaks, resumes
        self.starts: list[int] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/clips.tar.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.resumes else 0
        self.server.starts.append(start)
        if start >= len(self.server.content):
            self.send_error(416)
            return
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if len(self.server.starts) <= self.server.breaks:
            rest = rest[: len(rest) // 3]
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(*arguments, **options) -> Server:
        servers.append(Server(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_download_verify_unpack_once(packed, cache):
    folder = official_folder(archive_of(packed))
    corpus = read_folder(folder)
    assert len(corpus.clips) == 80
    assert len(corpus.noises) == 2
    packed.unlink()
    assert official_folder(Archive("clips", packed.as_uri(), "0" * 64)) == folder
    assert [path.name for path in cache.iterdir() if path.name.startswith("clips")] == ["clips"]


def test_the_official_archive_s_other_files_are_no_clips(tmp_path, serve, monkeypatch):
    """Its lists, texts and the README among the noises lie beside the words' folders."""
    monkeypatch.delenv("KWS_DATA", raising=False)
    root = write_corpus(tmp_path / "original", words=("yes", "no", "dog"))
    for name in (
        "LICENSE",
        "README.md",
        "validation_list.txt",
        "testing_list.txt",
        "_background_noise_/README.md",
    ):
        (root / name).write_text("yes/00000001_nohash_0.wav\n")
    with tarfile.open(tmp_path / "clips.tar.gz", "w:gz") as tar:
        tar.add(root, arcname=".")
    server = serve((tmp_path / "clips.tar.gz").read_bytes())
    archive = archive_of(tmp_path / "clips.tar.gz", server.url)
    monkeypatch.setattr(speech_commands.official_folder, "__defaults__", (archive,))
    corpus = open_corpus(profile="report")
    assert (corpus.words, corpus.skipped, len(corpus.noises)) == (("dog", "no", "yes"), (), 2)
    assert corpus.content_hash == read_folder(root).content_hash
    assert {name: len(split) > 0 for name, split in build_splits(corpus, Protocol()).items()} == {
        "training": True,
        "validation": True,
        "testing": True,
    }


@pytest.mark.slow
def test_a_broken_download_goes_on_where_it_stopped(packed, serve):
    content = packed.read_bytes()
    server = serve(content, breaks=2)
    folder = official_folder(archive_of(packed, server.url))
    assert len(read_folder(folder).clips) == 80
    third = len(content) // 3
    assert server.starts == [0, third, third + (len(content) - third) // 3]


@pytest.mark.slow
def test_a_later_run_goes_on_where_an_earlier_one_stopped(packed, serve, cache):
    content = packed.read_bytes()
    cache.mkdir()
    (cache / "clips.tar.gz.part").write_bytes(content[:1_000])
    server = serve(content)
    official_folder(archive_of(packed, server.url))
    assert server.starts == [1_000]


@pytest.mark.slow
def test_two_downloads_into_one_cache_are_one(packed, serve):
    server = serve(packed.read_bytes())
    archive = archive_of(packed, server.url)
    context = multiprocessing.get_context("fork")
    together = [context.Process(target=official_folder, args=(archive,)) for _ in range(3)]
    for process in together:
        process.start()
    for process in together:
        process.join()
    assert [process.exitcode for process in together] == [0, 0, 0]
    assert len(read_folder(official_folder(archive)).clips) == 80
    assert server.starts == [0]


def test_a_complete_part_is_used(packed, serve, cache):
    cache.mkdir()
    (cache / "clips.tar.gz.part").write_bytes(packed.read_bytes())
    server = serve(packed.read_bytes())
    assert official_folder(archive_of(packed, server.url)).is_dir()


def test_a_server_that_cannot_resume_starts_again(packed, serve):
    server = serve(packed.read_bytes(), breaks=1, resumes=False)
    assert official_folder(archive_of(packed, server.url)).is_dir()
    assert server.starts == [0, 0]


def test_an_archive_laid_into_the_cache_needs_no_network(packed, cache):
    cache.mkdir()
    (cache / "clips.tar.gz").write_bytes(packed.read_bytes())
    assert official_folder(archive_of(packed, "http://127.0.0.1:9/clips.tar.gz")).is_dir()


def test_no_network_is_said_in_one_line(packed, cache):
    url = "http://127.0.0.1:9/clips.tar.gz"
    with pytest.raises(KwsError, match="download failed") as caught:
        official_folder(archive_of(packed, url))
    assert url in str(caught.value)
    assert "KWS_DATA" in str(caught.value)
    assert list(cache.iterdir()) == []


def test_a_wrong_hash_leaves_nothing(packed, cache):
    with pytest.raises(KwsError, match="wrong SHA-256"):
        official_folder(Archive("clips", packed.as_uri(), "0" * 64))
    assert list(cache.iterdir()) == []


def test_a_truncated_archive_leaves_nothing(packed, tmp_path):
    packed.write_bytes(packed.read_bytes()[:-5_000])
    with pytest.raises(KwsError, match=r"clips\.tar\.gz: cannot be unpacked"):
        unpack(packed, tmp_path / "out" / "clips")
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("place", [-8, -1], ids=["check sum", "length"])
def test_damage_that_only_gzip_sees_leaves_nothing(packed, tmp_path, place):
    content = bytearray(packed.read_bytes())
    content[place] ^= 1
    packed.write_bytes(content)
    with pytest.raises(KwsError, match=r"clips\.tar\.gz: cannot be unpacked"):
        unpack(packed, tmp_path / "clips")
    assert not (tmp_path / "clips").exists()


def test_what_is_no_archive_leaves_nothing(tmp_path):
    (tmp_path / "page.tar.gz").write_text("<html>not found</html>")
    with pytest.raises(KwsError, match="cannot be unpacked"):
        unpack(tmp_path / "page.tar.gz", tmp_path / "clips")
    assert not (tmp_path / "clips").exists()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, 4 if kind == tarfile.REGTYPE else 0
    return info


@pytest.mark.parametrize(
    "evil",
    [
        member("../outside.wav"),
        member("yes/../../outside.wav"),
        member("/etc/outside.wav"),
        member("C:/outside.wav"),
        member("..\\outside.wav"),
        member("yes/link.wav", tarfile.SYMTYPE, "../../outside.wav"),
        member("yes/hard.wav", tarfile.LNKTYPE, "yes/clip.wav"),
        member("yes/pipe", tarfile.FIFOTYPE),
        member("yes/device", tarfile.CHRTYPE),
    ],
    ids=lambda info: info.name,
)
def test_an_evil_archive_is_refused_and_leaves_nothing(tmp_path, evil):
    nest = tmp_path / "nest"
    nest.mkdir()
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        tar.addfile(member("yes/clip.wav"), io.BytesIO(b"good"))
        tar.addfile(evil, io.BytesIO(b"evil"))
    with pytest.raises(KwsError, match="do not use this archive"):
        unpack(tmp_path / "evil.tar.gz", nest / "clips")
    assert list(nest.iterdir()) == []
    assert not (tmp_path / "outside.wav").exists()
