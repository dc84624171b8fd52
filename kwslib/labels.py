"""The classes of a keyword spotter, in the one order used everywhere: silence, unknown, then the keywords.

The order and the one-second clip at 16 kHz are those of Speech Commands (Warden, arXiv:1804.03209).
"""

from typing import Any

from kwslib.errors import KwsError

SAMPLE_RATE = 16_000  # Hz
CLIP_SAMPLES = 16_000  # one second
SILENCE, UNKNOWN = "silence", "unknown"
DEFAULT_KEYWORDS = ("yes", "no")


def class_labels(keywords: tuple[str, ...] = DEFAULT_KEYWORDS) -> tuple[str, ...]:
    """Class names in output order. Raises KwsError for an empty, repeated or reserved keyword."""
    if not keywords:
        raise KwsError("no keywords: name at least one, for example --keywords yes,no")
    for word in keywords:
        if not word or word in (SILENCE, UNKNOWN) or keywords.count(word) > 1:
            raise KwsError(f"keyword {word!r} is empty, repeated or reserved: choose distinct words")
    return (SILENCE, UNKNOWN, *keywords)


def check_labels(labels: Any) -> tuple[str, ...]:
    """`labels` themselves. Raises KwsError unless they are two or more distinct strings, none of them empty."""
    if not isinstance(labels, list | tuple) or not all(isinstance(label, str) and label for label in labels):
        raise KwsError(f"labels {labels!r} are no list of words: name each class by a word")
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise KwsError(f"labels {labels!r} are too few or repeated: name at least two distinct classes")
    return tuple(labels)
