"""One recording of a corpus."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.data.splits import which_split


@dataclass(frozen=True)
class Clip:
    """One recording. `name` is "word/stem.wav" whatever the container; `digest` tells its samples apart.

    `assigned`: the split of a take whose speaker's hash does not say it.
    """

    path: Path
    word: str
    speaker: str
    name: str
    digest: str = ""
    assigned: str = ""

    @property
    def split(self) -> str:
        """The split that the clip was assigned to, else that of its speaker."""
        return self.assigned or which_split(self.name)


@dataclass(frozen=True)
class Skipped:
    """A file that is no usable recording, and why."""

    path: Path
    reason: str
