"""Which split a clip belongs to: the rule of Speech Commands, by the hash of its speaker.

The share of validation and of testing is 10 % each. Because only the name up to `_nohash_` is hashed,
every take of a speaker stays in one split, whatever clips are added later (Warden, arXiv:1804.03209, and
the data set's README).
"""

import hashlib
import re

SPLITS = ("training", "validation", "testing")
MOST_CLIPS = 2**27 - 1  # of one class, the constant of the official rule


def which_split(name: str) -> str:
    """One of "training", "validation" or "testing" for a clip such as "yes/0a7c2a8d_nohash_0.wav".

    Folders do not matter, nor does anything from `_nohash_` on.
    """
    speaker = re.sub(r"_nohash_.*$", "", name.replace("\\", "/").rsplit("/", 1)[-1])
    digest = int(hashlib.sha1(speaker.encode()).hexdigest(), 16)
    percentage = (digest % (MOST_CLIPS + 1)) * (100.0 / MOST_CLIPS)
    if percentage < 10:
        return "validation"
    return "testing" if percentage < 20 else "training"
