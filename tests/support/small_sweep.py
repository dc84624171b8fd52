"""Points of a sweep that take no time: a notebook in the form of Parts 5 and 6 that doubles a number."""

import nbformat

from kwslib.experiments.sweeps.notebook import point_notebook
from kwslib.experiments.sweeps.points import Task, code_fingerprint, content_key

SCRIPT = """\
# %% [markdown]
# # Part 9: Doubling

# %% tags=["parameters"]
profile = results = None
number, seconds, log = 0, 0, None

# %%
raise AssertionError("a cell without the tag is no part of a point")

# %% tags=["point"]
import json, os, time
from pathlib import Path

if log:
    with open(log, "a") as file:
        file.write(f"{number}\\n")
time.sleep(seconds)
if number < 0:
    raise ValueError("negative numbers are not doubled")
os.kill(os.getpid(), 9) if number == 99 else 2 * number

# %% tags=["point"]
(Path(results) / "models" / "double.pt").write_text(str(2 * number))
row = {"double": 2 * number}
recorded = {"data": {"name": "none", "content_hash": "data"}, "commit": None, "rows": [row],
            "versions": {"kwslib": "0", "torch": "0", "python": "0"}}
(Path(results) / "09_doubling.json").write_text(json.dumps(recorded))
print("doubled")
"""


def small_tasks(folder, numbers, **more) -> list[Task]:
    """A task for each number; with `log`, a file that gets a line for each run."""
    script = folder / "09_doubling.py"
    script.write_text(SCRIPT)
    made = []
    for number in numbers:
        notebook, parameters = point_notebook(script, f"double_{number}"), {"number": number, **more}
        networks = {"base.pt": b"weights"}
        key = content_key(notebook, code_fingerprint(), parameters, "data", networks)
        text = nbformat.writes(notebook)
        made.append(Task(f"double_{number}", key, code_fingerprint(), "data", text, parameters, networks))
    return made
