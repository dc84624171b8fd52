"""A sweep's table: written whole, read back, and handed to the notebook that it was made for."""

import pandas
import pytest

from kwslib.errors import KwsError
from kwslib.experiments import pruning, quantization
from kwslib.experiments.sweeps import table


def quantized(bits, seed, testing):
    point = quantization.point(bits, seed=seed)
    row = {"point": point.name, "bits": bits, "method": "qat", "recipe": "ours", "seed": seed, "flash": 9064}
    return point, row | {"testing": testing, "run": f"{point.name}_seed{seed}"}


def test_rows_come_back_in_the_order_of_the_points(tmp_path):
    some = [quantized(3, 0, 0.94), quantized("ternary", 0, 0.93), quantized(3, 1, 0.95)]
    table.write([row for _, row in some], tmp_path, "bits")
    for _, row in some:
        (tmp_path / "models" / row["run"]).mkdir(parents=True)
        (tmp_path / "models" / row["run"] / "network.pt").write_text(row["run"])
    (tmp_path / "kept").mkdir()
    rows = table.rows_of(tmp_path, [some[2][0], some[1][0]], tmp_path / "kept")
    assert list(rows.testing) == [0.95, 0.93]
    assert list(rows.bits) == [3, "ternary"]
    assert (tmp_path / "kept" / "network.pt").read_text() == "qat_ternary_seed0"  # the first seed's
    assert len(pandas.read_csv(tmp_path / "bits.csv")) == 3


def test_pruned_points_are_told_apart_by_all_their_parameters(tmp_path):
    points = [
        pruning.PrunedPoint(0.9, criterion, schedule)
        for criterion in ("l1", "lamp")
        for schedule in ("gradual", "one-shot")
    ]
    rows = [
        {
            "point": p.name,
            "sparsity": 0.9,
            "criterion": p.criterion,
            "schedule": p.schedule,
            "structured": False,
            "seed": 0,
            "run": str(i),
            "raw": i,
        }
        for i, p in enumerate(points)
    ]
    table.write(rows, tmp_path, "sparsity")
    assert list(table.rows_of(tmp_path, points[::-1]).raw) == [3, 2, 1, 0]


def test_a_missing_point_and_a_missing_sweep_are_named(tmp_path):
    with pytest.raises(KwsError, match="no finished sweep here"):
        table.read(tmp_path)
    point, row = quantized(3, 0, 0.9)
    table.write([row], tmp_path, "bits")
    with pytest.raises(KwsError, match="qat_2bit of seed 0 is missing"):
        table.rows_of(tmp_path, [point, quantization.point(2)])
