"""Sphinx extension: players for files of book/_static/sound.

    ```{sound} yes_loud no_loud
    The caption.
    ```

`trial_*` stands for all names of that form, in the manifest's order. Each player has its title, what is said and noted
of it, its spectrogram (not with `:plain:`) and the browser's own controls; nothing plays by itself, and nothing is
loaded before a reader asks for it. A name that fits none is an error.
"""

from fnmatch import filter as fitting
from html import escape

import recordings
from docutils import nodes
from docutils.parsers.rst import directives
from pictures.drawing import Drawing
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCE = "Recordings: {link}, Warden 2018, CC BY 4.0."


def picture(name: str) -> str:
    """The spectrogram of a sound, as SVG."""
    heard = recordings.samples(name)
    drawing = Drawing(240, 98, f"Spectrogram of {recordings.entry(name)['title']}")
    drawing.shades(2, 2, 236, 74, recordings.spectrogram(heard))
    drawing.text(2, 93, "0", size=12, tone="grey")
    drawing.text(238, 93, f"{len(heard) / 16_000:g} s", "end", 12, "grey")
    drawing.text(120, 93, "up to 8 kHz", "middle", 12, "grey")
    return drawing.svg()


def wanted(names: str) -> list[str]:
    """The sounds that names or patterns, apart by spaces, stand for."""
    return [name for each in names.split() for name in fitting(recordings.manifest(), each) or [each]]


def player(name: str, up: str, plain: bool) -> str:
    """A player as HTML. `up`: relative address of the book's first folder, "../". Raises LookupError as `samples`."""
    entry = recordings.entry(name)
    shown = "" if plain else picture(name)
    title, note = escape(entry["title"]), escape(entry["note"])
    label = f"<strong>{title}</strong>" + (f": {note}" if note else "")
    spoken = escape(f"{entry['title']}, one word: {entry['said']}", quote=True)
    return (
        f'<div class="sound"><p class="sound-title">{label}</p>{shown}'
        f'<audio controls preload="none" aria-label="{spoken}" src="{up}_static/sound/{name}.flac"></audio></div>'
    )


class Sound(SphinxDirective):
    """{sound} name name ..., with the caption as content."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"plain": directives.flag}  # noqa: RUF012
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        up = "../" * self.env.docname.count("/")
        try:
            players = [player(name, up, "plain" in self.options) for name in wanted(self.arguments[0])]
        except LookupError as error:
            raise self.error(str(error.args[0])) from error
        caption = nodes.container(classes=["picture-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        link = f'<a href="{up}_static/sound/LICENSE.txt">Speech Commands</a>'
        source = nodes.raw("", f'<p class="sound-source">{SOURCE.format(link=link)}</p>', format="html")
        sounds = nodes.raw("", f'<div class="sound-list">{"".join(players)}</div>', format="html")
        return [nodes.container("", sounds, caption, source, classes=["picture", "sounds"])]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("sound", Sound)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
