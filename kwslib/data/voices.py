"""Synthesized words for a keyword: the word itself, words that sound like it, and everyday words.

A user's recordings of a keyword are few and from few rooms: a network trained on them alone rejects the word in other
conditions, or accepts any word in a similar voice. One synthesizer therefore speaks all of them: the word in many
voices, as in microWakeWord (github.com/kahrendt/microWakeWord); the word with phonemes changed or left out, a frequent
cause of false accepts; and other words in the same voices. The voices of training, validation and testing differ in
their variant, that is, in the shape of the vocal tract.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path

import numpy as np

from kwslib.cache import cached_folder, code, digest
from kwslib.data import espeak
from kwslib.data.splits import SPLITS
from kwslib.data.synthetic import ACCENTS, VARIANTS, Speaker, record, write_wav
from kwslib.errors import KwsError
from kwslib.labels import check_word
from kwslib.progress import progress

VOICES = {"training": 200, "validation": 40, "testing": 80}  # that say the keyword
EVERYDAY = 200  # words of daily life that a keyword is tested with, and that no training hears
CONFUSABLES, TIMES = 50, 4  # words made from the keyword, and voices that say each
VOWELS = ("I", "E", "a", "0", "V", "U", "i:", "u:", "eI", "oU", "aI")
CONSONANTS = ("p", "b", "t", "d", "k", "g", "f", "v", "s", "z", "S", "m", "n", "l", "r", "w", "h")
SPELLED = "|"  # stands in eSpeak's phonemes between the parts of a letter's description
VOWEL_SIGNS = "aeiouAEIOUV03@&Y"  # with which eSpeak's vowels begin


@lru_cache(maxsize=1)
def everyday_words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words for training and the EVERYDAY ones for testing, each in the order of their hash."""
    text = files("kwslib.data").joinpath("lists", "everyday.txt").read_text(encoding="utf-8")
    words = [line for line in text.splitlines() if line and line[0] != "#"]
    words.sort(key=lambda word: hashlib.sha1(word.encode()).hexdigest())
    return tuple(words[EVERYDAY:]), tuple(words[:EVERYDAY])


@lru_cache(maxsize=8)
def homophones(words: tuple[str, ...], keywords: tuple[str, ...]) -> frozenset[str]:
    """Those of the words that are a keyword in another letter case, or that at least one accent of the synthesizer
    pronounces like one.

    Its voices are English: of letters of other scripts they say names alone, and these are not compared.
    Raises KwsError as `espeak.speak` does.
    """
    others = [word for word in words if word not in keywords]
    latin = [word for word in others if _is_latin(word)]
    texts = [(text, accent) for accent in ACCENTS for text in (*latin, *keywords)]
    said = dict(zip(texts, espeak.transcriptions(texts), strict=True))
    alike = {
        word
        for accent in ACCENTS
        for word in latin
        if said[word, accent] in {said[keyword, accent] for keyword in keywords}
    }
    folded = {unicodedata.normalize("NFC", keyword).casefold() for keyword in keywords}
    return frozenset(
        alike | {word for word in others if unicodedata.normalize("NFC", word).casefold() in folded}
    )


@lru_cache(maxsize=8)
def is_read(word: str) -> bool:
    """Whether the voices, which are English, read a word. Of letters of other scripts, and of Latin ones that English
    lacks, they say names or code points; for some scripts another voice speaks, which is the same one each time."""
    said = espeak.phonemes(word, ACCENTS) if _is_latin(word) else ()
    return bool(said) and not any(SPELLED in phonemes for phonemes in said)


def require_read(word: str) -> None:
    """Raises KwsError for a word that the voices do not read."""
    if not is_read(word):
        raise KwsError(
            f"the synthesizer, whose voices are English, cannot read {word!r}: give your own recordings of it with"
            " --takes, or write it as English would"
        )


def _is_latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word if letter.isalpha())


