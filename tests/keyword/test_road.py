"""A folder of `kws keyword` has the files of one run, all of them or none, however the run is stopped or met by others;
and what the run reports is what the other commands find."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
from small_corpus import write_corpus

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.data.corpus import read_folder
from kwslib.data.word_file import WordFile, read_word_file
from kwslib.deployment.decision import DecisionSettings
from kwslib.deployment.export import FILES, ExportResult
from kwslib.errors import KwsError
from kwslib.features.dataset import FeatureSet
from kwslib.field.detection import Choice, OperatingPoint
from kwslib.keyword import road, threshold
from kwslib.keyword.hearing import Fired
from kwslib.locks import alone
from kwslib.networks import training
from kwslib.networks.models import ModelConfig, build
from kwslib.networks.resume import ResumeFile

WORD = "kiwi"
LABELS = ("silence", "unknown", WORD)
STEPS = ("choose", "export", "write_header", "tested", "_publish")
ALL = {road.CORPUS, road.CHECKPOINT, road.HEADER, road.REPORT, *FILES}
EFFORT = road.Effort(epochs=2, trials=3, hours=0.1)
POINT = OperatingPoint(0.6, 1, 2.0, 3, 10, 5, np.zeros(7))


def examples(seed: int) -> FeatureSet:
    rng = np.random.default_rng(seed)
    y = np.arange(12) % 3
    return FeatureSet(rng.integers(-128, 127, (12, 49, 40)).astype(np.int8), y, tuple(map(str, range(12))))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """road.make with its long steps replaced by short ones; `stops` names a step at which it is interrupted, `during`
    is called in the test. Returns its report; `run.features` has an entry for each time that features were made."""
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    corpus = read_folder(write_corpus(tmp_path / "data", (WORD, "up")))
    word_file = WordFile(WORD, tmp_path / "data" / WORD, (), (), (tmp_path / "data",))

    def begin(out=tmp_path / "out", seed=0, stops="", during=None):
        def step(name, answer):
            def short(*given):
                assert prepared or name not in ("choose", "tested")
                if name == stops:
                    raise KeyboardInterrupt
                return answer(*given)

            return short

        def export(checkpoint, calibration, folder):
            for name in FILES:
                (folder / name).write_bytes(checkpoint.read_bytes())
            return ExportResult(checkpoint, folder, (), (), ())

        def tested(model, *rest):
            if during:
                during()
            return {"seen": model.read_bytes().hex()}

        def beside(work, *given):
            assert (work, given) == (threshold.prepare, (corpus, LABELS, EFFORT.trials, EFFORT.hours))
            return nullcontext(lambda: prepared.append(True))

        def word_splits(*given):
            begin.features.append(given)
            return {"training": examples(1), "validation": examples(2)}

        prepared = []
        settings = DecisionSettings(3, 4, 0.6)
        with monkeypatch.context() as patched:
            patched.setattr(road, "word_splits", word_splits)
            patched.setattr(road, "beside", beside)
            patched.setattr(road, "calibration_features", lambda *given: None)
            patched.setattr(threshold, "choose", step("choose", lambda *given: Choice(settings, POINT)))
            patched.setattr(road, "export", step("export", export))
            patched.setattr(road, "read_model", lambda path: path)
            patched.setattr(road, "write_header", step("write_header", lambda model, header: header.touch()))
            patched.setattr(road, "tested", step("tested", tested))
            patched.setattr(road, "_publish", step("_publish", road._publish))
            return road.make(corpus, word_file, "tinyconv", EFFORT, seed, out, lambda line: None)

    begin.features = []
    return begin


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def test_a_run_leaves_its_files_and_no_others(run, tmp_path):
    report = run()
    assert set(contents(tmp_path / "out")) == ALL
    assert json.loads((tmp_path / "out" / road.REPORT).read_text()) == report
    assert {
        name: report[name] for name in ("threshold", "smoothing", "epochs", "trials", "hours", "seed")
    } == {"threshold": 0.6, "smoothing": 4, "epochs": 2, "trials": 3, "hours": 0.1, "seed": 0}
    assert report["validation"]["missed"] == 3
    assert read_word_file(tmp_path / "out" / road.CORPUS).takes.resolve() == tmp_path / "data" / WORD
    assert not [*(tmp_path / "cache" / "keyword").iterdir()]


@pytest.mark.parametrize("learned", [WORD, "up"])
def test_a_report_says_whether_the_pretrained_network_knows_the_word(run, tmp_path, monkeypatch, learned):
    start = tmp_path / "start.pt"
    config = ModelConfig(labels=("silence", "unknown", learned))
    save_checkpoint(start, build(config), config)
    asked = []
    monkeypatch.setattr(road, "pretrained", lambda arch: asked.append(arch) or start)
    report = run()
    assert (report["pretrained"], report["pretrained_on_word"]) == (True, learned == WORD)
    assert asked == ["tinyconv"]


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("stops", STEPS)
def test_a_run_that_is_stopped_changes_nothing_and_goes_on(run, tmp_path, monkeypatch, stops, before):
    whole = run(tmp_path / "whole", seed=1)
    if before:
        run(seed=0)
    kept = contents(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt) as stopped:
        run(seed=1, stops=stops)
    kept_of_it = "the epochs of training so far are" if stops == "choose" else "the trained network is"
    assert str(stopped.value) == f"{kept_of_it} kept; run the same command again to go on"
    assert contents(tmp_path / "out") == kept
    assert (tmp_path / "out").exists() == before
    trained = []
    score = training.score
    monkeypatch.setattr(training, "score", lambda *given: trained.append(1) or score(*given))
    assert run(seed=1) == whole
    assert not trained
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize(("stops", "damaged"), [("export", "model.pt"), ("choose", "model.resume.pt")])
def test_a_training_damaged_in_the_cache_is_trained_again(run, tmp_path, stops, damaged):
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(stops=stops)
    (path,) = (tmp_path / "cache" / "keyword").rglob(damaged)
    path.write_bytes(path.read_bytes()[:1000])
    assert run() == whole
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_full_disk_loses_no_epoch(run, tmp_path, monkeypatch):
    """An error that names the resume file does not yet say that the file is damaged."""
    save, told = ResumeFile.save, []

    def full(state, parts, history):
        if state.path.exists() and not told:
            told.append(state.path)
            raise KwsError(f"{state.path} cannot be written (No space left on device): free some space")
        save(state, parts, history)

    monkeypatch.setattr(ResumeFile, "save", full)
    with pytest.raises(KwsError, match="No space left"):
        run()
    assert [*(tmp_path / "cache" / "keyword").rglob("model.resume.pt")]


def test_a_run_that_another_holds_up_says_so(run, tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        run(stops="export")
    (training,) = (tmp_path / "cache" / "keyword").iterdir()
    with ThreadPoolExecutor() as pool, alone(training, "the test"):
        other = pool.submit(run)
        end = time.monotonic() + 60
        while not (said := capsys.readouterr().err) and time.monotonic() < end:
            time.sleep(0.01)
        shutil.rmtree(training)  # as a run that ends does
    assert said == "waiting for another process that is busy with the same training\n"
    assert json.loads((tmp_path / "out" / road.REPORT).read_text()) == other.result()


@pytest.mark.parametrize("another", [False, True])
def test_a_run_that_waited_for_the_same_takes_what_that_made(run, tmp_path, monkeypatch, capsys, another):
    whole = run()
    key = json.loads((tmp_path / "out" / road.REPORT).read_text())["key"]
    if another:  # whose result in the same folder is no answer
        run(seed=1)
    trained, score = [], training.score
    monkeypatch.setattr(training, "score", lambda *given: trained.append(1) or score(*given))
    run.features.clear()
    folder = tmp_path / "cache" / "keyword" / key
    with ThreadPoolExecutor() as pool, alone(folder, "the test"):
        other = pool.submit(run)
        end = time.monotonic() + 60
        while not capsys.readouterr().err and time.monotonic() < end:
            time.sleep(0.01)
        assert not run.features  # the other is making them
        shutil.rmtree(folder)
    assert other.result() == whole
    assert bool(trained) == bool(run.features) == another
    assert not [*(tmp_path / "cache" / "keyword").iterdir()]


def test_a_run_that_is_stopped_after_its_end_is_complete(run, tmp_path, monkeypatch):
    remove = shutil.rmtree

    def stop(path, **given):
        if (
            path.parent.name == "keyword" and path.name[0] != "."
        ):  # the training, which is not needed any more
            raise KeyboardInterrupt
        remove(path, **given)

    monkeypatch.setattr(shutil, "rmtree", stop)
    with pytest.raises(KeyboardInterrupt, match=r"out is complete$"):
        run()
    assert set(contents(tmp_path / "out")) == ALL


def test_a_folder_is_written_to_by_one_run_at_a_time(run, tmp_path, capsys):
    with ThreadPoolExecutor() as pool, alone(tmp_path / "out", "the test"):
        other = pool.submit(run)
        end = time.monotonic() + 60
        while not (said := capsys.readouterr().err) and time.monotonic() < end:
            time.sleep(0.01)
        assert said == "waiting for another process that is busy with the same folder\n"
        assert not contents(tmp_path / "out")
    assert json.loads((tmp_path / "out" / road.REPORT).read_text()) == other.result()


def test_runs_that_meet_in_a_folder_do_not_mix(run, tmp_path):
    other = []
    first = run(seed=0, during=lambda: other.append(run(seed=1)))
    assert first["seed"] == 0
    assert first["seen"] != other[0]["seen"]
    found = contents(tmp_path / "out")
    assert json.loads(found[road.REPORT]) == first
    assert found["model.tflite"].hex() == first["seen"]
    assert load_checkpoint(tmp_path / "out" / road.CHECKPOINT)[2]["seed"] == 0


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_folder_in_the_place_of_a_file_is_named_first(tmp_path, name):
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(KwsError, match=f"{name} is a folder"):
        road.check_files(tmp_path / "out")


def test_the_accuracy_is_that_of_kws_eval(kws, tmp_path, monkeypatch):
    """Both decide as the device does: a word below its threshold is unknown."""
    corpus = write_corpus(tmp_path / "data", (WORD, "up"))
    config = ModelConfig(labels=("silence", "unknown", WORD))
    network, decides = build(config).eval(), threshold.as_extra(DecisionSettings(3, 4, 0.99))
    list(network.parameters())[-1].data[2] += 1  # its bias: the word wins, and is not sure
    monkeypatch.setattr(threshold, "evaluate_settings", lambda *given: POINT)
    monkeypatch.setattr(road, "everyday", lambda *given: Fired(200, ()))
    said = []
    for name, extra in (("plain.pt", {}), ("model.pt", decides)):
        save_checkpoint(tmp_path / name, network, config, extra)
        status, out, _ = kws("eval", tmp_path / name, "--data", corpus, "--json")
        assert status == 0
        said.append(json.loads(out))
    tested = road.tested(tmp_path / "model.pt", read_folder(corpus), EFFORT)["testing"]
    assert tested == {name: said[1][name] for name in tested}
    assert np.array(said[0]["confusion"])[:, 2].any()
    assert not np.array(said[1]["confusion"])[:, 2].any()
