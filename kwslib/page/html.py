"""The page as HTML with everything inlined: script, style, core, models and sounds; it loads no other files."""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kwslib.deployment.decision import settings_note
from kwslib.errors import KwsError
from kwslib.page.clips import PageClip
from kwslib.page.core import build_core
from kwslib.page.networks import PageNetwork
from kwslib.strict_json import json_text

WORKLET = ("core", "resample", "worklet")
PAGE = (
    "core",
    "resample",
    "dom",
    "drawing",
    "log",
    "microphone",
    "sound",
    "zip",
    "trials",
    "tables",
    "own",
    "page",
)
IMPORT, EXPORT = (
    re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL),
    re.compile(r"^export ", re.MULTILINE),
)
ALONE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 60rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark;
  background: light-dark(#fff, #12161c); color: light-dark(#1d232b, #dfe4ea); }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{page}
</main>
</body>
</html>
"""


def web_folder() -> Path:
    """`web` of the checkout, or its copy in the installed package. Raises KwsError without one."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "web", package / "_web"):
        if (folder / "page.js").is_file():
            return folder
    raise KwsError(
        f"the page's files are missing beside {package}: reinstall kwslib, or run it from a whole checkout"
    )


def script(modules: Sequence[str]) -> str:
    """The modules of the web folder concatenated in order, since a page opened from disk cannot import modules."""
    texts = [(web_folder() / f"{name}.js").read_text(encoding="utf-8") for name in modules]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", text)) for text in texts)


def page(networks: Sequence[PageNetwork], clips: Sequence[PageClip], original: str = "") -> str:
    """The page's part of an HTML document. All networks have the same labels; `original`: a sentence for comparison.

    Raises KwsError if the core cannot be compiled.
    """
    core, style = build_core().read_bytes(), (web_folder() / "page.css").read_text(encoding="utf-8")
    code, worklet = script(PAGE), script(WORKLET)
    parts = [
        ("core, WebAssembly", len(core)),
        ("networks", sum(len(network.words) for network in networks)),
        ("sounds, MP3", sum(len(clip.sound) for clip in clips)),
        ("script", len(code.encode()) + len(worklet.encode())),
    ]
    data: dict[str, object] = {
        "core": _base64(core),
        "worklet": worklet,
        "settings": settings_note(networks[0].settings),
        "networks": [_network(network) for network in networks],
        "clips": [{"title": clip.title, "sound": _base64(clip.sound)} for clip in clips],
        "original": original,
    }
    body = (web_folder() / "page.html").read_text(encoding="utf-8")
    size = len((body + style + code + json_text(data)).encode())
    data["parts"] = [*parts, ("all of it, as text", size)]
    return "\n".join(
        (
            f"<style>\n{style}</style>",
            body,
            f'<script type="application/json" id="kws-data">{_inlined(json_text(data))}</script>',
            f'<script type="module">\n{code}</script>',
        )
    )


def document(title: str, networks: Sequence[PageNetwork], clips: Sequence[PageClip]) -> str:
    """A whole HTML file. Raises KwsError as `page` does."""
    return ALONE.format(title=html.escape(title), page=page(networks, clips))


def _network(network: PageNetwork) -> dict[str, object]:
    row = {name: value for name, value in asdict(network).items() if name not in ("words", "settings")}
    return row | {"model": _base64(network.words)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _inlined(text: str) -> str:
    """JSON that no `</script>` within it can end."""
    return text.replace("<", "\\u003c")
