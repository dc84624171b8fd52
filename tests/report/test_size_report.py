"""Part 2's tables: TinyConv's recorded counts are the original's; every published figure has its source."""

import re
from types import SimpleNamespace

import pytest

from kwslib.measure.latency import CUDA_GRAPH, Latency
from kwslib.measure.profiling import costs
from kwslib.networks.models import ModelConfig, build
from kwslib.record.comparison import book_file, load_original
from kwslib.report.part2 import figures as sizes
from kwslib.report.part2.tables import (
    count_values,
    flash_table,
    latency_table,
    latency_values,
    layer_table,
    memory_table,
    published_models,
    published_table,
    zoo,
)


def test_recorded_counts_are_the_originals():
    values = count_values(costs(build(ModelConfig())))
    original = load_original()
    for key, name, factor in (
        ("parameters", "parameters", 1),
        ("weights", "weights_bytes_float32", 1000),
        ("flash_share", "flash_share_percent", 1),
        ("forward_memory_mb", "forward_memory_bytes", 1_000_000),
        ("ram_share", "ram_share_percent", 1),
        ("flops", "flops", 1),
    ):
        stated = original[key].value
        decimals = len(str(stated).partition(".")[2])
        assert round(values[name].value / factor, decimals) == stated, key


def test_layers_add_up():
    counts = costs(build(ModelConfig("dscnn")))
    total = layer_table(counts).loc["total"]
    assert (total["parameters"], total["MACs"], total["FLOPs"]) == (
        counts.parameters,
        counts.macs,
        counts.flops,
    )
    assert total["bytes"] == counts.all_outputs_bytes


def test_published_figures_have_sources():
    import yaml

    bibliography = book_file("references.bib")
    if not bibliography.is_file():
        pytest.skip("the bibliography is part of a clone only")
    keys = set(re.findall(r"@\w+\{(\w+),", bibliography.read_text(encoding="utf-8")))
    entries = yaml.safe_load(book_file("published_models.yml").read_text(encoding="utf-8"))
    for entry in entries:
        assert {entry["source"], entry.get("figures", entry["source"])} <= keys, entry["name"]
        assert 1_000 < entry["parameters"] < 1e7
        assert ("accuracy" in entry) == ("data" in entry)
    assert len(published_table(published_models())) == len(entries)


def test_latencies_are_recorded_by_runtime():
    names = ("PyTorch", "ONNX Runtime", "LiteRT float32", "LiteRT int8", CUDA_GRAPH)
    measured = [Latency(name, "CPU", 1, (i + 1.0, i + 2.0, i + 3.0)) for i, name in enumerate(names)]
    assert latency_values(measured[:4])["cpu_latency_ms_litert"].value == 4.0
    assert "gpu_latency_us" not in latency_values(measured[:4])
    assert latency_values(measured)["gpu_latency_us"].value == 6000.0
    assert latency_table(measured).loc["PyTorch", "median"] == 2000.0


@pytest.mark.parametrize("arch", ["tinyconv", "tenet"])
def test_figures(arch):
    counts = costs(build(ModelConfig(arch)))
    assert len(sizes.live_tensors(counts, "int8").axes[0].get_yticks()) == len(counts.schedule)
    shown = [text.get_text().strip() for text in sizes.memory_ways(counts, 20_000).axes[0].texts]
    assert (shown[0], shown[-1]) == (f"{counts.all_outputs_bytes:,} B", "20,000 B")
    measured = [Latency("PyTorch", "CPU", 1, (0.1, 0.2, 0.3))]
    labels = sizes.latencies(measured, {"PyTorch": 1019.0, CUDA_GRAPH: 36.0}).axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == ["PyTorch", CUDA_GRAPH]


@pytest.mark.slow
def test_landscape_leaves_out_what_has_no_macs():
    published = published_models()
    (ax,) = sizes.landscape(published, zoo()).axes
    assert sum(len(line.get_xdata()) for line in ax.lines) == published.macs.notna().sum() + len(zoo())
    assert "TinyConv" in {text.get_text() for text in ax.texts}


def test_shares_are_of_the_board_s_own_megabyte_of_flash_and_quarter_of_ram():
    counts = SimpleNamespace(
        weight_bytes={"float32": 2**19, "int8": 2**17}.get,
        peak_live_bytes={"float32": 2**16, "int8": 2**14}.get,
        all_outputs_bytes=2**17,
    )
    flash = flash_table(counts)
    assert flash.loc["weights, float32"].tolist() == [524_288, 50]
    assert flash.loc["weights, int8"].tolist() == [131_072, 12.5]
    memory = memory_table(counts, arena=2**15)
    assert memory["bytes"].tolist() == [131_072, 65_536, 16_384, 32_768]
    assert memory["% of 256 KB of RAM"].tolist() == [50, 25, 6.25, 12.5]
    assert memory.loc["alive at once, int8", "bytes"] == 16_384
