"""Sphinx extension: formulas are MathML in the page, made from their LaTeX while the book is built.

Browsers set MathML themselves and read it aloud, so no page loads an engine for formulas, and print has them too.
"""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def mathml(latex: str, display: str = "inline") -> str:
    """The formula as MathML; a plus or minus is an operator, which has space around it."""
    return convert(latex, display=display).replace("<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>")


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    formula = mathml(node.astext(), "block")
    translator.body.append(
        f'<div class="formula" tabindex="0" role="region" aria-label="Formula">{formula}</div>\n'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
