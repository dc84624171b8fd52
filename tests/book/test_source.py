"""The directive {source} shows what is defined, and nothing where it is gone."""

import ast
import re
import textwrap

import pytest
import source
from book_pages import render_page
from repository import REPOSITORY
from sphinx.errors import SphinxWarning

PYTHON = (
    "kwslib.networks.tinyconv.TinyConv",
    "kwslib.quantization.grids.fake_quantize",
    "kwslib.paths.stamp",
)


@pytest.mark.parametrize("name", PYTHON)
def test_python_is_shown_whole_and_alone(name):
    found = source.find(name)
    (node,) = ast.parse(found.text).body
    assert node.name == name.rpartition(".")[2]
    module = name.rpartition(".")[0].replace(".", "/") + ".py"
    assert found.address == module
    assert found.last - found.first == found.text.count("\n")


def test_a_method_and_its_decorators_are_found():
    assert "def scale(self)" in source.find("kwslib.quantization.quantizers.Quantizer.scale").text
    assert source.find("kwslib.quantization.quantizers.Quantizer.scale").text.lstrip().startswith("@property")


@pytest.mark.parametrize("name", ["kws_decide", "square_sums", "kws_convolution_layer"])
def test_c_is_shown_from_its_first_line_to_its_last(name):
    found = source.find(name)
    first, *_, last = found.text.splitlines()
    assert f"{name}(" in first
    assert last == "}"
    lines = (source.source_folder() / found.address.rpartition("/")[2]).read_text().splitlines()
    assert "\n".join(lines[found.first - 1 : found.last]) == found.text


def test_a_stretch_is_cut_by_its_texts():
    whole = source.find("kwslib.networks.training.fit")
    part = source.cut(whole, "logits = model", "scheduler.step()")
    assert part.text.splitlines()[0].startswith("logits = model")
    assert part.text.splitlines()[-1] == "scheduler.step()"
    assert whole.first < part.first < part.last < whole.last


@pytest.mark.parametrize(
    "name",
    [
        "kwslib.networks.models.TinyCnv",
        "kwslib.network.models.TinyConv",
        "kwslib.networks.models",
        "json.loads",
        "kws_decided",
    ],
)
def test_what_is_gone_is_an_error(name):
    with pytest.raises(LookupError, match=name.rpartition(".")[2].removesuffix(".TinyConv")):
        source.find(name)


def test_a_text_that_is_gone_is_an_error():
    with pytest.raises(LookupError, match="no such line"):
        source.cut(source.find("kws_decide"), "no such line", None)


def build(folder, name):
    """The one page, which shows `name`, in `folder`. Raises SphinxWarning where the build warns."""
    page = f"# A page\n\n```{{source}} {name}\n:folded:\n```\n"
    return render_page(folder, page, ["source"], strict=True, html_theme_options={})


@pytest.mark.slow
def test_a_page_shows_the_source_folded(tmp_path):
    page = build(tmp_path, "kws_decide")
    assert page.select_one("details pre").text.strip() == source.find("kws_decide").text
    assert page.select_one("details a").text.startswith("firmware/core/kws_decision.c, lines ")


def test_the_build_fails_where_the_object_is_gone(tmp_path):
    with pytest.raises(SphinxWarning, match="kws_decided: the C core defines no such function"):
        build(tmp_path, "kws_decided")


def all_shown() -> list[source.Source]:
    """What every {source} in the book shows, without rendering it. Raises LookupError for what is not there."""
    shown = []
    for page in [*REPOSITORY.glob("book/**/*.md"), *REPOSITORY.glob("notebooks/*.py")]:
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if match := re.search(r"\{source\} (\S+)", line):
                options = dict(re.findall(r":(from|to): (.+)", "\n".join(lines[number + 1 : number + 3])))
                shown.append(source.cut(source.find(match[1]), options.get("from"), options.get("to")))
    return shown


def test_pages_show_only_what_is_there_in_lines_that_fit_them():
    """A message of an error stays on one line; the formatter breaks the C core's lines at 120."""
    python = [found for found in all_shown() if found.language == "python"]
    assert python
    for found in python:
        lines = textwrap.dedent(found.text).splitlines()
        assert not [line for line in lines if len(line) > 80 and 'f"' not in line and '    "' not in line]
