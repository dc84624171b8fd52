"""`kws quantize`: a trained network on few bits."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path

import typer

from kwslib.cli.options import DATA, JSON, OWN, PROFILE
from kwslib.cli.smaller import EPOCHS, MODEL, OUT, SEED, float32_bytes, leave, opened, prepared, zeros_saved
from kwslib.cli.training import epoch_bar
from kwslib.errors import KwsError, naming


def quantize_model(
    model: Path = MODEL,
    bits: str = typer.Option(..., help="Width of the weights: 8 to 2, ternary or binary; 1 is binary."),
    out: Path = OUT,
    method: str = typer.Option("qat", help="qat: train further on the grid; ptq: no further training."),
    epochs: int | None = EPOCHS,
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    own: list[str] = OWN,
    seed: int = SEED,
    as_json: bool = JSON,
) -> None:
    """Quantize a trained network: weights of few bits, activations of 8. Weights that are zero stay zero.

    Give the data and the profile that it was trained with; of the recorded networks it is `--profile report`. A network
    with a threshold is trained further as it was trained and gets a threshold chosen anew. `kws eval` tests OUT, and
    `kws export` makes model.tflite and kws_model.h of it, with packed weights. A run that is stopped leaves nothing; it
    takes up to half of the time of a training in this profile.
    """
    from kwslib.deployment.core_network import constant_bytes
    from kwslib.deployment.core_packed import packed_network
    from kwslib.deployment.core_sparse import compress
    from kwslib.experiments.quantization import QuantizedPoint, quantize_at, weights_alone
    from kwslib.pruning.weights import zero_share
    from kwslib.quantization.grids import BINARY, WIDTHS, check_width
    from kwslib.quantization.integer import integer_network
    from kwslib.quantization.qat import recipe

    width = check_width({str(width): width for width in WIDTHS}.get(bits, bits))
    point = QuantizedPoint(width, method, "ours", weights_alone(width), seed)
    how, trains = point.quantization, method == "qat"
    if epochs is not None and not trains:
        raise KwsError("--method ptq trains no epochs: leave --epochs out")
    file, network = opened(model, out)
    pruned = zero_share(network) > 0
    if pruned and how.weights == BINARY:
        raise KwsError(f"{model}: is pruned, and binary weights are never zero: use ternary ones")
    recipe_of = partial(recipe, how, pruned=pruned)
    work = prepared(file, recipe_of, epochs if trains else 1, data, profile, own)
    with naming(model), epoch_bar(work.recipe.epochs) if trains else nullcontext((None, None)) as (_, show):
        small, history = quantize_at(point, network, work.splits, work.recipe, show)
        integers = integer_network(small)
    flash = {"float32": float32_bytes(network), "packed": integers.flash_bytes}
    found = {"bits": how.weights, "method": method, "flash_bytes": flash}
    said = f"weights of {how.weights} bits" if isinstance(how.weights, int) else f"{how.weights} weights"
    said += f", {flash['packed']:,} bytes of constants in flash, {flash['float32']:,} in float32"
    if pruned:
        flash["sparse"] = constant_bytes(compress(packed_network(integers)).layers)
        said += zeros_saved(flash["sparse"], flash["packed"])
    leave(work, small, history, out, seed, found, said, as_json)
