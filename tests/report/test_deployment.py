"""Part 4's tables and figures from an exported network."""

import warnings

import numpy as np
import pytest

from kwslib.report.part4 import conversion as report
from kwslib.report.part4 import conversion_figures as draw

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def testing(recordings):
    from kwslib.data.corpus import open_corpus
    from kwslib.data.protocol import Protocol
    from kwslib.features.dataset import feature_split

    return feature_split(open_corpus(recordings), Protocol(), "testing", first=200)


@pytest.fixture(scope="module")
def forms(exported, testing):
    return report.run_forms(exported, testing.x)


def drawn(figure):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()
    return figure.axes[0]


def test_bytes_from_step_to_step(exported):
    steps = report.steps(exported)
    assert report.size_values(exported)["bytes_tflite_int8"].value == exported.tflite_int8.stat().st_size
    assert all(weights < whole for whole, weights in steps.values())
    assert len(report.steps_table(steps)) == 4
    assert "KB" in drawn(draw.sizes(steps)).get_xlabel()


def test_all_forms_answer_alike(forms, testing, exported):
    table = report.parity_table(forms, testing)
    assert report.equal_percent(forms) == 100
    np.testing.assert_array_equal(forms["C core"].integers, forms[report.REFERENCE].integers)
    assert list(table["type"]) == ["float32"] * 3 + ["int8"] * 4
    assert list(report.tensors_table(exported.tflite_int8).index)[1:] == list(exported.operators)


def test_the_exported_scale_leaves_nothing_rounded_apart(exported):
    table = report.rounding_table(exported.tflite_int8)
    assert table.loc["as exported", "rounded apart"] == 0
    assert table.loc["0.1 % wider", "rounded apart"] > 0


def test_cost_of_int8_by_class(forms, testing, exported):
    costs = report.quantization_cost(forms, testing, exported.labels)
    table = report.cost_table(costs, forms, testing)
    assert table.loc["total", "right, int8"] == costs["int8"].correct
    counts = table.drop(columns="p (McNemar)")
    assert (counts.loc[list(exported.labels)].sum() == counts.loc["total"]).all()
    assert 0 < float(table.loc["total", "p (McNemar)"]) <= 1
    assert report.cost_values(costs)["accuracy_float"].n == len(testing.y)
    assert "(%)" in drawn(draw.accuracy_by_type(costs)).get_xlabel()


def test_the_originals_live_trials():
    table = report.original_field_table()
    assert table.loc["total", "right"] == "13 of 20"
    assert table.loc["total", "95 % interval (%)"] == "43 to 82"
    assert table.loc["unknown", "right"] == "0 of 5"
