"""The table of sizes in firmware/README.md holds the recorded values, and nothing else."""

import re

import firmware_sizes
import headline
import pytest

from kwslib.errors import KwsError
from kwslib.record.comparison import load_results


def test_the_readme_shows_the_recorded_sizes():
    readme = firmware_sizes.README.read_text(encoding="utf-8")
    assert firmware_sizes.with_table(readme) == readme, "run `make record`"


def test_every_size_is_one_that_was_recorded():
    results = load_results()
    recorded = {
        f"{value['value']:,}"
        for name in (firmware_sizes.QUANTIZED, firmware_sizes.PRUNED)
        for value in results[name]["values"].values()
        if value["unit"] == "B"
    }
    shown = re.findall(r"\d+,\d{3}", firmware_sizes.table(results))
    assert len(shown) == 15
    assert set(shown) <= recorded
    assert not re.search(r"\d,\d", firmware_sizes.table({}))


def test_marks_that_are_missing_are_named():
    assert headline.between("a <b> old </b> c", "<b>", "new", "</b>") == "a <b>new\n</b> c"
    for text in ("no marks", "<b> unclosed", "</b> <b>"):
        with pytest.raises(KwsError, match="no <b>"):
            headline.between(text, "<b>", "new", "</b>")
