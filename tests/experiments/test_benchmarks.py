"""What the benchmarks keep is of the very examples that it was trained on; what they cannot use is one line."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from repository import REPOSITORY
from small_networks import toy

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.cli.main import script
from kwslib.data.corpus import open_corpus, read_folder
from kwslib.data.protocol import Protocol, build_splits
from kwslib.field.minutes import Sound
from kwslib.field.sources import loudest, spoken
from kwslib.field.stream import StreamNetwork
from kwslib.field.training import with_listening
from kwslib.labels import class_labels
from kwslib.networks.models import build
from kwslib.networks.recipes import setup
from kwslib.profiles import get_profile
from kwslib.record import names


def benchmark(name):
    """A script of benchmarks/ as a module."""
    specification = importlib.util.spec_from_file_location(name, REPOSITORY / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_kept_network_belongs_to_its_examples_and_its_setup():
    """Seconds from anywhere have the same names, whatever hours they are cut out of."""
    recipes = benchmark("recipes")
    made, data = setup("tinyconv", 1), toy(8)
    other_sound, other_class = data.x.copy(), data.y.copy()
    other_sound[0, 0, 0] ^= 1
    other_class[0] ^= 1
    kept = {
        recipes.checkpoint(setting, {"training": examples}, seed)
        for setting, examples, seed in (
            (made, data, 0),
            (made, data, 1),
            (replace(made, spoken=True), data, 0),
            (made, replace(data, x=other_sound), 0),
            (made, replace(data, y=other_class), 0),
        )
    }
    assert len(kept) == 5
    assert recipes.checkpoint(made, {"training": toy(8)}, 0) in kept


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("recipes", lambda recipes: recipes.checkpoint(setup("tinyconv", 1), {"training": toy(8)}, 0)),
        ("takes", lambda takes: takes.trained_file("bed", setup("tinyconv", 1), toy(8), None)),
    ],
)
def test_a_kept_network_belongs_to_the_code_that_trained_it(monkeypatch, name, path):
    script = benchmark(name)
    kept = path(script)
    assert path(script) == kept
    monkeypatch.setattr(script, "code", lambda module: f"another {module}")
    assert path(script) != kept


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("board", ["gone.tflite"], "gone.tflite: no such file"),
        ("board", [], "Missing argument"),
        ("field", ["--write", "--validation"], "leave one of them out"),
        ("frontend", ["more"], "unexpected extra argument"),
        ("gpu", ["--writ"], "No such option: --writ"),
        ("hard", ["more"], "unexpected extra argument"),
        ("measured", ["gone"], "gone: no such folder"),
        ("recipes", ["resnet"], "use one of tinyconv, tinyconv_branches"),
        ("sweeps", ["10"], "unexpected extra argument"),
        ("bits", ["resnet"], "name one of tenet_valid, tenet_wide"),
        ("takes", ["happy", "--arch", "resnet"], "use one of tinyconv"),
        ("takes", ["happy", "--write", "--validation"], "leave one of them out"),
        ("takes", ["happy", "stop", "five"], "heard speakers of stop, five: use bed, happy, zero"),
        ("takes", ["stop", "--validation"], "heard speakers of stop: use bed, happy, zero"),
        ("tasks", ["twelve"], "use one of ten, all"),
        ("tasks", ["ten", "resnet"], "use one of tinyconv"),
    ],
)
def test_what_a_benchmark_cannot_use_is_one_line(monkeypatch, capfd, name, arguments, said):
    main = benchmark(name).main
    monkeypatch.setattr(sys, "argv", [f"benchmarks/{name}.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        script(main)
    (line,) = capfd.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith(f"{name}.py: ")
    assert said in line


def test_the_standard_tasks_are_trained_by_each_networks_recipe(monkeypatch, synthetic, tmp_path):
    """With the synthesizer's words and the teacher that Part 8 trains it with."""
    tasks = benchmark("tasks")

    def train(corpus, training_setup, seed, out, teacher):
        how = {"finished": True, "spoken": training_setup.spoken, "teacher": teacher and teacher.name}
        save_checkpoint(out, build(training_setup.config), training_setup.config, how)

    monkeypatch.setattr(tasks, "train_by_recipe", train)
    run = SimpleNamespace(
        corpus=read_folder(synthetic), models=tmp_path, seeds=(3, 4), profile=get_profile("quick")
    )
    assert len(tasks.evaluations(run, "tinyconv_branches", ("yes", "no", "up"))) == 2
    found = {path.name: load_checkpoint(path)[2] for path in tmp_path.glob("*.pt")}
    teacher, *students = (
        names.seed_checkpoint(seed, arch)
        for seed, arch in ((3, "tenet_wide"), (3, "tinyconv_branches"), (4, "tinyconv_branches"))
    )
    assert found.pop(teacher) == {"finished": True, "spoken": True, "teacher": None}
    assert sorted(found) == students
    assert all(how == {"finished": True, "spoken": False, "teacher": teacher} for how in found.values())


