"""Notebooks as files: pairs in step, nothing of the machine in them, figures that can be found and heard."""

import ast
import re
import time
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

import notebooks

NAMES = notebooks.names()
FOREIGN = re.compile(r"(?<![\w./:-])/(?:home|root|Users|tmp|var|opt|mnt|private|work|content)/\w")


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@cache
def read(name: str):
    """A notebook's script; for reading alone."""
    return jupytext.read(notebooks.FOLDER / f"{name}.py")


@pytest.fixture
def script(name):
    return read(name)


@pytest.fixture
def notebook(name):
    return nbformat.read(notebooks.FOLDER / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_report_has_six_parts_and_every_notebook_its_place_in_the_book():
    toc = yaml.safe_load((notebooks.ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    listed = {part["caption"]: [chapter["file"] for chapter in part["chapters"]] for part in toc["parts"]}
    assert [name[10:13] for name in listed["The report"]] == ["01_", "02_", "03_", "04_", "05_", "06_"]
    beyond = [file for file in listed["Beyond the report"] if file.startswith("notebooks/")]
    assert listed["The report"] + beyond == [f"notebooks/{name}" for name in NAMES]


def test_pair_is_in_step(script, notebook):
    def content(cell):
        metadata = {key: cell.metadata[key] for key in ("tags", "mystnb") if key in cell.metadata}
        return cell.cell_type, cell.source.strip(), metadata

    assert [content(cell) for cell in notebook.cells] == [content(cell) for cell in script.cells], (
        "run `make pair`"
    )


def test_badge_and_install_cell_are_the_common_ones(name, script):
    assert notebooks.badge(name) in script.cells[0].source.splitlines()
    assert script.cells[1].source == notebooks.install_cell(name)


def test_parameters_let_papermill_choose_profile_data_and_results(script):
    (cell,) = [cell for cell in script.cells if "parameters" in cell.metadata.get("tags", [])]
    for parameter in ("profile", "data", "results"):
        assert re.search(rf"^{parameter} = None\b", cell.source, re.MULTILINE)


def test_cells_are_short_and_hold_no_machinery(script):
    for cell in code_cells(script):
        assert len(cell.source.splitlines()) <= 12, cell.source
        assert not re.search(r"^\s*(class|def) ", cell.source, re.MULTILINE), cell.source


def test_no_line_runs_out_of_the_page(script):
    for cell in code_cells(script):
        assert max(map(len, cell.source.splitlines())) <= 80, cell.source


def test_no_cell_asks_whether_there_is_one_point(script):
    for cell in code_cells(script):
        tested = [
            node.test for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.If | ast.IfExp)
        ]
        assert "only" not in {
            name.id for test in tested for name in ast.walk(test) if isinstance(name, ast.Name)
        }


def test_five_claims_are_checked_in_any_profile(script):
    assert sum("nbval-check-output" in cell.metadata.get("tags", []) for cell in code_cells(script)) >= 5
    assert not any("NBVAL" in cell.source for cell in code_cells(script)), "a tag is not printed on the page"


def test_outputs_hold_no_error_and_nothing_of_the_machine(notebook):
    kinds = {output.output_type for cell in code_cells(notebook) for output in cell.outputs}
    assert "error" not in kinds
    assert "stderr" not in {output.get("name") for cell in code_cells(notebook) for output in cell.outputs}
    text = nbformat.writes(notebook)
    text = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not FOREIGN.search(text), FOREIGN.search(text)
    assert str(Path.home()) + "/" not in text
    assert "papermill" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


def test_figures_are_numbered_captioned_and_described(script):
    for cell in code_cells(script):
        options = cell.metadata.get("mystnb", {})
        if "figure" in options:
            assert re.fullmatch(r"fig-[a-z0-9-]+", options["figure"]["name"])
            assert len(options["figure"]["caption"]) > 20
        if "image" in options:
            assert len(options["image"]["alt"]) > 30
            assert "figure" in options


def test_images_belong_to_a_described_figure(notebook):
    for cell in code_cells(notebook):
        if any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {})):
            assert "alt" in cell.metadata.get("mystnb", {}).get("image", {}), cell.source


def test_the_originals_figures_are_all_there():
    found = []
    for name in NAMES:
        for cell in read(name).cells:
            found += [cell.metadata.get("mystnb", {}).get("figure", {}).get("name")]
    found = [figure for figure in found if figure]
    assert len(found) == len(set(found))
    numbered = [figure for figure in found if re.fullmatch(r"fig-\d+", figure)]
    assert sorted(numbered) == [f"fig-{number:02}" for number in range(1, 16)]


