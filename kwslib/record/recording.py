"""A notebook's run: its data, the folders of its values and models, and its results.

    run = recording.start("03_training", profile=profile, data=data, results=results)
    run.record("accuracy_testing", 0.951, "fraction", ci95=(0.938, 0.961), n=1368)
    run.show(run.compare_table(["accuracy_testing"]), "Test accuracy.")
    run.finish()  # writes <results>/03_training.json

Accuracies and shares are recorded as a `fraction`, sizes in `B`, times in `ms` or `us`, counts with no unit.
Recorded numbers are in `book/results`: only a report-profile run on real recordings may write there, and only
if that folder is given. Other runs write to `_build/results/<profile>` in a clone, to `kws-results` elsewhere.
"""

import json
import math
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kwslib.errors import KwsError
from kwslib.profiles import Profile, get_profile
from kwslib.record.comparison import (
    Comparison,
    compare,
    load_original,
    load_results,
    recorded_folder,
    repository,
)
from kwslib.record.provenance import commit, versions
from kwslib.record.table import Table
from kwslib.record.values import Value
from kwslib.strict_json import is_number, json_text
from kwslib.writing import atomic_write

if TYPE_CHECKING:
    import pandas

    from kwslib.data.corpus import Corpus


class Point(Protocol):
    """One point of a sweep."""

    @property
    def name(self) -> str:
        """As it is recorded."""
        ...

    @property
    def seed(self) -> int:
        """Seed of the network that it starts from."""
        ...