STOPPED = """
import signal, sys
from kwslib.cli.main import script

sys.argv = ["benchmarks/gpu.py"]
script(lambda: signal.raise_signal(signal.SIGTERM))
"""


def test_a_benchmark_that_is_stopped_says_so_by_its_name():
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "gpu.py: terminated\n")


def test_a_gap_between_rooms_has_the_interval_over_the_rooms_where_they_differ():
    """Trials of one room are alike: many of them say little about other rooms."""
    measured = benchmark("measured")
    rooms = ["a"] * 200 + ["b"] * 200 + ["c"] * 200
    simulated = np.ones(600, bool)
    answers = np.array([room != "c" for room in rooms])
    gap, n = measured.mean_gain(answers.astype(float) - simulated, rooms)
    assert n == 3
    assert gap.mean == pytest.approx(-1 / 3)
    assert gap.low == pytest.approx(-1 / 3 - 4.303 / 3, abs=0.001)  # t of three rooms at -1, 0 and 0


def test_hard_seconds_are_those_at_which_the_network_hears_a_keyword(monkeypatch):
    """The rest of the examples stays, in number and place; the label is by the speech in the second."""
    hard = benchmark("hard")
    frames, speech = np.full((5000, 40), -100, np.int8), np.zeros(5000, bool)
    frames[2000:2100], speech[2000:2100] = 100, True  # "yes", to this network; all of it speech

    def logits(windows):
        loud = windows.mean(axis=(1, 2)).astype(np.float32)
        return np.stack([np.zeros_like(loud)] * 2 + [loud, np.zeros_like(loud)], axis=1)

    network = StreamNetwork("loudness", class_labels(), None, logits)
    monkeypatch.setattr(hard, "open_network", lambda _: network)
    seconds = np.zeros((3 * 40, 49, 40), np.int8)
    training = with_listening(toy(20, copies=3), seconds, np.zeros(3 * 40, int))
    found = hard.hard_seconds(training, "start.pt", Sound(frames, speech), seed=0)
    changed = (found.x != training.x).any(axis=(1, 2))
    assert found.names == training.names
    for copy in range(3):
        assert not changed.reshape(3, -1)[copy, :20].any()
        assert changed.reshape(3, -1)[copy].sum() == round(hard.HARD * 40)
    assert (found.x[changed].mean(axis=(1, 2)) > 0).all()
    assert (found.y[changed] == 1).all()
    assert (found.y[~changed] == training.y[~changed]).all()


def test_a_mixture_has_the_louder_words_label_and_another_talker_below_it(monkeypatch, tmp_path, recordings):
    hard = benchmark("hard")
    monkeypatch.setattr(hard, "FOLDER", tmp_path)
    examples = [e for e in build_splits(open_corpus(recordings), Protocol())["training"] if e.clip]
    others = [e.clip for e in examples if e.label == 1]
    for example in examples[:20]:
        mixed = hard.mixture(example, others)
        assert (mixed.label, mixed.clip.word) == (example.label, example.clip.word)
        assert hard.mixture(example, others) == mixed
        (other,) = [clip for clip in others if f" over {clip.name}, " in mixed.name]
        assert other.speaker != example.clip.speaker
        first, both = spoken(example.clip), spoken(mixed.clip)
        rest = both - first * (both @ first) / (first @ first)
        assert 0 < loudest(rest) < 10 ** (-hard.QUIETER[0] / 20) + 0.05