SCRIPT = """\
# %% tags=["parameters"]
profile = results = None
# %% mystnb={"figure": {"name": "fig-01"}} scrolled=true
import sys
print("in", __import__("os").getcwd(), file=sys.stderr)
print(profile, results)
# %%
1 / {divisor}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of notebooks of our own making."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    monkeypatch.setattr(notebooks, "repository_url", lambda: "https://github.com/someone/else")
    return tmp_path


@pytest.mark.slow
def test_execution_leaves_a_sanitised_notebook(folder):
    (folder / "01_small.py").write_text(SCRIPT.replace("{divisor}", "2"))
    notebooks.execute("01_small", "quick", Path("somewhere"), folder / "out" / "01_small.ipynb")
    done = nbformat.read(folder / "out" / "01_small.ipynb", as_version=4)
    nbformat.validate(done)
    assert [cell.id for cell in done.cells] == ["cell-01", "cell-02", "cell-03"]  # no injected parameters
    assert done.cells[1].metadata == {"mystnb": {"figure": {"name": "fig-01"}}}
    (output,) = done.cells[1].outputs
    assert output.text == "quick somewhere\n"
    assert done.cells[2].outputs[0].data == {"text/plain": "0.5"}
    assert set(done.metadata) == {"jupytext", "kernelspec", "language_info"}
    assert [path.name for path in (folder / "out").iterdir()] == ["01_small.ipynb"]


@pytest.mark.slow
def test_a_failing_notebook_says_where_and_replaces_nothing(folder):
    (folder / "01_small.py").write_text(SCRIPT.replace("{divisor}", "0"))
    destination = folder / "01_small.ipynb"
    destination.write_text("recorded")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        notebooks.execute("01_small", "quick", folder, destination)
    assert destination.read_text() == "recorded"
    assert "ZeroDivisionError" in (folder / "_build" / "failed" / "01_small.ipynb").read_text()


def test_paths_of_this_machine_are_replaced():
    output = nbformat.v4.new_output(
        "stream", text=f"{notebooks.ROOT}/book and {Path.home()}/x and {Path.home()}y"
    )
    cell = nbformat.v4.new_code_cell("x", outputs=[output])
    cleaned = notebooks.sanitise(nbformat.v4.new_notebook(cells=[cell]))
    assert cleaned.cells[0].outputs[0].text == f"./book and ~/x and {Path.home()}y"


def test_notebooks_wait_for_the_values_they_read():
    read = {
        name: set(re.findall(r'\.recorded\("(\w+)"\)', (notebooks.FOLDER / f"{name}.py").read_text()))
        for name in notebooks.names()
    }
    assert any(read.values())
    for name, others in read.items():
        assert others <= notebooks.NEEDS.get(name, set())


def test_notebooks_wait_for_the_model_they_need(monkeypatch):
    spans = {}

    def execute(name, *_):
        begin = time.monotonic()
        time.sleep(0.05)
        spans[name] = (begin, time.monotonic())

    monkeypatch.setattr(notebooks, "execute", execute)
    for profile in ("quick", "report"):
        spans.clear()
        notebooks.execute_all(notebooks.names(), profile, Path("r"), Path)
        assert set(spans) == set(notebooks.names())
        for name, needed in notebooks.NEEDS.items():
            for other in needed - notebooks.NONE_OF.get(profile, set()):
                assert spans[name][0] >= spans[other][1]
        for begin, _ in spans.values():
            assert sum(start <= begin < end for start, end in spans.values()) <= 2
    notebooks.execute_all(["05_quantization"], "quick", Path("r"), Path)  # alone, the recorded model serves


def test_pair_fills_the_template_and_keeps_outputs(folder):
    script, notebook = folder / "03_training.py", folder / "03_training.ipynb"
    script.write_text("# %% [markdown]\n# # Title\n#\n# COLAB_BADGE\n\n# %%\nCOLAB_CELL\n\n# %%\n1 + 1\n")
    notebooks.pair("03_training")
    first = nbformat.read(notebook, as_version=4)
    assert notebooks.badge("03_training") in first.cells[0].source
    assert first.cells[1].source == notebooks.install_cell("03_training")
    first.cells[2].outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    ]
    nbformat.write(first, notebook)
    script.write_text(script.read_text().replace("Title", "Other title"))
    notebooks.pair("03_training")
    again = nbformat.read(notebook, as_version=4)
    assert "Other title" in again.cells[0].source
    assert again.cells[2].outputs[0].data == {"text/plain": "2"}
