"""What the benchmarks keep between runs is of the very examples that it was trained on."""

import importlib.util
from dataclasses import replace

from repository import REPOSITORY
from small_networks import toy

from kwslib.networks.recipes import setup


def test_a_kept_network_belongs_to_its_examples_and_its_setup():
    """Seconds from anywhere have the same names, whatever hours they are cut out of."""
    specification = importlib.util.spec_from_file_location(
        "recipes", REPOSITORY / "benchmarks" / "recipes.py"
    )
    recipes = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(recipes)
    made, data = setup("tinyconv", 1), toy(8)
    other_sound, other_class = data.x.copy(), data.y.copy()
    other_sound[0, 0, 0] ^= 1
    other_class[0] ^= 1
    kept = {
        recipes.checkpoint(setting, {"training": examples}, seed)
        for setting, examples, seed in (
            (made, data, 0),
            (made, data, 1),
            (replace(made, spoken=True), data, 0),
            (made, replace(data, x=other_sound), 0),
            (made, replace(data, y=other_class), 0),
        )
    }
    assert len(kept) == 5
    assert recipes.checkpoint(made, {"training": toy(8)}, 0) in kept
