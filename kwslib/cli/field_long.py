"""`kws field --long`: one long stream, its keywords found, missed and imagined."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError, naming

if TYPE_CHECKING:
    from kwslib.board.chip import Deployable
    from kwslib.data.corpus import Corpus
    from kwslib.deployment.core_network import Network
    from kwslib.deployment.decision import DecisionSettings
    from kwslib.field.conditions import Field
    from kwslib.field.stream import StreamNetwork

BILLED = 3  # s of the stream on the virtual board: every hop costs much the same


def print_long(
    model: Path,
    network: "StreamNetwork",
    spec: Path,
    corpus: "Corpus",
    field: "Field",
    rooms: Path | None,
    settings: "DecisionSettings",
    save_wav: Path | None,
    as_json: bool,
) -> None:
    """Make the stream that a file specifies, run the deployed chain over it and print its score."""
    from kwslib.board.chip import deployable
    from kwslib.deployment.core_sparse import compress
    from kwslib.field.evaluate import stage
    from kwslib.field.long import MOST_FALSE, MOST_MISSES, long_stream, run_long, specification
    from kwslib.field.rooms import describe, measured_rooms, setting
    from kwslib.paths import absent
    from kwslib.strict_json import parse_json

    with naming(spec):
        if not spec.is_file():  # a device may have no end
            raise KwsError(f"cannot be read ({absent(spec, 'file')}): name a file of JSON")
        try:
            content = parse_json(spec.read_bytes())
        except OSError as error:
            raise KwsError(f"cannot be read ({error.strerror}): name a file of JSON") from None
        except ValueError as error:
            raise KwsError(f"not JSON ({error}): see `kws field --help`") from None
        wanted = specification(content)
        print(one_line(corpus.describe()), file=sys.stderr)
        measured = measured_rooms(rooms, field) if rooms else None
        trial_stage = stage(
            corpus, network.labels, field, split=wanted.split, seed=wanted.seed, rooms=measured
        )
        print(one_line(describe(trial_stage.rooms, field, rooms)), file=sys.stderr)
        sound = long_stream(wanted, trial_stage)
    if save_wav is not None:
        _save(save_wav / "stream.wav", sound.samples)
    score = run_long(network, sound, settings).as_json()
    result: dict[str, Any] = {"model": str(model), "data": corpus.name, "synthetic": corpus.synthetic}
    result |= setting(trial_stage.rooms, field, rooms)
    result |= {"threshold": settings.threshold, "smoothing": settings.smoothing} | score
    core = compress(network.core) if network.core else None
    chain = deployable(core, network.labels)
    result |= _cost(network, core, sound.samples, chain) | chain.as_json()
    if as_json:
        print_json(result)
        return
    minutes = f"{score['seconds'] / 60:.1f} minutes, {corpus.title}"
    print(one_line(f"{model}: {score['hits']} of {score['keywords']} keywords found, {minutes}"))
    print(
        f"  {score['misses']} missed, {score['false_accepts']} false; MLPerf Tiny allows {MOST_MISSES} and {MOST_FALSE}"
    )
    if chain.reason:
        print(one_line(f"  {chain.reason}"))
    elif result["duty"] is not None:
        print(
            f"  the processor works {result['duty']:.1%} of the time, {result['energy_uj_per_hop']:.1f} µJ a hop"
        )


def _cost(
    network: "StreamNetwork", core: "Network | None", samples: Any, chain: "Deployable"
) -> dict[str, float | None]:
    """Share of the time that the processor works, and energy of a hop, on the virtual board: both None of a checkpoint
    and of what fits no memory, the energy None of what is too slow."""
    if core is None or chain.worst_hop_ms is None:
        return {"duty": None, "energy_uj_per_hop": None}
    from kwslib.board.streaming import StreamBoard, energy
    from kwslib.features.frontend import HOP_MS
    from kwslib.labels import SAMPLE_RATE

    board = StreamBoard(core, network.labels, network.settings)
    busy_ms = float(board.profile(samples[: BILLED * SAMPLE_RATE]).total.mean())
    spent = energy(busy_ms)["energy_uj_per_hop"] if chain.fits else None
    return {"duty": busy_ms / HOP_MS, "energy_uj_per_hop": spent}


def _save(path: Path, samples: Any) -> None:
    import soundfile

    from kwslib.labels import SAMPLE_RATE
    from kwslib.writing import write_bytes

    content = io.BytesIO()
    soundfile.write(content, samples, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    write_bytes(path, content.getvalue())
