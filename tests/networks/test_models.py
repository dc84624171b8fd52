"""The zoo: sizes, padding, checkpoints that load safely and whole."""

import pickle

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from kwslib.checkpoints import load_checkpoint, save_checkpoint
from kwslib.errors import KwsError
from kwslib.networks.branches import BranchedConv2d
from kwslib.networks.layers import Dropout, same_padding
from kwslib.networks.models import ZOO, ModelConfig, build, fold_batch_norm

DEPLOYED = {
    "tinyconv": 16_652,
    "tinyconv_branches": 16_652,
    "tinyconv_valid": 14_028,
    "dscnn": 15_908,
    "tenet": 13_636,
    "tenet_branches": 13_636,
    "tenet_causal": 13_636,
    "tenet_valid": 16_044,
    "tenet_wide": 80_548,
    "teacher": 96_724,
}


def _trained(arch: str) -> torch.nn.Module:
    """A network whose batch norms have seen data and whose affine parameters are not the initial ones."""
    torch.manual_seed(0)
    model = build(ModelConfig(arch))
    for _ in range(3):
        model(3 * torch.randn(8, 49, 40) + 1)
    for parameter in model.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    return model.eval()


@pytest.mark.parametrize("arch", ZOO)
def test_parameters_as_deployed(arch):
    assert sum(p.numel() for p in fold_batch_norm(build(ModelConfig(arch))).parameters()) == DEPLOYED[arch]


@pytest.mark.parametrize("arch", ZOO)
def test_folding_keeps_the_function_and_the_model(arch):
    model, x = _trained(arch), torch.randn(4, 49, 40)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.testing.assert_close(fold_batch_norm(model)(x), model(x), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("channels", [1, 5, 8])
def test_tinyconv_is_the_written_out_network(channels):
    model = build(ModelConfig(channels=channels)).eval()
    x = torch.randn(3, 49, 40)
    y = F.conv2d(F.pad(x[:, None], (3, 3, 4, 5)), model.conv.weight, model.conv.bias, stride=2).relu()
    logits = y.permute(0, 2, 3, 1).reshape(3, -1) @ model.linear.weight.T + model.linear.bias
    torch.testing.assert_close(model(x), logits)
    assert sum(p.numel() for p in model.parameters()) == channels * 81 + 2000 * channels + 4


def test_a_causal_network_never_waits_for_a_later_frame():
    model = _trained("tenet_causal")
    columns = []
    model.blocks.register_forward_hook(lambda *call: columns.append(call[2]))
    x = torch.randn(1, 49, 40)
    model(x)
    for frame in range(48, -1, -7):
        x[:, frame:] += 1
        model(x)
        before, after = columns[-2:]
        earlier = (frame + 1) // 2  # the columns that end before this frame
        assert torch.equal(after[:, :, :earlier], before[:, :, :earlier])
        assert not torch.equal(after[:, :, earlier:], before[:, :, earlier:])


def test_an_unpadded_network_sees_every_frame_alike():
    """Every output row in time is the same function of its own frames."""
    model = _trained("tinyconv_valid")
    x = torch.randn(1, 49, 40)
    rows = model.conv(x[:, None])  # (1, C, 21, 20)
    later = model.conv(torch.cat([x[:, 2:], torch.randn(1, 2, 40)], 1)[:, None])
    torch.testing.assert_close(later[:, :, :-1], rows[:, :, 1:])
    assert rows.shape[2] == 21


@pytest.mark.parametrize("arch", ["tenet_valid", "tenet_wide"])
def test_an_unpadded_temporal_network_is_a_function_of_the_frames_it_sees(arch):
    """A hop later, every column but the newest is the one that stood after it."""
    model = _trained(arch)
    columns = []
    model.blocks.register_forward_hook(lambda *call: columns.append(call[2]))
    x = torch.randn(1, 51, 40)
    model(x[:, :49])
    model(x[:, 2:])
    before, after = columns
    torch.testing.assert_close(after[:, :, :-1], before[:, :, 1:])
    assert not torch.equal(after[:, :, -1], before[:, :, -1])


def test_branches_are_one_convolution():
    """A sum of two kernels and of what is passed on, each through its batch norm, by hand."""
    torch.manual_seed(0)
    layer = BranchedConv2d(4, 4, [(3, 1), (1, 1)], (7, 1), passing=True, groups=4)
    for _ in range(3):
        layer(3 * torch.randn(16, 4, 7, 1) + 1)
    layer.eval()
    x = torch.randn(2, 4, 7, 1)
    first, second = layer.branches
    wide, middle = layer.norms
    around = F.conv2d(F.pad(x, (0, 0, 1, 1)), first.weight, groups=4) + x * layer.passed[:, None, None]
    expected = wide(around) + middle(F.conv2d(x, second.weight, groups=4))
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.folded()(x), expected)
    with pytest.raises(KwsError, match="as many channels"):
        BranchedConv2d(1, 8, [(3, 1)], (7, 1), passing=True)


