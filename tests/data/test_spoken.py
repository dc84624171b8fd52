"""What the synthesizer says: other words, of which validation's are not training's, and in training the keywords."""

from collections import Counter

from kwslib.data.corpus import read_folder
from kwslib.data.spoken import with_spoken_keywords, with_spoken_words
from kwslib.data.word_file import synthesized

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


def test_keywords_are_said_in_training_alone_and_in_voices_that_no_other_split_has(synthetic):
    corpus = read_folder(synthetic)
    found = with_spoken_keywords(corpus, KEYWORDS)
    added = Counter(found.clips) - Counter(corpus.clips)
    assert {clip.word for clip in added} == {*KEYWORDS}
    assert {clip.split for clip in added} == {"training"}
    voices = {clip.speaker for clip in added}
    tested = [clip for word in KEYWORDS for clip in synthesized(word, training_alone=False)]
    assert not voices & {clip.speaker for clip in tested if clip.split == "testing"}
