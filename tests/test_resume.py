"""A training run goes on from what it is itself, from nothing else, and takes a finished model's place when it ends."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_corpus import write_corpus
from small_networks import CONFIG, RECIPE, all_weights, toy

from kwslib import checkpoints
from kwslib.checkpoints import load_checkpoint, resume_file, save_checkpoint, train, unfinished_model
from kwslib.errors import KwsError
from kwslib.networks import models
from kwslib.networks import training as module
from kwslib.networks.resume import DamagedResumeFile

RUN = {"config": CONFIG, "recipe": RECIPE, "training": toy(64), "validation": toy(32, seed=1), "seed": 0}


def stop(*_):
    raise KeyboardInterrupt


def interrupted(folder, **changed):
    """A run that stopped after its first epoch; the checkpoint that it is to leave."""
    out = folder / "model.pt"
    with pytest.raises(KeyboardInterrupt):
        train(**{**RUN, **changed}, out=out, after_epoch=stop)
    return out


def one_bit(data):
    x = data.x.copy()
    x[3, 20, 5] ^= 1
    return replace(data, x=x)


OTHER_RUNS = {
    "network": {"config": replace(CONFIG, arch="tenet")},
    "width": {"config": replace(CONFIG, channels=7)},
    "dropout": {"config": replace(CONFIG, dropout=0.4)},
    "labels swapped": {"config": replace(CONFIG, labels=("silence", "unknown", "no", "yes"))},
    "labels renamed": {"config": replace(CONFIG, labels=("silence", "unknown", "up", "down"))},
    "epochs": {"recipe": replace(RECIPE, epochs=4)},
    "rate": {"recipe": replace(RECIPE, learning_rate=1e-3)},
    "seed": {"seed": 1},
    "recordings, as many": {"training": toy(64, seed=5)},
    "one sample": {"training": one_bit(RUN["training"])},
    "classes": {"training": replace(RUN["training"], y=RUN["training"].y[::-1].copy())},
    "validation": {"validation": toy(32, seed=6)},
    "copies": {"training": toy(32, copies=2)},
}


@pytest.mark.parametrize("changed", OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_another_run_is_refused_and_loses_nothing(tmp_path, changed):
    out = interrupted(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(KwsError, match=r"model\.resume\.pt belongs to a run with other .* delete the file"):
        train(**{**RUN, **changed}, out=out)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_run_made_of_equal_parts_goes_on(tmp_path):
    out = interrupted(tmp_path)
    again = {"training": toy(64), "validation": toy(32, seed=1), "config": replace(CONFIG)}
    resumed, history = train(**{**RUN, **again}, out=out)
    whole, _ = train(**RUN)
    assert torch.equal(all_weights(resumed), all_weights(whole))
    assert len(history) == RECIPE.epochs


def checkpoint(path):
    save_checkpoint(path, models.build(CONFIG), CONFIG)


NO_RESUME_FILES = {
    "checkpoint": checkpoint,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello"),
    "a list": lambda path: torch.save([1, 2], path),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:5000] + b"!" + path.read_bytes()[5001:]),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("spoil", NO_RESUME_FILES.values(), ids=NO_RESUME_FILES)
def test_what_is_no_resume_file_is_refused_by_name(tmp_path, spoil):
    out = interrupted(tmp_path)
    spoil(resume_file(out))
    with pytest.raises(
        DamagedResumeFile, match=r"model\.resume\.pt is damaged or not a resume file: delete it"
    ):
        train(**RUN, out=out)


def test_a_finished_model_stands_until_the_next_is_finished(tmp_path):
    out = tmp_path / "model.pt"
    train(**RUN, out=out)
    finished = out.read_bytes()
    assert interrupted(tmp_path, seed=1) == out
    assert out.read_bytes() == finished
    assert load_checkpoint(unfinished_model(out))[2]["finished"] is False
    train(**{**RUN, "seed": 1}, out=out)
    assert load_checkpoint(out)[2]["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_a_run_killed_before_its_last_write_still_ends(tmp_path, monkeypatch):
    out = tmp_path / "model.pt"

    def full(path, *_):
        if path == out:
            raise KwsError(f"{path}: no space")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save_checkpoint", full)
        with pytest.raises(KwsError, match="no space"):
            train(**RUN, out=out)
    train(**RUN, out=out)
    assert load_checkpoint(out)[2]["finished"] is True


def empty(data):
    return replace(data, x=data.x[:0], y=data.y[:0], names=())


def without(data, label):
    kept = data.y != label
    return replace(
        data,
        x=data.x[kept],
        y=data.y[kept],
        names=tuple(name for name, keep in zip(data.names, kept, strict=True) if keep),
    )


def test_a_run_stopped_after_its_last_epoch_goes_on_there(tmp_path, monkeypatch):
    """What else a checkpoint needs, as its threshold, takes long, too: a checkpoint has it or is not there."""
    out = tmp_path / "model.pt"
    with pytest.raises(KeyboardInterrupt):
        train(**RUN, out=out, complete=stop)
    assert not out.exists()
    monkeypatch.setattr(module, "score", lambda *_: pytest.fail("an epoch was trained again"))
    train(**RUN, out=out, complete=lambda network: {"decision": load_checkpoint(network)[2]["seed"]})
    assert load_checkpoint(out)[2]["decision"] == RUN["seed"]
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("split", ["training", "validation"])
def test_a_split_without_examples_is_named_before_the_first_epoch(tmp_path, split):
    for data, culprit in ((empty(RUN[split]), "silence, unknown, yes, no"), (without(RUN[split], 2), "yes")):
        with pytest.raises(KwsError, match=rf"no {split} examples of {culprit}: add"):
            train(**{**RUN, split: data}, out=tmp_path / "model.pt", after_epoch=stop)
    splits = {name: RUN[name] for name in ("training", "validation")} | {split: empty(RUN[split])}
    with pytest.raises(KwsError, match=f"the {split} split is empty"):
        module.fit(models.build(CONFIG), RECIPE, seed=0, **splits)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def begun(kws, tmp_path, monkeypatch):
    """`kws train` on a small corpus, stopped in its first epoch's wake: (corpus, checkpoint, arguments)."""
    corpus = write_corpus(tmp_path / "corpus", ("yes", "no", "up"))
    out = tmp_path / "model.pt"
    arguments = ["--data", corpus, "--out", out, "--epochs", 2]
    keep = checkpoints.save_checkpoint

    def keep_and_stop(*rest):
        keep(*rest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save_checkpoint", keep_and_stop)
        status, text, error = kws("train", *arguments)
    assert (status, text) == (130, "")
    assert f"{unfinished_model(out)} holds the best epoch so far" in error.splitlines()[-1]
    return corpus, out, arguments


def another_voice(corpus):
    """Replace a recording by another of the same size and times, as `cp -p` and `rsync -t` do."""
    import os

    path = next((corpus / "yes").iterdir())
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-20:] = bytes(20)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "spoil"),
    [
        (["--keywords", "no,yes"], None),
        (["--keywords", "yes,up"], None),
        (["--arch", "tenet"], None),
        (["--seed", 1], None),
        (["--epochs", 3], None),
        ([], another_voice),
        ([], lambda corpus: shutil.rmtree(corpus / "up")),
    ],
)
def test_ten_wrong_ways_through_the_command_line(kws, begun, more, spoil):
    corpus, out, arguments = begun
    if spoil:
        spoil(corpus)
    status, text, error = kws("train", *arguments, *more)
    line = error.splitlines()[-1]
    assert (status, text) == (2, "")
    assert line.startswith(f"kws: {resume_file(out)} belongs to") or "no clips of other words" in line
    assert not out.exists()


def test_the_same_command_goes_on(kws, begun):
    _, out, arguments = begun
    status, text, _ = kws("train", *arguments, "--json")
    assert status == 0
    assert np.array_equal([epoch["epoch"] for epoch in json.loads(text)["epochs"]], [0, 1])
    assert sorted(path.name for path in out.parent.iterdir()) == ["corpus", "model.pt"]