def test_tinyconv_with_branches_is_deployed_as_tinyconv():
    assert type(fold_batch_norm(_trained("tinyconv_branches"))) is type(build(ModelConfig()))


@given(size=st.integers(1, 60), kernel=st.integers(1, 12), stride=st.integers(1, 4))
def test_same_padding_gives_the_rounded_up_size(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert 0 <= after - before <= 1
    if kernel >= stride:  # with gaps between windows TensorFlow pads nothing more
        assert (size + before + after - kernel) // stride + 1 == -(-size // stride)


@pytest.mark.parametrize(
    "options",
    [
        {"arch": "resnet"},
        {"labels": ("yes",)},
        {"labels": ("yes", "yes")},
        {"channels": 0},
        {"channels": 9},
        {"channels": 2.5},
        {"dropout": 1.0},
        {"dropout": -0.1},
    ],
)
def test_configuration_is_checked(options):
    with pytest.raises(KwsError):
        ModelConfig(**options)


@pytest.mark.parametrize("arch", ZOO)
def test_checkpoint_round_trip(arch, tmp_path):
    model, x = _trained(arch), torch.randn(2, 49, 40)
    config = ModelConfig(arch, labels=("silence", "unknown", "up"), dropout=0.1)
    model = build(config) if len(config.labels) != 4 else model
    extra = {"seed": 3, "history": [0.5, 0.25], "mask": torch.ones(2, dtype=torch.bool)}
    save_checkpoint(tmp_path / "m.pt", model.eval(), config, extra)
    loaded, loaded_config, loaded_extra = load_checkpoint(tmp_path / "m.pt")
    assert loaded_config == config
    assert not loaded.training
    assert torch.equal(loaded(x), model(x))
    assert loaded_extra["history"] == extra["history"]
    assert torch.equal(loaded_extra["mask"], extra["mask"])


def test_equal_checkpoints_are_equal_files(tmp_path):
    model = _trained("tinyconv")
    for name in ("a.pt", "b.pt"):
        save_checkpoint(tmp_path / name, model, ModelConfig())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


class _Evil:
    def __reduce__(self):
        return (print, ("run by the checkpoint",))


def test_nothing_unsafe_is_written_or_loaded(tmp_path, capsys):
    path = tmp_path / "m.pt"
    with pytest.raises(pickle.UnpicklingError):
        save_checkpoint(path, _trained("tinyconv"), ModelConfig(), {"evil": _Evil()})
    assert not list(tmp_path.iterdir())
    torch.save({"format": 1, "evil": _Evil()}, path)
    with pytest.raises(KwsError, match=r"m\.pt"):
        load_checkpoint(path)
    assert "run by" not in capsys.readouterr().out


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "m.pt"
    with pytest.raises(KwsError, match=r"m\.pt: no such file"):
        load_checkpoint(path)
    save_checkpoint(path, _trained("tinyconv"), ModelConfig())
    whole = path.read_bytes()
    contents = torch.load(path, weights_only=True)
    for bad in (b"", b"RIFF....WAVE", whole[: len(whole) // 2]):
        path.write_bytes(bad)
        with pytest.raises(KwsError, match=r"m\.pt: damaged"):
            load_checkpoint(path)
    torch.save(contents["state"], path)  # a checkpoint, not one of ours
    with pytest.raises(KwsError, match=r"m\.pt: damaged"):
        load_checkpoint(path)
    torch.save(contents | {"config": contents["config"] | {"channels": 4}}, path)
    with pytest.raises(KwsError, match=r"m\.pt: its weights conv\.weight are float32 \[8, "):
        load_checkpoint(path)
    torch.save(contents | {"format": 2}, path)
    with pytest.raises(KwsError, match="update kwslib"):
        load_checkpoint(path)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    torch.manual_seed(0)
    dropout = Dropout(rate)
    out = dropout(torch.ones(1000, 1001))
    assert (out == 0).float().mean().item() == pytest.approx(rate, abs=0.004)
    assert out.mean().item() == pytest.approx(1, abs=0.004)
    assert torch.equal(dropout.eval()(torch.ones(3)), torch.ones(3))
