"""On how many random examples a property is tested."""

from hypothesis import settings

WHOLE, IN_QUICK = 100, 40  # of a hundred


def examples(count: int) -> int:
    """`count`, or in `make quick` the share that its profile has."""
    return count * settings.default.max_examples // WHOLE
