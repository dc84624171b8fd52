"""Other words by the synthesizer: none is a keyword, and validation's are not training's."""

from collections import Counter

from kwslib.data.corpus import read_folder
from kwslib.data.spoken import with_spoken_words

KEYWORDS = ("yes", "no")


def test_words_of_validation_are_never_said_in_training(synthetic):
    corpus = read_folder(synthetic)
    found = with_spoken_words(corpus, KEYWORDS, 2)
    added = Counter(found.clips) - Counter(corpus.clips)
    words = {
        split: {clip.word for clip in added if clip.split == split} for split in ("training", "validation")
    }
    assert words["training"]
    assert words["validation"]
    assert not words["training"] & words["validation"]
    assert not {*KEYWORDS} & (words["training"] | words["validation"])
    assert "know" not in words["training"] | words["validation"]  # as "no" sounds
    assert {clip.split for clip in added} == {"training", "validation"}
    assert {added[clip] for clip in added if clip.split == "training"} == {2}
    assert found.content_hash != corpus.content_hash


def test_no_times_is_the_corpus_itself(synthetic):
    corpus = read_folder(synthetic)
    assert with_spoken_words(corpus, KEYWORDS, 0) is corpus


def test_training_alone_gets_more_words_where_that_is_asked_for(synthetic):
    corpus = read_folder(synthetic)
    found = with_spoken_words(corpus, KEYWORDS, 1, splits=("training",))
    assert {clip.split for clip in Counter(found.clips) - Counter(corpus.clips)} == {"training"}
