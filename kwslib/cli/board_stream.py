"""`kws board --stream`: what listening costs, hop by hop."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.cli.output import print_json
from kwslib.errors import KwsError, naming

if TYPE_CHECKING:
    from kwslib.deployment.core_network import Network

WAYS = {
    "incremental": "computes at each hop only what is new",
    "endless": "is causal: computes at each hop its newest columns, and hears all that came before",
    "whole window": "computes the whole window at each hop",
}


def print_bill(model: Path, wav: Path, as_json: bool) -> None:
    """Run a recording through the firmware and print what every hop costs.

    Raises KwsError for a recording shorter than the second that a network sees.
    """
    from tqdm import tqdm

    from kwslib.board.firmware import find_compiler
    from kwslib.board.streaming import bill
    from kwslib.data.audio import read_audio
    from kwslib.deployment.core_sparse import compress
    from kwslib.features.frontend import HOP_MS
    from kwslib.labels import CLIP_SAMPLES, SAMPLE_RATE
    from kwslib.predictors import CorePredictor

    predictor = CorePredictor(model)
    network = compress(predictor.network)
    find_compiler()  # whose lack is not the model's fault
    sound = read_audio(wav)
    if len(sound) < CLIP_SAMPLES:
        hundredths = len(sound) * 100 // SAMPLE_RATE  # rounded down, or 15,999 samples would read as a second
        raise KwsError(
            f"{wav}: {hundredths / 100:.2f} s of sound: a stream takes a second or more, which a network sees"
        )
    hops = len(sound) * 1000 // (SAMPLE_RATE * HOP_MS)
    with (
        tqdm(total=hops, desc="hops", disable=None, leave=False) as bar,
        naming(predictor.path),
    ):
        result = bill(network, predictor.labels, sound, predictor.settings, lambda: bar.update())
    if not result["fits"]:  # it runs on no battery
        result |= {"energy_uj_per_hop": None, "energy_uj_processor": None}
        result["battery_days"] = dict.fromkeys(result["battery_days"])
    if as_json:
        print_json(result)
    else:
        _print(result, network)


def _print(result: dict[str, Any], network: "Network") -> None:
    from kwslib.board.chip import too_slow
    from kwslib.board.cycles import ERROR, rounded

    way = WAYS[result["way"]]
    because = f", because {result['whole_because']}" if result["whole_because"] else ""
    print(f"{result['hops']:,} hops of {result['hop_ms']} ms; the network {way}{because}")
    print(f"\n  {'stage of a hop':<16}{'mean ms':>10}{'worst ms':>10}")
    for stage, cost in result["stages"].items():
        print(f"  {stage:<16}{rounded(cost['ms_mean']):>10g}{rounded(cost['ms_max']):>10g}")
    worst, hop = result["worst_hop_ms"], result["hop_ms"]
    print(f"  {'together':<16}{rounded(result['load_percent'] * hop / 100):>10g}{rounded(worst):>10g}")
    print(f"  at 64 MHz by the cycle model, ± {100 * ERROR:g} %")
    other = "the whole stream at once" if result["way"] == "endless" else "whole windows"
    window_ms = result["whole_window_network_ms"]
    window = "does not fit the board" if window_ms is None else f"takes {rounded(window_ms):g} ms"
    print(f"\n  load of the processor {result['load_percent']:.1f} %; the network over a whole window")
    print(
        f"  {window}; results are"
        f" {'the same' if result['equal_to_whole_window'] else 'NOT the same'} as those of {other}"
    )
    sizes = (f"{result[f'{kind}_bytes']:,}" for kind in ("flash", "ram", "stack"))
    print("  flash {} B, RAM {} B, stack {} B".format(*sizes))
    if not result["fits"]:
        print(f"  {too_slow(network, worst, result['stages']['network']['ms_max'])}")
        return
    print(
        f"  {result['energy_uj_per_hop']:.1f} µJ a hop, {result['energy_uj_processor']:.1f} of them the processor's"
    )
    days = ", ".join(f"{name} {days:.0f}" for name, days in result["battery_days"].items())
    print(f"  days on a battery: {days}")
