"""The corpus that a command was told to use, and what it says about it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kwslib.errors import KwsError, listed

if TYPE_CHECKING:
    from kwslib.data.corpus import Corpus
    from kwslib.profiles import Profile


def chosen_corpus(
    data: Path | None, profile: "Profile | str | None" = None, own: Sequence[str] = ()
) -> "Corpus":
    """The corpus that a command was told to use: a folder, a corpus file of one's own word or the folder that holds it,
    or what the profile says; and the recordings of `own`. Raises KwsError as `open_corpus` and `with_own` do."""
    from kwslib.data.corpus import CORPUS, open_corpus
    from kwslib.data.word_file import open_word, read_word_file

    if data is not None:
        for file in (data, data / CORPUS):
            if os.path.isfile(file):  # not of a name that no file can have
                return with_own(open_word(read_word_file(file)), own)
    return with_own(open_corpus(data, profile), own)


def corpus_of(
    model: Path | str,
    words: Sequence[str],
    data: Path | None,
    profile: "Profile | str | None",
    own: Sequence[str],
) -> "Corpus":
    """`chosen_corpus` for a finished model of `words`. Raises KwsError, too, when one of these is not in it: the
    remedy names the corpus file beside the model where there is one."""
    from kwslib.data.corpus import CORPUS

    corpus = chosen_corpus(data, profile, own)
    if missing := [word for word in words if word not in corpus.words]:
        file = Path(str(model).removeprefix("board:")).parent / CORPUS
        remedy = "name the recordings, or the corpus.json, that it was trained on with --data"
        if file.is_file():
            remedy = f"give the word's corpus file, as in --data {file}"
        raise KwsError(f"{model}: no clips of {', '.join(missing)} in {corpus.root}: {remedy}")
    return corpus


def with_own(corpus: "Corpus", own: Sequence[str]) -> "Corpus":
    """`corpus` with the recordings that each WORD=FOLDER of `own` names. Raises KwsError for another form."""
    from kwslib.data.corpus import add_recordings

    for pair in own:
        word, _, folder = pair.partition("=")
        if not word or not folder:
            raise KwsError(f"--own {pair}: use WORD=FOLDER")
        corpus = add_recordings(corpus, word, folder)
    return corpus


def explain(corpus: "Corpus") -> list[str]:
    """Lines on what was left out of a corpus and how own recordings were split."""
    skipped = listed((item.path.name, item.reason) for item in corpus.skipped)
    return [*corpus.notes, *([f"skipped {skipped}"] if skipped else [])]
