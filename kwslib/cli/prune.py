"""`kws prune`: a trained network with fewer weights."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kwslib.cli.options import DATA, JSON, OWN, PROFILE
from kwslib.cli.smaller import EPOCHS, MODEL, OUT, SEED, float32_bytes, leave, opened, prepared, zeros_saved
from kwslib.cli.training import epoch_bar
from kwslib.errors import KwsError

if TYPE_CHECKING:
    from torch import nn

    from kwslib.experiments.seeds import Splits


def prune_model(
    model: Path = MODEL,
    sparsity: float = typer.Option(..., help="Share of the weights to remove, above 0 and below 1."),
    out: Path = OUT,
    epochs: int | None = EPOCHS,
    data: Path | None = DATA,
    profile: str | None = PROFILE,
    own: list[str] = OWN,
    seed: int = SEED,
    as_json: bool = JSON,
) -> None:
    """Prune a trained network: its least important weights become zero, a few at a time, while the others are trained.

    Give the data and the profile that it was trained with; of the recorded networks it is `--profile report`. A network
    with a threshold is trained further as it was trained and gets a threshold chosen anew. `kws eval` tests OUT;
    `kws quantize` keeps the zeros, and the C core stores a dense layer without them where few weights are left. A run
    that is stopped leaves nothing. It takes a fifth of the time of a training in this profile or more; where few
    weights are left, up to all of it.
    """
    from kwslib.experiments.pruning import PrunedPoint, prune_weights, recipe
    from kwslib.pruning.weights import nonzero_parameters, zero_share

    if not 0 < sparsity < 1:
        raise KwsError(f"sparsity {sparsity:g}: use a share above 0 and below 1")
    file, network = opened(model, out)
    _check_room(model, network, sparsity)
    point, before = PrunedPoint(sparsity, seed=seed), nonzero_parameters(network)
    work = prepared(file, partial(recipe, point), epochs, data, profile, own)
    with epoch_bar(work.recipe.epochs) as (_, show):
        history = prune_weights(point, network, work.splits, work.recipe, show)
    share, after = zero_share(network), nonzero_parameters(network)
    flash = {"float32": float32_bytes(network)} | _core_bytes(network, work.splits)
    found = {"zero_share": share, "parameters": {"before": before, "after": after}, "flash_bytes": flash}
    said = f"{share:.1%} of its weights are zero, {after:,} of {before:,} parameters are left"
    if "sparse" in flash:
        said += f", {flash['int8']:,} bytes of int8 constants in flash"
        said += zeros_saved(flash["sparse"], flash["int8"])
    leave(work, network, history, out, seed, found, said, as_json)


def _check_room(model: Path, network: "nn.Module", sparsity: float) -> None:
    """Raises KwsError unless the network has weights to remove and weights to keep."""
    from kwslib.pruning.weights import prunable, weights, zero_share

    count = sum(weights(layer).numel() for layer in prunable(network).values())
    gone, wanted = round(zero_share(network) * count), round(sparsity * count)
    if gone == count:
        raise KwsError(f"{model}: all of its weights are zero: train it again")
    if wanted == count:
        raise KwsError(f"{model}: a sparsity of {sparsity:g} leaves no weight: name a smaller one")
    if wanted == 0:
        raise KwsError(f"{model}: a sparsity of {sparsity:g} removes no weight: name a larger one")
    if wanted <= gone:
        raise KwsError(
            f"{model}: {gone / count:.1%} of its weights are zero already: name a larger --sparsity"
        )


def _core_bytes(network: "nn.Module", splits: "Splits") -> dict[str, int]:
    """Constants in int8 as the C core stores them, with zeros and without; nothing for a network that it cannot run."""
    from kwslib.deployment.core_network import constant_bytes
    from kwslib.deployment.core_packed import int8_network
    from kwslib.deployment.core_sparse import compress
    from kwslib.experiments.quantization import ours
    from kwslib.quantization.integer import integer_network
    from kwslib.quantization.ptq import post_training
    from kwslib.quantization.qat import calibration_inputs

    try:
        rounded = post_training(network, ours(8), calibration_inputs(splits["training"]), careful=False)
        core = int8_network(integer_network(rounded))
    except KwsError:
        return {}
    return {"int8": constant_bytes(core.layers), "sparse": constant_bytes(compress(core).layers)}
