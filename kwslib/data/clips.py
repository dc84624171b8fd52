"""One recording of a corpus."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.data.splits import which_split


@dataclass(frozen=True)
class Clip:
    """One recording. `name` is "word/stem.wav" for any container; `digest` identifies its samples.

    `assigned`: the split of a take that does not follow from its speaker's hash.
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
    """A file that is not a usable recording, and the reason."""

    path: Path
    reason: str
