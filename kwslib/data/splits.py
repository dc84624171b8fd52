"""The split of a clip by the rule of Speech Commands, the hash of its speaker.

Validation and testing have 10 % each. Because only the name up to `_nohash_` is hashed,
all takes of a speaker are in the same split, also when clips are added later (Warden, arXiv:1804.03209, and
the data set's README).
"""

import hashlib
import re

SPLITS = ("training", "validation", "testing")
MOST_CLIPS = 2**27 - 1  # of one class, the constant of the official rule


def which_split(name: str) -> str:
    """One of "training", "validation" or "testing" for a clip such as "yes/0a7c2a8d_nohash_0.wav".

    The folders and everything from `_nohash_` on are ignored.
    """
    speaker = re.sub(r"_nohash_.*$", "", name.replace("\\", "/").rsplit("/", 1)[-1])
    digest = int(hashlib.sha1(speaker.encode()).hexdigest(), 16)
    percentage = (digest % (MOST_CLIPS + 1)) * (100.0 / MOST_CLIPS)
    if percentage < 10:
        return "validation"
    return "testing" if percentage < 20 else "training"
