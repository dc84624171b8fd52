"""Every abbreviation that a page uses is in the glossary, and no entry is empty or out of order."""

import re

from repository import REPOSITORY

GLOSSARY = (REPOSITORY / "book" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^(\S.*)\n  \S", GLOSSARY.partition("```{glossary}\n")[2], re.MULTILINE)
PAGES = [
    *REPOSITORY.glob("book/*.md"),
    *REPOSITORY.glob("book/exercises/*.md"),
    *REPOSITORY.glob("notebooks/*.py"),
]
NAMES = {
    "API",
    "BY",
    "CC",
    "CR",  # of the coin cell CR2032
    "CSV",
    "GB",
    "H",  # of the GPU H100
    "HTK",
    "HTML",
    "IT",
    "L4R5ZI",
    "M",  # of the cores Cortex-M0 and M33
    "MIT",
    "NDP",
    "NG",
    "NUCLEO",
    "PATH",
    "README",
    "TFL",
    "U385RG",
    "USB",
}  # licences, formats, names, units


def prose(text: str, notebook: bool) -> str:
    """The words of a page: no code, links, roles or formulas."""
    if notebook:
        cells = re.split(r"^# %%", text, flags=re.MULTILINE)
        text = "\n".join(
            re.sub(r"^# ?", "", cell, flags=re.MULTILINE) for cell in cells if cell.startswith(" [markdown]")
        )
    text = re.sub(
        r"^(~~~|```)(?!\{(note|admonition|dropdown)).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE
    )
    return re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|https?://\S+|\{\w+\}", " ", text)


def test_every_abbreviation_is_explained():
    known = {word for entry in ENTRIES for word in re.findall(r"[A-Za-z0-9]+", entry)}
    known |= set(re.findall(r"[A-Z][A-Z0-9-]+", GLOSSARY))
    for page in PAGES:
        words = set(
            re.findall(
                r"\b[A-Z][A-Z0-9]+\b(?!_)", prose(page.read_text(encoding="utf-8"), page.suffix == ".py")
            )
        )
        unknown = {
            word for word in words if word.rstrip("0123456789") not in known | NAMES and word not in known
        }
        assert not unknown, f"{page.name}: {sorted(unknown)}"


def test_entries_are_in_order_and_explained():
    assert len(ENTRIES) > 60
    assert [entry.lower() for entry in ENTRIES] == sorted(
        (entry.lower() for entry in ENTRIES), key=str.casefold
    )
    assert len(set(ENTRIES)) == len(ENTRIES)