def draw_voices(split: str, count: int, purpose: int = 0) -> tuple[Speaker, ...]:
    """`count` voices of a split: eight variants in validation, twelve in testing, the others in training, with
    all accents in turn and random pitch and tempo."""
    variants = sorted(VARIANTS.split(), key=lambda name: hashlib.sha1(name.encode()).hexdigest())
    mine = {"validation": variants[:8], "testing": variants[8:20], "training": variants[20:]}[split]
    rng = np.random.default_rng([11, SPLITS.index(split), purpose])
    pairs = [f"{accent}+{variant}" for variant in mine for accent in ACCENTS]
    order = np.concatenate([rng.permutation(len(pairs)) for _ in range(-(-count // len(pairs)))])[:count]
    return tuple(
        Speaker(pairs[index], pitch=int(rng.integers(15, 86)), speed=int(rng.integers(105, 190)))
        for index in order
    )


def confusables(phonemes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Up to CONFUSABLES words that sound like one with these phonemes: its stressed vowels, the consonants next to them
    and its first phoneme changed one at a time, its beginning alone, its end alone; a deterministic choice, as evenly
    distributed over these kinds as possible."""
    word = tuple(phonemes)
    stressed = [place for place, phoneme in enumerate(word) if phoneme[0] == "'"]
    changed = {0, *(beside for place in stressed for beside in (place - 1, place, place + 1)), *stressed} & {
        *range(len(word))
    }
    vowels = [place for place, phoneme in enumerate(word) if _is_vowel(phoneme)]
    kinds: list[list[tuple[str, ...]]] = [
        [word[:place] for place in range(2, len(word)) if vowels and vowels[0] < place <= vowels[-1]],
        [word[place:] for place in range(1, len(word) - 1) if vowels and vowels[0] < place <= vowels[-1]],
    ]
    for place in sorted(changed):
        stress = word[place][0] if word[place][0] in "'," else ""
        others = VOWELS if place in vowels else CONSONANTS
        kinds.append([(*word[:place], stress + other, *word[place + 1 :]) for other in others])
    rng = np.random.default_rng(12)
    mixed = [[kind[i] for i in rng.permutation(len(kind))] for kind in kinds]
    turns = [kind[turn] for turn in range(max(map(len, mixed))) for kind in mixed if turn < len(kind)]
    return tuple(candidate for candidate in dict.fromkeys(turns) if candidate != word)[:CONFUSABLES]


def _is_vowel(phoneme: str) -> bool:
    return phoneme.lstrip("',%=")[:1] in VOWEL_SIGNS


def spoken_folder(word: str) -> Path:
    """A folder of synthesized clips for a keyword, one second each, generated once and cached.

    <split>/<word>/ contains the keyword in that split's voices. training/ and validation/ also contain other words
    except its homophones, and training/ words that are near it. Of a word that the voices do not read there are the
    other words alone. Raises KwsError for an invalid word, and as
    `espeak.speak` does.
    """
    return cached_folder(f"spoken-{digest(check_word(word), code(__name__))}", partial(_speak, word))


def _speak(word: str, folder: Path) -> None:
    """Write the clips of `spoken_folder`."""
    alike = homophones(everyday_words()[0], (word,))
    script = [line for split in SPLITS for line in _script(word, split)]
    sounds = espeak.speak([utterance for _, utterance in script])
    pairs = progress(zip(script, sounds, strict=True), f"speaking {word}", len(script))
    for number, ((name, _), sound) in enumerate(pairs):
        path = folder / name
        if path.parent.name in alike:  # spoken, for the sake of the next words' draws, and not kept
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, record(sound, np.random.default_rng([13, number])))


def everyday_clips(word: str) -> dict[str, np.ndarray]:
    """{everyday word: one second of sound, int16 (16000,)}, each in a different voice of testing, without `word` and
    its homophones."""
    alike = homophones(everyday_words()[1], (word,))
    words = [other for other in everyday_words()[1] if other != word]
    voices = draw_voices("testing", len(words), purpose=1)
    sounds = espeak.speak(
        [_utterance(text, voice, n) for n, (text, voice) in enumerate(zip(words, voices, strict=True))]
    )
    return {
        text: record(sound, np.random.default_rng([14, number]))
        for number, (text, sound) in enumerate(zip(words, sounds, strict=True))
        if text not in alike
    }


def _script(word: str, split: str) -> list[tuple[str, espeak.Utterance]]:
    """(file name, utterance) of a split, in the order of speaking."""
    read = is_read(word)
    lines: list[tuple[str, str, Speaker]] = [
        (word, word, voice) for voice in draw_voices(split, VOICES[split]) if read
    ]
    others = [other for other in everyday_words()[0] if other != word]
    if split == "training":
        lines += [(text, text, voice) for text, voice in _with_voices(others + others, "training", 1)]
        by_accent = dict(zip(ACCENTS, espeak.phonemes(word, ACCENTS), strict=True))
        for number, voice in enumerate(draw_voices("training", CONFUSABLES * TIMES, 2)):
            similar = confusables(by_accent[voice.voice.split("+")[0]])
            if similar and read:
                text = f"[[{''.join(similar[number % len(similar)])}]]"
                lines.append((f"like {word}", text, voice))
    elif split == "validation":
        lines += [(text, text, voice) for text, voice in _with_voices(others[:100], "validation", 1)]
    return [
        (f"{split}/{folder}/{voice.id}_nohash_{number}.wav", _utterance(text, voice, number))
        for number, (folder, text, voice) in enumerate(lines)
    ]


def _with_voices(texts: Sequence[str], split: str, purpose: int) -> Iterator[tuple[str, Speaker]]:
    return zip(texts, draw_voices(split, len(texts), purpose), strict=True)


def _utterance(text: str, voice: Speaker, number: int) -> espeak.Utterance:
    return espeak.Utterance(
        text, voice.voice, voice.speed, voice.pitch, 20 + 7 * number % 60, seed=number + 1
    )
