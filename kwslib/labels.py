"""The classes of a keyword spotter, in the one order used everywhere: silence, unknown, then the keywords.

The order and the one-second clip at 16 kHz are those of Speech Commands (Warden, arXiv:1804.03209).
"""

import unicodedata
from typing import Any

from kwslib.errors import KwsError

SAMPLE_RATE = 16_000  # Hz
CLIP_SAMPLES = 16_000  # one second
SILENCE, UNKNOWN = "silence", "unknown"
DEFAULT_KEYWORDS = ("yes", "no")
LONGEST_LABEL = 64  # bytes of UTF-8: a label is in the board's flash and in every line of its log
UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, ends of lines and of paragraphs


def check_label(label: object) -> str:
    """Return `label` unchanged. A class name may have any script, inner spaces, quotes and symbols.

    Raises KwsError for an invalid name: not text, empty, surrounding spaces, control characters, a comma (which
    separates labels in options and logs), or more than 64 bytes of UTF-8.
    """
    if not isinstance(label, str):
        raise KwsError(f"label {label!r} is not text: name the class by a word")
    if not label or label != label.strip():
        raise KwsError(f"label {label!r} is empty or has spaces around it: choose a word")
    if "," in label or any(unicodedata.category(letter) in UNSEEN for letter in label):
        raise KwsError(f"label {label!r} has a comma or a control character: choose a word without")
    if len(label.encode()) > LONGEST_LABEL:
        raise KwsError(f"label {label[:16]!r}... is longer than {LONGEST_LABEL} bytes: choose a shorter word")
    return label


def check_word(word: object) -> str:
    """Return `word` unchanged: a label that can also be the name of a folder, as that of a corpus for its recordings.

    Raises KwsError as `check_label` does, and for a word that contains a slash of either kind or has a dot, _ or ~ at
    one end: a path, a folder that a corpus leaves out, a user's home.
    """
    label = check_label(word)
    if "/" in label or "\\" in label or label != label.strip("._~"):
        raise KwsError(f"word {label!r} cannot name a folder: leave out / and \\, and . _ ~ at its ends")
    return label


def class_labels(keywords: tuple[str, ...] = DEFAULT_KEYWORDS) -> tuple[str, ...]:
    """Class names in output order.

    Raises KwsError for a keyword that is empty, repeated, reserved or not the name of a folder (see `check_word`).
    """
    if not keywords:
        raise KwsError("no keywords: name at least one, for example --keywords yes,no")
    for word in keywords:
        if not word or word in (SILENCE, UNKNOWN) or keywords.count(word) > 1:
            raise KwsError(f"keyword {word!r} is empty, repeated or reserved: choose distinct words")
        check_word(word)
    return (SILENCE, UNKNOWN, *keywords)


def check_labels(labels: Any) -> tuple[str, ...]:
    """Return `labels` unchanged. Raises KwsError unless they are two or more distinct, valid ones (see
    `check_label`)."""
    if not isinstance(labels, list | tuple):
        raise KwsError(f"labels {labels!r} are not a list of words: name each class by a word")
    for label in labels:
        check_label(label)
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise KwsError(f"labels {labels!r} are too few or repeated: name at least two distinct classes")
    return tuple(labels)
