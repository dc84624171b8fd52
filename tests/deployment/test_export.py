"""Export: the same network in every form, exactly quantized, the same bytes every time."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from converters import needs_converters
from small_corpus import write_corpus

from kwslib.checkpoints import read_checkpoint, save_checkpoint
from kwslib.deployment.carray import c_source
from kwslib.deployment.conversion import _converters
from kwslib.deployment.export import FILES, Exported, export, export_network
from kwslib.deployment.model_file import read_model
from kwslib.deployment.onnx_export import zoo_to_onnx
from kwslib.deployment.tflite_flatbuffer import Description, finish, read_description
from kwslib.errors import KwsError
from kwslib.features.frontend import INPUT_SCALE, INPUT_ZERO_POINT, normalise
from kwslib.networks.models import ModelConfig, build
from kwslib.predictors import LiteRtPredictor, TorchPredictor

pytestmark = [pytest.mark.slow, needs_converters]


def test_tinyconv_is_three_int8_operators(exported):
    assert exported.operators == ("CONV_2D", "RESHAPE", "FULLY_CONNECTED")
    assert exported.tflite_int8.stat().st_size < 19_000
    predictor = LiteRtPredictor(exported.tflite_int8)
    assert predictor.input["dtype"] == predictor.output["dtype"] == np.int8
    assert list(predictor.input["shape"]) == [1, 49, 40, 1]


def test_input_scale_is_the_front_ends_to_the_bit(exported):
    predictor = LiteRtPredictor(exported.tflite_int8)
    assert predictor.input["quantization"] == (float(np.float32(INPUT_SCALE)), INPUT_ZERO_POINT)


def test_weights_are_quantized_per_channel(exported):
    details = {d["name"]: d for d in LiteRtPredictor(exported.tflite_int8).interpreter.get_tensor_details()}
    assert len(details["conv_2d_0/1"]["quantization_parameters"]["scales"]) == 8
    assert {"features", "conv_2d_0", "fully_connected_2/2", "logits"} <= set(details)


def test_onnx_runs_and_holds_no_paths(exported, clips):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported.onnx), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"features": normalise(clips[:1])})
    np.testing.assert_allclose(logits, TorchPredictor(exported.checkpoint).logits(clips[:1]), atol=1e-4)
    assert session.get_modelmeta().custom_metadata_map["labels"] == "silence,unknown,yes,no"
    content = exported.onnx.read_bytes()
    assert b'File "' not in content
    assert b"site-packages" not in content


def test_buffers_lie_where_a_microcontroller_can_read_them(exported):
    from ai_edge_litert import schema_py_generated as schema

    content = exported.tflite_int8.read_bytes()
    model = schema.Model.GetRootAs(content)
    for number in range(model.BuffersLength()):
        data = model.Buffers(number).DataAsNumpy()
        if isinstance(data, np.ndarray):
            start = data.__array_interface__["data"][0] - np.frombuffer(content, np.uint8).ctypes.data
            assert start % 16 == 0


def test_description_travels_with_the_file(exported):
    description = read_description(exported.tflite_int8.read_bytes())
    assert (description.labels, description.arch) == (exported.labels, "tinyconv")


def test_finish_refuses_another_input_scale(exported):
    content = exported.tflite_int8.read_bytes()
    with pytest.raises(ValueError, match="scale"):
        finish(content, Description(exported.labels, "tinyconv", ""), INPUT_SCALE * 1.01, INPUT_ZERO_POINT)


def test_c_array_compiles_to_the_same_bytes(exported, tmp_path):
    compiler = shutil.which("c++") or pytest.skip("no C++ compiler here")
    main = tmp_path / "main.cc"
    main.write_text(
        '#include <cstdio>\n#include "model_data.h"\n'
        "int main() { std::fwrite(g_model, 1, g_model_len, stdout); std::puts(kCategoryLabels[3]); }\n"
    )
    source = exported.folder / "model_data.cc"
    program = tmp_path / "program"
    subprocess.run([compiler, "-I", exported.folder, main, source, "-o", program], check=True)
    assert subprocess.check_output([program]) == exported.tflite_int8.read_bytes() + b"no\n"


def test_headers_of_both_runtimes_share_a_folder(kws, exported, tmp_path):
    build = shutil.copytree(exported.folder, tmp_path / "build")
    written = {path: path.read_bytes() for path in build.iterdir()}
    status, _, _ = kws("board", build / "model.tflite", "--keep", build)
    assert status == 0
    assert {path: path.read_bytes() for path in written} == written
    assert "kws_model_run" in (build / "kws_model.h").read_text()


def test_c_labels_are_escaped():
    assert r'"caf\303\251 \042oui\042"' in c_source(b"\0", ('café "oui"',))


def test_a_network_whose_logits_cannot_round_alike_is_named(tmp_path, clips):
    """Untrained, it gives hardly anything to its last layer, of whose sums an output step is then millions."""
    torch.manual_seed(0)
    config = ModelConfig(arch="dscnn")
    save_checkpoint(tmp_path / "model.pt", build(config), config)
    with pytest.raises(KwsError, match=r"model\.pt: no scale near .*, where trained networks have"):
        export(tmp_path / "model.pt", clips, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_nothing_is_left_by_a_failure(tmp_path, clips):
    checkpoint, out = tmp_path / "model.pt", tmp_path / "out"
    with pytest.raises(KwsError, match=r"model\.pt: no such file"):
        export(checkpoint, clips, out)
    save_checkpoint(checkpoint, build(ModelConfig()), ModelConfig())
    with pytest.raises(KwsError, match="calibration"):
        export(checkpoint, clips.astype(np.float32), out)
    assert not out.exists()
    out.write_text("a file where the folder should be")
    with pytest.raises(KwsError, match="a file, not a folder: name another place"):
        export(checkpoint, clips, out)


def test_changed_answers_are_those_of_int8_against_float(exported, clips):
    result = export_network(read_checkpoint(exported.checkpoint), clips)
    floating = TorchPredictor(exported.checkpoint).logits(clips).argmax(1)
    model = read_model(exported.tflite_int8, content=result.int8)
    integers = LiteRtPredictor(model).integer_logits(clips).argmax(1)
    assert (result.clips, result.changed) == (len(clips), (floating != integers).sum())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A corpus for exports of which no number matters."""
    return write_corpus(tmp_path_factory.mktemp("small") / "corpus")


