"""kws verify: recorded numbers that come out again pass; one that was changed is named."""

import json
import shutil
from types import SimpleNamespace

import pytest

from kwslib.errors import KwsError
from kwslib.record.comparison import load_results, recorded_folder
from kwslib.report import verify
from kwslib.report.verify import Check, recorded_models, recorded_parts

pytestmark = pytest.mark.slow


def test_a_check_passes_within_its_bounds():
    assert Check("accuracy", 0.95, 0.95, 0.95).passed
    assert not Check("accuracy", 0.95 + 1 / 1368, 0.95, 0.95).passed  # one clip
    assert Check("trained again", 0.94, 0.93, 0.95).passed
    assert "NOT  accuracy: 0.9, recorded 0.95" in str(Check("accuracy", 0.9, 0.95, 0.95))


def test_no_recorded_model_goes_unchecked():
    recorded = recorded_folder()
    if not (recorded / "06_pruning.json").is_file():
        pytest.skip("not all parts are recorded yet")
    kept = {path.name for path in (recorded / "models").iterdir() if "_seed" not in path.name}
    assert kept == recorded_models(recorded, load_results(recorded)).keys()


def test_a_checkpoint_may_round_on_a_few_clips_and_a_file_in_integers_may_not(monkeypatch, tmp_path):
    clips = SimpleNamespace(n=1000)
    (tmp_path / "models").mkdir()
    named = {"a.pt": 0.9, "b.pt": 0.9, "c.tflite": 0.9, "d.tflite": 0.9}
    found = {"a.pt": 0.903, "b.pt": 0.896, "c.tflite": 0.9, "d.tflite": 0.901}
    for name in named:
        (tmp_path / "models" / name).touch()
    monkeypatch.setattr(
        verify, "recorded_models", lambda *_: {n: ("05_quantization", v) for n, v in named.items()}
    )
    monkeypatch.setattr(verify, "_accuracy", lambda path, *_: found[path.name])
    recorded = {"05_quantization": {"values": {}}}
    checks = verify._models(tmp_path, recorded, {"05_quantization": clips})
    assert [check.passed for check in checks] == [True, False, True, False]


def test_a_part_that_the_checks_need_is_named_and_others_are_left_out(tmp_path):
    def write(part):
        (tmp_path / f"{part}.json").write_text('{"values": {}}')

    write("01_preprocessing")
    write("03_training")
    with pytest.raises(KwsError, match=r"04_deployment\.json is missing: record Part 4,"):
        recorded_parts(tmp_path)
    write("04_deployment")
    assert list(recorded_parts(tmp_path)) == ["03_training", "04_deployment"]
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "pruning.csv").write_text("point,seed,models,sparsity\nunstructured_0,0,a.pt,0\n")
    with pytest.raises(KwsError, match="record Part 6,"):  # whose networks the board runs again
        recorded_parts(tmp_path)
    write("06_pruning")
    assert "06_pruning" in recorded_parts(tmp_path)


def test_packages_that_are_missing_are_named_at_the_start(kws, monkeypatch, tmp_path):
    absent = ("capstone", "unicorn", "pandas")
    monkeypatch.setattr(verify, "find_spec", lambda name: None if name in absent else name)
    status, out, error = kws("verify", "--data", tmp_path, "--results", tmp_path)
    assert (status, out) == (2, "")
    assert error == "kws: verify needs capstone, unicorn, pandas: pip install 'kwslib[board,notebooks]'\n"


def test_a_changed_number_is_found(kws, tmp_path, all_recordings):
    recorded = recorded_folder()
    if not (recorded / "04_deployment.json").is_file():
        pytest.skip("nothing is recorded yet")
    (tmp_path / "models").mkdir()
    for part in ("03_training", "04_deployment"):
        contents = json.loads((recorded / f"{part}.json").read_text())
        contents["values"]["accuracy_int8" if part[1] == "4" else "epochs"]["value"] += 0.01
        (tmp_path / f"{part}.json").write_text(json.dumps(contents))
    for name in ("tinyconv.pt", "tinyconv.tflite", *(f"tinyconv_seed{seed}.pt" for seed in range(5))):
        shutil.copy(recorded / "models" / name, tmp_path / "models")
    shutil.copy(recorded / "models" / "tinyconv.pt", tmp_path / "models" / "narrow.pt")
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "bits.csv").write_text("point,seed,models,testing\nqat_3bit,0,narrow.pt,0.5\n")
    status, out, err = kws(
        "verify", "--data", all_recordings, "--results", tmp_path, "--no-retrain", "--json"
    )
    assert status == 1
    assert "recorded numbers did not come out again" in err
    found = [(check["what"], check["passed"]) for check in json.loads(out)["checks"]]
    assert found[:4] == [
        ("Part 3, mean of 5 seeds", True),
        ("tinyconv.pt", True),
        ("tinyconv.tflite", False),
        ("narrow.pt", False),
    ]
    assert ("board: board_ms_network", True) in found
