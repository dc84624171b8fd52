"""What Part 7 shows: rows that a hop makes new, clips in streams, whether a chain fits its hop."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_corpus import write_corpus

from kwslib.data.audio import read_clip
from kwslib.data.corpus import read_folder
from kwslib.deployment.core_network import read_network
from kwslib.deployment.core_run import run_network
from kwslib.features.frontend import features
from kwslib.labels import class_labels
from kwslib.profiles import PROFILES
from kwslib.record.comparison import recorded_folder
from kwslib.report.part4.board import PEERS
from kwslib.report.part7 import chains, past, rows
from kwslib.report.part7.chains import bill_table, processor_share, verdict, window_ms


@pytest.fixture(scope="module")
def tinyconv():
    return read_network(recorded_folder() / "models" / "tinyconv.tflite")


def test_every_row_is_kept_or_has_its_reason(tinyconv):
    listed = rows.first_rows(tinyconv)
    kinds = [row.kind for row in listed]
    assert kinds[:2] == [rows.PADDED] * 2
    assert kinds[2:21] == [rows.KEPT] * 19
    assert kinds[21:] == [rows.NEW] + [rows.PADDED] * 3
    assert rows.counts(listed) == {rows.KEPT: 19, rows.PADDED: 5, rows.NEW: 1}
    for row in listed:  # those kept see neither padding nor the two new frames, one row down
        if row.kind == rows.KEPT:
            assert row.first >= 0
            assert row.last <= row.frames - 2


def test_a_clip_in_a_stream_is_heard_where_it_ends(tinyconv):
    """A window a frame off would pass for what a stream's past does."""
    clips = np.random.default_rng(0).integers(-3000, 3000, (5, 16_000)).astype(np.int16)
    frames = past._listened(clips)
    ends = np.arange(1, 6) * (len(frames) // 5)
    assert len(frames) == 250
    first = features(np.concatenate([np.zeros(320, np.int16), clips[0]])[None, :16_000])
    np.testing.assert_array_equal(frames[:49], first[0])
    alone = run_network(tinyconv, frames[None, 1:50])
    np.testing.assert_array_equal(past.logits_at(tinyconv, frames, ends)[0], alone[0])


def test_a_chain_that_does_not_fit_is_called_so():
    cost = {"fits": True, "worst_hop_ms": 3.0, "load_percent": 5.0, "whole_window_network_ms": 6.0}
    cost |= {"stages": {"network": {"ms_mean": 1.5}}}
    assert verdict(cost) == "yes"
    assert window_ms(cost) == pytest.approx(6.5)  # 2 ms a hop, of which 1.5 become 6
    assert verdict(cost | {"fits": False, "worst_hop_ms": 41.5}) == "no: 1.5 ms too long, not deployable"


BILL = {
    "stages": {"frontend": {"ms_mean": 0.31}, "network": {"ms_mean": 1.6}, "decision": {"ms_mean": 0.004}},
    "way": "incremental",
    "load_percent": 5.0,
    "worst_hop_ms": 3.04,
    "fits": True,
    "whole_window_network_ms": 6.0,
    "ram_bytes": 12_345,
    "whole_window_ram_bytes": 23_456,
    "flash_bytes": 45_678,
    "energy_uj_per_hop": 100.0,
    "energy_uj_processor": 25.0,
    "battery_days": {"CR2032": 9.6, "2 x AA": 106.4, "LiPo 400 mAh": 17.0},
}


def test_the_processor_s_share_of_the_energy_leaves_the_microphone_s():
    assert processor_share(BILL) == 0.25


def test_the_costs_of_listening_stand_beside_those_of_the_whole_window():
    column = bill_table({"ours": BILL}, {"ours": "95.1 (94.0 to 96.0)"})["ours"]
    assert column["test clips right (%)"] == "95.1 (94.0 to 96.0)"
    assert (column["a hop computes"], column["fits its hop"]) == ("new rows", "yes")
    assert (column["front end, mean (ms)"], column["network, mean (ms)"]) == ("0.31", "1.6")
    assert (column["load (%)"], column["load, whole window (%)"]) == ("5.0", "16.0")  # 6.4 of 40 ms
    assert (column["RAM (B)"], column["RAM, whole window (B)"]) == ("12,345", "23,456")
    assert column["of it the processor (µJ)"] == "25.0"
    assert column["days on CR2032 (whole window)"] == "10 (8)"
    assert "days on 2 × AA (whole window)" in column


def test_what_does_not_fit_its_hop_has_no_days_on_a_battery():
    slow = BILL | {"fits": False, "worst_hop_ms": 41.0, "way": "whole window"}
    column = bill_table({"slow": slow}, {"slow": ""})["slow"]
    assert (column["a hop computes"], column["fits its hop"][:2]) == ("whole window", "no")
    assert column["days on CR2032 (whole window)"] == "none (8)"
    whole = bill_table({"whole": BILL | {"whole_window_network_ms": 60.0}}, {"whole": ""})["whole"]
    assert whole["days on CR2032 (whole window)"] == "10 (none)"


def test_other_builds_run_the_window_and_ours_also_what_is_new():
    table = chains.beside_tflm({"ours": BILL, "tenet": BILL | {"way": "whole window"}})
    shown = table["network in a hop (ms)"].to_dict()
    assert shown.pop("TFLM + CMSIS-NN, -O2, TinyConv, whole window") == "52"  # 51.5
    ours = {name: ms for name, ms in shown.items() if name.startswith("ours")}
    assert len(shown) - len(ours) == len(PEERS) - 1
    assert ours == {
        "ours, ours, whole window": "6.0",
        "ours, ours, what is new": "1.6",
        "ours, tenet, whole window": "6.0",
    }


def test_accuracies_are_told_in_per_cent_with_their_seeds():
    texts = chains.accuracy_texts({"tinyconv_valid": [0.95], "tenet_causal": [0.9, 0.92, 0.94]})
    assert texts == {"tinyconv_valid": "95.0, 1 seed", "tenet_causal": "92.0 (87.0 to 97.0), 3 seeds"}


def test_each_chain_is_billed_for_its_own_network(monkeypatch):
    monkeypatch.setattr(chains, "read_network", lambda path: path.stem)
    monkeypatch.setattr(chains, "bill", lambda network, labels, sound: (network, labels, len(sound)))
    listeners = [chains.Chain(key, key.upper(), Path(f"{key}.tflite")) for key in ("b", "a")]
    assert chains.bills(listeners, np.zeros(9, np.int16)) == {
        "B": ("b", class_labels(), 9),
        "A": ("a", class_labels(), 9),
    }


def test_each_network_for_streams_has_its_own_seeds(monkeypatch):
    monkeypatch.setattr(
        chains, "base_models", lambda _, arch, seeds: {s: Path(f"{arch}{s}.pt") for s in seeds}
    )
    monkeypatch.setattr(chains, "int8_model", lambda _, path: path.with_suffix(".tflite"))
    assert chains.streaming_models(SimpleNamespace(swept_seeds=(0, 3))) == {
        arch: [Path(f"{arch}0.tflite"), Path(f"{arch}3.tflite")]
        for arch in ("tinyconv_valid", "tenet_causal")
    }


def test_clips_of_streams_are_those_of_the_test_split_each_with_its_class(monkeypatch, tmp_path):
    corpus = read_folder(write_corpus(tmp_path))
    run = SimpleNamespace(corpus=corpus, profile=PROFILES["quick"])
    clips, said = past.clips_of(run)
    classes = {"yes": 2, "no": 3, "up": 1}
    spoken = {
        read_clip(clip.path).tobytes(): classes[clip.word] for clip in corpus.clips if clip.split == "testing"
    }
    assert [spoken.get(clip.tobytes(), 0) for clip in clips] == list(said)
    assert set(said) == {0, 1, 2, 3}
    assert list(said) != sorted(said)
    monkeypatch.setitem(past.CLIPS, "quick", 5)
    np.testing.assert_array_equal(past.clips_of(run)[0], clips[:5])