@pytest.mark.parametrize(("changed", "warned"), [(25, False), (26, True)])
def test_many_changed_answers_are_warned_of(kws, exported, small, tmp_path, monkeypatch, changed, warned):
    result = Exported(exported.checkpoint, (), (), {}, clips=512, changed=changed)
    monkeypatch.setattr("kwslib.deployment.export.export_network", lambda *_: result)
    command = ("export", exported.checkpoint, "--out", tmp_path, "--data", small)
    status, out, err = kws(*command)
    assert status == 0
    assert out.splitlines()[-1] == f"int8 changed {changed} of 512 calibration answers"
    assert ("kws: warning: int8 changed" in err) == warned
    status, out, _ = kws(*command, "--json")
    assert json.loads(out)["calibration"] == {"clips": 512, "changed": changed}


def test_logits_that_are_not_finite_are_refused_before_anything_is_written(kws, small, tmp_path):
    model = build(ModelConfig())
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1e30)
    save_checkpoint(tmp_path / "large.pt", model, ModelConfig())
    status, out, err = kws("export", tmp_path / "large.pt", "--out", tmp_path / "out", "--data", small)
    assert (status, out) == (2, "")
    assert re.fullmatch(r"kws: .*large\.pt: its logits are not finite.*", err.splitlines()[-1])
    assert not list((tmp_path / "out").glob("*"))


def test_what_the_c_core_refuses_is_not_exported(exported, clips, tmp_path, monkeypatch):
    def refused(path, content):
        assert path == exported.checkpoint
        assert content == exported.tflite_int8.read_bytes()
        raise KwsError(f"{path}: FULLY_CONNECTED: its sums can leave 32 bits")

    pair = (exported.tflite_float.read_bytes(), exported.tflite_int8.read_bytes())
    monkeypatch.setattr("kwslib.deployment.export.convert", lambda *_: pair)
    monkeypatch.setattr("kwslib.deployment.core_network.read_network", refused)
    with pytest.raises(KwsError, match=r"model\.pt: FULLY_CONNECTED: its sums"):
        export(exported.checkpoint, clips, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_command_writes_the_same_bytes_from_another_process(kws, exported, recordings, tmp_path, monkeypatch):
    for module in ("conversion", "onnx_export"):
        monkeypatch.setattr(f"kwslib.deployment.{module}.cached", lambda folder, key, make: make())
    _converters.cache_clear()
    status, out, _ = kws("export", exported.checkpoint, "--out", tmp_path, "--data", recordings, "--json")
    assert status == 0
    result = json.loads(out)
    assert result["operators"] == list(exported.operators)
    for path in exported.files:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
        assert result["bytes"][path.name] == path.stat().st_size


def test_the_exporter_is_not_asked_twice_for_the_same_network(exported, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("exported anew")

    monkeypatch.setattr(torch.onnx, "export", refuse)
    checkpoint = read_checkpoint(exported.checkpoint)
    again = zoo_to_onnx(checkpoint.network, checkpoint.config)
    again.metadata_props.add(key="labels", value=",".join(exported.labels))
    assert again.SerializeToString(deterministic=True) == exported.onnx.read_bytes()
    with torch.no_grad():
        next(checkpoint.network.parameters()).flatten()[0] += 1e-3
    with pytest.raises(AssertionError, match="exported anew"):
        zoo_to_onnx(checkpoint.network, checkpoint.config)


def test_a_page_reads_the_checkpoint_once_and_leaves_no_file_to_read_back(
    kws, exported, small, tmp_path, monkeypatch
):
    reads, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: reads.append(path.name) or read_bytes(path))
    page = tmp_path / "page.html"
    status, out, _ = kws("export", exported.checkpoint, "--web", page, "--data", small, "--json")
    assert (status, list(json.loads(out)["bytes"])) == (0, ["page.html"])
    assert reads.count("model.pt") == 1
    assert not {*FILES} & {*reads}
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


WITHOUT_CONVERTERS = """
import sys
from kwslib.cli.main import main

for name in ("flatbuffers", "onnx", "onnx2tf", "tensorflow", "tf_keras", "ai_edge_litert"):
    sys.modules[name] = None
main()
"""


def test_missing_converters_are_named_before_anything_is_done(exported, tmp_path):
    command = ["export", exported.checkpoint, "--out", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CONVERTERS, *map(str, command)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "export needs onnx, onnx2tf" in done.stderr
    assert "pip install 'kwslib[convert]'" in done.stderr
    assert not (tmp_path / "out").exists()
