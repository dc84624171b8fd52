"""Part 5's points: what is compared is trained equally long, and nothing is trained twice."""

import pandas
import pytest

from kwslib.experiments import quantization as sweep
from kwslib.report.part5.tables import cause_values


def row(point, accuracy):
    values = (point.name, point.bits, point.method, point.recipe, point.seed, None, accuracy, accuracy)
    return dict(zip(sweep.ROW, values, strict=True))


def test_qat_by_both_recipes_has_as_many_seeds_epochs_and_the_same_rate():
    points = {(p.name, p.seed): p for p in sweep.grid(range(5))}
    for bits in (8, 4, 3, 2, 1):
        for seed in range(5):
            theirs, ours = points[f"qat_original_{bits}bit", seed], points[f"qat_{bits}bit", seed]
            assert theirs.training(50) == ours.training(50)
            assert theirs.quantization.in_place


def test_points_of_the_sweep_are_not_run_again_as_causes(monkeypatch):
    points = sweep.grid((0, 1))
    rows = pandas.DataFrame([row(point, index / 1000) for index, point in enumerate(points)])
    ran = []

    def run(todo, *_):
        ran.extend(todo)
        return pandas.DataFrame([row(point, 0.5) for point in todo], columns=sweep.ROW)

    monkeypatch.setattr(sweep, "run_points", run)
    found = sweep.run_causes(points, rows, {}, {}, 50)
    wanted = sweep.causes(points)
    assert list(zip(found.recipe, found.method, found.bits, found.seed, strict=True)) == [
        (p.recipe, p.method, p.bits, p.seed) for p in wanted
    ]
    assert {(p.recipe, p.method) for p in wanted} - {(p.recipe, p.method) for p in ran} == {
        ("as it was", "ptq"),
        (sweep.LONGER, "qat"),
    }
    values = cause_values(found)
    assert len(values) == len({(p.bits, p.method, p.recipe) for p in wanted})
    assert values["accuracy_qat_3bit_weights_kept_not_overwritten"].n == 2
    swept = {(p.name, p.seed): rows.testing[i] for i, p in enumerate(points)}
    taken = found[(found.recipe == "as it was") & (found.method == "ptq") & (found.bits == 3)]
    assert list(taken.testing) == [swept["ptq_original_3bit", seed] for seed in (0, 1)]


def test_a_single_point_without_causes_has_none(monkeypatch):
    monkeypatch.setattr(sweep, "run_points", lambda *_: pandas.DataFrame([], columns=sweep.ROW))
    points = [sweep.point(8)]
    rows = pandas.DataFrame([row(points[0], 0.9)])
    assert sweep.run_causes(points, rows, {}, {}, 50).empty


@pytest.mark.parametrize("bits", [3, 2])
def test_all_causes_but_the_last_train_equally_long(bits):
    trained = {
        p.recipe: p.training(50)
        for p in sweep.causes(sweep.grid((0,)))
        if p.method == "qat" and p.bits == bits
    }
    assert len({trained[cause] for cause in sweep.CAUSES}) == 1
    assert trained[sweep.LONGER] not in {trained[cause] for cause in sweep.CAUSES}