@dataclass
class Run:
    """One execution of one notebook."""

    part: str
    profile: Profile
    data: Path | None
    results: Path
    seeds: tuple[int, ...]
    point: Point | None = None
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether this run's numbers come from the synthetic corpus."""
        return self.profile.synthetic and self.data is None

    @property
    def swept_seeds(self) -> tuple[int, ...]:
        """Seeds of each point of a sweep, and of each network of Parts 7 and 8."""
        return self.seeds[: self.profile.swept]

    @cached_property
    def corpus(self) -> "Corpus":
        """The run's recordings, opened (generated, downloaded) on first use."""
        from kwslib.data.corpus import open_corpus

        return open_corpus(self.data, self.profile)

    @property
    def models(self) -> Path:
        """Folder of the models that the notebooks train and share."""
        folder = self.results / "models"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def kept(self, name: str) -> Path | None:
        """Path of a model that exists: this run's, else the recorded one (real data only)."""
        folders = [self.models]
        if not self.synthetic and (recorded := recorded_folder()):
            folders.append(recorded / "models")
        return next((folder / name for folder in folders if (folder / name).is_file()), None)

    def model(self, name: str, make: Callable[[Path], object] | None = None) -> Path:
        """Path of a model: the one that is `kept`, else one built by `make(path)`.

        Raises KwsError when there is none and no `make`.
        """
        if path := self.kept(name):
            return path
        if make is None:
            raise KwsError(f"no model {name} yet: run the notebook that trains it first, or `make report`")
        make(self.models / name)
        return self.models / name

    def keep(self, source: Path, name: str) -> None:
        """Copy a model's file into the folder of models, whole or not at all."""
        with atomic_write(self.models / name) as temporary:
            shutil.copyfile(source, temporary)

    def record(
        self,
        name: str,
        value: float,
        unit: str = "",
        ci95: Sequence[float] | None = None,
        n: int | None = None,
    ) -> None:
        """Record a value, with its 95 % interval and its number of samples or seeds if it has them."""
        value = value.item() if hasattr(value, "item") else value
        if not is_number(value):
            raise KwsError(f"{self.part}/{name}: {value!r} is not a finite number")
        self.values[name] = {"value": value, "unit": unit}
        if ci95 is not None and all(map(math.isfinite, ci95)):  # of one run its width is unknown
            self.values[name]["ci95"] = [float(bound) for bound in ci95]
        if n is not None:
            self.values[name]["n"] = int(n)

    def record_all(self, values: Mapping[str, Value]) -> None:
        """Record several values by name."""
        for name, found in values.items():
            self.record(name, found.value, found.unit, found.ci95, found.n)

    def everything(self) -> dict[str, dict[str, Any]]:
        """All parts' values in the form of `load_results`, including this run's values so far."""
        parts = load_results(self.results) if self.results.is_dir() else {}
        return parts | {self.part: {"values": self.values}}

    def recorded(self, part: str) -> dict[str, Any]:
        """The values that a part has recorded in this run's folder, else, for real recordings, in the book's;
        else {}."""
        for folder in (self.results, None if self.synthetic else recorded_folder()):
            if folder and (folder / f"{part}.json").is_file():
                return load_results(folder)[part]["values"]
        return {}

    def compare_table(self, names: Iterable[str] | None = None) -> "pandas.DataFrame":
        """Table "what | original | ours | unit" of recorded `names`, by default all of this part.

        Ours have their 95 % interval, shares in per cent. If the original states a value twice, only its first row
        is shown.
        """
        import pandas

        rows: dict[str | None, Comparison] = {}
        stated = {key: entry.in_per_cent for key, entry in load_original().items()}
        for row in compare(self.everything(), stated):
            rows.setdefault(row.original.ours, row)
        mine = [reference for reference in rows if reference and reference.startswith(f"{self.part}/")]
        wanted = mine if names is None else [f"{self.part}/{name}" for name in names]
        if unknown := [reference for reference in wanted if reference not in rows]:
            raise KwsError(
                f"the original states no counterpart of {', '.join(unknown)}: see book/original.yml"
            )
        chosen = [rows[reference] for reference in wanted]
        table = {
            "what": [row.original.gist for row in chosen],
            "original": [f"{row.original.sign} {row.original.value:,}".strip() for row in chosen],
            "ours": [row.ours_text for row in chosen],
            "unit": [row.original.unit for row in chosen],
        }
        frame = pandas.DataFrame(table).set_index("what")
        return frame.rename_axis(index=None, columns="what")

    def show(self, frame: "pandas.DataFrame", caption: str = "", digits: int = 1) -> Table:
        """A table with a caption, marked if its numbers come from the synthetic corpus.

        A table that corresponds to one of the original's figures has its caption in the cell's metadata instead.
        """
        return Table(frame, f"{caption} (synthetic corpus)".strip() if self.synthetic else caption, digits)

    def finish(self, rows: "pandas.DataFrame | None" = None) -> None:
        """Write `<results>/<part>.json` atomically; for a point of a sweep with its `rows`."""
        contents = {
            "profile": self.profile.name,
            "data": {
                "name": self.corpus.name,
                "clips": self.corpus.counts(),
                "content_hash": self.corpus.content_hash,
            },
            "seeds": list(self.seeds),
            "versions": versions(),
            "commit": commit(),
            "values": self.values,
        }
        if rows is not None and self.point is not None:
            contents["rows"] = json.loads(rows.to_json(orient="records", double_precision=15))
        with atomic_write(self.results / f"{self.part}.json") as path:
            path.write_text(json_text(contents, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{self.part}: {len(self.values)} values recorded, profile {self.profile.name}")


def start(
    part: str,
    profile: str | None = None,
    data: str | Path | None = None,
    results: str | Path | None = None,
    seeds: Sequence[int] | None = None,
    point: Point | None = None,
) -> Run:
    """Open a run of notebook `part`: choose and print profile, data and folders, and set the figure style.

    A run of one `point` of a sweep has that point's name and seed, and keeps its rows.

    Raises KwsError for an unknown profile, and for quick or synthetic numbers that would go to `book/results`.
    """
    chosen, root, recorded = get_profile(profile), repository(), recorded_folder()
    if results is None:
        results = root / "_build" / "results" / chosen.name if root else Path("kws-results")
    if point is not None:
        part, seeds = f"{part}_{point.name}", [point.seed]
    folder = Path(data) if data else None
    run = Run(part, chosen, folder, Path(results).resolve(), tuple(seeds or chosen.seeds), point)
    if run.results == recorded and (run.synthetic or chosen.name != "report"):
        raise KwsError(
            f"{results} holds recorded numbers: only the report profile on real recordings writes there"
        )
    from kwslib.record import style

    style.use(synthetic=run.synthetic)
    kind = "the synthetic corpus" if run.synthetic else "real recordings"
    print(f"{part}: profile {chosen.name}, {kind}, seeds {', '.join(map(str, run.seeds))}")
    return run
