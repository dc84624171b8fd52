"""The two profiles: `quick` for a fresh machine, `report` for the recorded numbers.

A profile determines the corpus and the amount of computation; nothing else differs.
"""

import os
from dataclasses import dataclass

from kwslib.errors import KwsError


@dataclass(frozen=True)
class Profile:
    """The amount of computation of a run: `epochs` of training, one run per entry of `seeds`.

    swept: number of these seeds for a point of a sweep (Parts 5 and 6) and a network of Parts 7 and 8.
    """

    name: str
    synthetic: bool
    epochs: int
    seeds: tuple[int, ...]
    swept: int


PROFILES = {
    "quick": Profile("quick", synthetic=True, epochs=6, seeds=(0, 1), swept=1),
    "report": Profile("report", synthetic=False, epochs=50, seeds=(0, 1, 2, 3, 4), swept=5),
}


def get_profile(name: str | None = None) -> Profile:
    """The profile called `name`, else `$KWS_PROFILE`, else `quick`. Raises KwsError for another name."""
    name = name or os.environ.get("KWS_PROFILE") or "quick"
    if name not in PROFILES:
        raise KwsError(f"profile {name!r} is unknown: use {' or '.join(PROFILES)}")
    return PROFILES[name]
