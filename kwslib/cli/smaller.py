"""What `kws quantize` and `kws prune` share: the network that is given, what it is trained further on, what is left."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kwslib.cli.corpus import corpus_of, explain
from kwslib.cli.options import SEED_MAX
from kwslib.cli.output import one_line, print_json
from kwslib.cli.training import evaluation
from kwslib.errors import KwsError
from kwslib.writing import check_writable

if TYPE_CHECKING:
    from torch import nn

    from kwslib.data.corpus import Corpus
    from kwslib.deployment.model_file import ModelFile
    from kwslib.experiments.further import Further
    from kwslib.experiments.seeds import Splits
    from kwslib.networks.evaluation import Evaluation
    from kwslib.networks.training import Epoch, Recipe

MODEL = typer.Argument(help="FILE.pt, as `kws train` or `kws keyword` writes it.")
OUT = typer.Option(..., "--out", help="Checkpoint to write (.pt).")
EPOCHS = typer.Option(
    None, min=1, max=100_000, help="Epochs of further training [default: a share of the profile's]."
)
SEED = typer.Option(0, min=0, max=SEED_MAX, help="Seed of the order of the clips.")


@dataclass(frozen=True)
class Work:
    """The file of a float network, its answers on validation, and how it is trained further, on what, in which
    profile."""

    file: "ModelFile"
    before: "Evaluation"
    profile: str
    further: "Further"
    corpus: "Corpus"
    splits: "Splits"

    @property
    def recipe(self) -> "Recipe":
        """That of further training."""
        return self.further.setup.recipe


def opened(model: Path, out: Path) -> "tuple[ModelFile, nn.Module]":
    """The file of a float network, and the network in its deployed form. Raises KwsError for another file, for a
    network whose training has not ended, and where nothing can be written at `out`."""
    from kwslib.deployment.model_file import read_model
    from kwslib.networks.models import fold_batch_norm
    from kwslib.quantization.quantizers import quantization_of

    if out.suffix != ".pt":
        raise KwsError(f"{out}: not a checkpoint's name: give one that ends in .pt")
    check_writable(out, model)
    if model.suffix != ".pt":
        raise KwsError(f"{model}: not a checkpoint: give FILE.pt, as `kws train` writes it")
    file = read_model(model)
    assert file.checkpoint
    network = file.checkpoint.network
    if quantization_of(network):
        raise KwsError(f"{model}: quantized already: give the float checkpoint that it was made of")
    if not file.checkpoint.extra.get("finished", True):
        raise KwsError(f"{model}: its training was stopped: run the same `kws train` again to go on")
    return file, fold_batch_norm(network)


def prepared(
    file: "ModelFile",
    recipe_of: "Callable[[int], Recipe]",
    epochs: int | None,
    data: Path | None,
    profile: str | None,
    own: Sequence[str],
) -> Work:
    """The features of a corpus that is complete for the network's task. `recipe_of` gives the recipe for a network that
    was trained for so many epochs; epochs: others than the recipe's. Raises KwsError for a network whose logits are not
    finite."""
    from kwslib.data.check import require
    from kwslib.experiments.further import further
    from kwslib.profiles import get_profile

    assert file.checkpoint
    chosen = get_profile(profile)
    first = further(file.checkpoint.config, file.checkpoint.extra, chosen)
    recipe = recipe_of(first.epochs)
    training = first.with_recipe(replace(recipe, epochs=epochs or recipe.epochs))
    corpus = corpus_of(file.path, file.labels[2:], data, chosen, own)
    for line in (corpus.describe(), *explain(corpus)):
        print(one_line(line), file=sys.stderr)
    require(corpus, training.setup.protocol)
    splits = training.splits(corpus, training.setup)
    before = evaluation(file.path, file.checkpoint.network, splits["validation"], file.labels, file.settings)
    return Work(file, before, chosen.name, training, corpus, splits)


def float32_bytes(network: "nn.Module") -> int:
    """Bytes of the weights and biases of a float network."""
    from kwslib.measure.profiling import costs

    return costs(network).weight_bytes("float32")


def zeros_saved(sparse: int, dense: int) -> str:
    """What the C core saves of the bytes of a pruned network by storing no zeros."""
    return f", {sparse:,} without the zeros" if sparse < dense else "; leaving out so few zeros saves none"


def leave(
    work: Work,
    small: "nn.Module",
    history: "Sequence[Epoch]",
    out: Path,
    seed: int,
    found: dict[str, Any],
    said: str,
    as_json: bool,
) -> None:
    """Save the smaller network, with a threshold if it had one, and print `found` as JSON or what is `said` of it, with
    its right answers on validation and those before."""
    from kwslib.checkpoints import save_completed
    from kwslib.deployment.decision import settings_note
    from kwslib.deployment.model_file import read_model

    assert work.file.checkpoint
    config, corpus, threshold = work.file.checkpoint.config, work.corpus, work.further.threshold

    def complete(trained: Path) -> Mapping[str, Any]:
        print("choosing a threshold", file=sys.stderr)
        assert threshold
        return threshold(trained, corpus)

    epochs = [asdict(epoch) for epoch in history]
    recipe = {"recipe": asdict(work.recipe)} if history else {}
    extra = {"seed": seed, **recipe, "history": epochs, "finished": True}
    save_completed(out, small, config, extra, complete if threshold else None)
    settings = read_model(out).settings
    after = evaluation(out, small, work.splits["validation"], config.labels, settings)
    if as_json:
        where = {"data": corpus.name, "notes": corpus.notes, "synthetic": corpus.synthetic, "seed": seed}
        noted = settings_note(settings) if settings else {}
        both = {"before": work.before.as_json(), "after": after.as_json()}
        files = {"checkpoint": str(out), "model": str(work.file.path)}
        print_json(files | where | found | noted | {"validation": both, "epochs": len(history)})
        return
    print(one_line(f"{out}: {said}"))
    right = f"{after.accuracy:.1%} of {after.n:,} validation clips right, {work.before.accuracy:.1%} before"
    print(one_line(f"  {right} ({corpus.title}); epochs: {len(history)}"))
    if settings and work.file.settings:
        earlier, now = work.file.settings.threshold, settings.threshold
        print(one_line(f"  reports a word from {now:g} on, {earlier:g} before (profile {work.profile})"))
