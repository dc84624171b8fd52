"""`kws field --long`: one long stream, its keywords found, missed and imagined."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.cli.output import one_line, print_json
from kwslib.errors import KwsError, naming

if TYPE_CHECKING:
    from kwslib.data.corpus import Corpus
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
    from kwslib.field.evaluate import stage
    from kwslib.field.long import MOST_FALSE, MOST_MISSES, long_stream, run_long, specification
    from kwslib.field.rooms import describe, measured_rooms
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
        print(one_line(describe(trial_stage.rooms, field)), file=sys.stderr)
        sound = long_stream(wanted, trial_stage)
    if save_wav is not None:
        _save(save_wav / "stream.wav", sound.samples)
    score = run_long(network, sound, settings).as_json()
    result: dict[str, Any] = {"model": str(model), "data": corpus.name, "synthetic": corpus.synthetic}
    result |= {"threshold": settings.threshold, "smoothing": settings.smoothing} | score
    result |= _cost(model, network, sound.samples)
    if as_json:
        print_json(result)
        return
    minutes = f"{score['seconds'] / 60:.1f} minutes, {corpus.title}"
    print(one_line(f"{model}: {score['hits']} of {score['keywords']} keywords found, {minutes}"))
    print(
        f"  {score['misses']} missed, {score['false_accepts']} false; MLPerf Tiny allows {MOST_MISSES} and {MOST_FALSE}"
    )
    if result["duty"] is not None:
        print(
            f"  the processor works {result['duty']:.1%} of the time, {result['energy_uj_per_hop']:.1f} µJ a hop"
        )


def _cost(model: Path, network: "StreamNetwork", samples: Any) -> dict[str, float | None]:
    """Share of the time that the processor works and energy of a hop on the virtual board; None of a checkpoint."""
    if network.core is None:
        return {"duty": None, "energy_uj_per_hop": None}
    from kwslib.board.firmware import find_compiler
    from kwslib.board.machine import Board
    from kwslib.board.streaming import bill
    from kwslib.deployment.core_sparse import compress
    from kwslib.labels import SAMPLE_RATE

    find_compiler()  # whose lack is not the model's fault
    with naming(model):
        board = Board(compress(network.core), network.labels, streaming=network.settings)
    found = bill(board, samples[: BILLED * SAMPLE_RATE])
    return {"duty": found["load_percent"] / 100, "energy_uj_per_hop": found["energy_uj_per_hop"]}


def _save(path: Path, samples: Any) -> None:
    import soundfile

    from kwslib.labels import SAMPLE_RATE
    from kwslib.paths import atomic_write

    content = io.BytesIO()
    soundfile.write(content, samples, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getvalue())
