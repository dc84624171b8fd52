"""Checks a corpus for a task before any work starts, and names everything that is wrong with it."""

from collections import Counter

from kwslib.data.corpus import Corpus
from kwslib.data.protocol import Protocol, noise_stretches, read_noise
from kwslib.data.splits import SPLITS
from kwslib.errors import KwsError
from kwslib.labels import UNKNOWN


def problems(corpus: Corpus, protocol: Protocol, others: bool = True) -> list[str]:
    """What is missing, as messages: keywords, clips of a class in a split, noise; and noise that is silent.

    others: whether the task has words that are not keywords.
    """
    missing = [word for word in protocol.keywords if word not in corpus.words]
    found = []
    if missing:
        found.append(f"no clips of {', '.join(missing)}: choose keywords from {', '.join(corpus.words)}")
    counts = Counter(
        (clip.split, clip.word if clip.word in protocol.keywords else UNKNOWN) for clip in corpus.clips
    )
    for word in ([UNKNOWN] if others else []) + list(protocol.keywords):
        empty = [split for split in SPLITS if not counts[split, word]]
        if empty and word not in missing:
            subject = "other words than the keywords" if word == UNKNOWN else word
            more = "add other words" if empty == list(SPLITS) else "record more speakers or takes"
            found.append(f"no clips of {subject} for {', '.join(empty)}: {more}")
    try:
        noise_stretches(corpus, SPLITS[-1])
    except KwsError as error:
        found.append(str(error).removeprefix(f"{corpus.root}/"))
    silent = [path.name for path in corpus.noises if not read_noise(path).any()]
    if silent:
        found.append(f"silent noise in _background_noise_: {', '.join(silent[:5])}: record them again")
    return found


def require(corpus: Corpus, protocol: Protocol, others: bool = True) -> None:
    """Raises KwsError, listing all problems in one line, when the corpus is not sufficient for the task; see
    `problems`."""
    if found := problems(corpus, protocol, others):
        raise KwsError(f"{corpus.root}: {'; '.join(found)}")
