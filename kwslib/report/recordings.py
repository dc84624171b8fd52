"""Finds the recordings from which a part's numbers were computed, among those given.

Each part's file of recorded values contains the hash of its corpus. A part may have been recorded from all of several
folders or from one: a number is verified only with exactly the clips that it came from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kwslib.data.corpus import Corpus, read_folder
from kwslib.errors import KwsError
from kwslib.paths import folders


def recordings_of(recorded: Mapping[str, Any], corpus: Corpus) -> dict[str, Corpus]:
    """{part: the corpus it was recorded from}: `corpus` itself or one of its folders alone; without the parts that came
    from none of these.

    Raises KwsError if there are no parts left.
    """
    wanted = {part: contents["data"]["content_hash"] for part, contents in recorded.items()}
    found: dict[str, Corpus] = {}
    for each in _together_and_alone(corpus):
        found.setdefault(each.content_hash, each)
        if set(wanted.values()) <= found.keys():
            break
    at_hand = {part: found[content] for part, content in wanted.items() if content in found}
    if not at_hand:
        asked = ", ".join(sorted({content[:12] for content in wanted.values()}))
        raise KwsError(
            f"{corpus.root}: content {corpus.content_hash[:12]}, recorded {asked}: give the recordings with --data"
        )
    return at_hand


def not_at_hand(recorded: Mapping[str, Any], at_hand: Mapping[str, Corpus]) -> list[str]:
    """A line for each part that was recorded from clips other than those given."""
    return [
        f"Part {int(part[:2])} is not verified: it was recorded from {contents['data']['name']} "
        f"(content {contents['data']['content_hash'][:12]}), which is not at hand: add it to --data"
        for part, contents in recorded.items()
        if part not in at_hand
    ]


def _together_and_alone(corpus: Corpus) -> Iterator[Corpus]:
    yield corpus
    named = folders(corpus.root)
    yield from map(read_folder, named if len(named) > 1 else [])
