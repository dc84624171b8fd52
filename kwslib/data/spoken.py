"""Words spoken by a synthesizer and added to the recordings of a corpus for training and validation only.

Recordings contain few words; a device hears thousands. Everyday words and words that sound like a keyword
(kwslib/data/voices.py) represent those. The validation words do not occur in training, so that the threshold is chosen
on words that the network was not trained on. Homophones of a keyword, such as *know* for *no*, are excluded.

What is added to one class alone teaches its own marks: a network that hears the synthesizer say only other words takes
its voice for one (`python benchmarks/voices.py`). In training it therefore says the keywords, too.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from kwslib.data.corpus import Corpus
from kwslib.data.voices import homophones
from kwslib.data.word_file import synthesized


def with_spoken_words(
    corpus: Corpus, keywords: Sequence[str], times: int, splits: Collection[str] = ("training", "validation")
) -> Corpus:
    """The corpus with the synthesizer's other words for these keywords in `splits`, those of training repeated
    `times` times.

    A repeated clip is drawn proportionally more often where clips are drawn at random; 0 times adds nothing.
    """
    if not times:
        return corpus
    spoken = [clip for word in keywords for clip in synthesized(word, True) if clip.word not in keywords]
    alike = homophones(tuple(sorted({clip.word for clip in spoken})), tuple(keywords))
    kept_apart = {clip.word for clip in spoken if clip.split == "validation"}
    validation = [clip for clip in spoken if clip.split == "validation" and clip.word not in alike]
    training = [clip for clip in spoken if clip.split == "training" and clip.word not in kept_apart | alike]
    added = {"training": times * training, "validation": validation}
    clips = sorted(
        (*corpus.clips, *(clip for split in splits for clip in added[split])), key=lambda clip: clip.name
    )
    return replace(corpus, clips=tuple(clips))


def with_spoken_keywords(corpus: Corpus, keywords: Sequence[str]) -> Corpus:
    """The corpus with the keywords in the synthesizer's training voices, for training only."""
    spoken = [clip for word in keywords for clip in synthesized(word, True) if clip.word == word]
    return replace(corpus, clips=tuple(sorted((*corpus.clips, *spoken), key=lambda clip: clip.name)))
