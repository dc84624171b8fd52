"""Words spoken by eSpeak NG, the same bytes every time.

The synthesizer is the library in the PyPI package espeakng-loader (eSpeak NG 1.52). It keeps
hidden state from one word to the next, so that a list of words is always spoken by a new process, in order,
with the random seed set before each: `speak` starts `python -m kwslib.data.espeak`, passes it the list on
standard input and reads the PCM back. eSpeak NG is GPL-3: it runs as a separate program while data is
generated, and no part of it is part of kwslib.
"""

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kwslib.errors import KwsError

RATE = 22_050  # Hz, of every eSpeak NG voice
VOLUME = 60  # of eSpeak's 0 to 200: at its usual 100 some voices clip
REMEDY = "reinstall it with `pip install --force-reinstall espeakng-loader`, or use recordings (--data DIR)"

# Constants of speak_lib.h
_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_SPEED, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_UTF8, _PHONEMES = 1, 0x100  # text, and within [[ ]] phonemes
_SEPARATED = ord("_") << 8
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True)
class Utterance:
    """One word to speak. `voice` is an eSpeak name such as "gmw/en-US+f2" (accent + variant).

    Within [[ ]] the text is phonemes, as `phonemes` gives them.
    """

    text: str
    voice: str
    speed: int = 160  # words per minute
    pitch: int = 50  # 0 to 99
    pitch_range: int = 50  # 0 (monotone) to 99
    seed: int = 0

    def __post_init__(self) -> None:
        if not 80 <= self.speed <= 450 or not 0 <= self.pitch <= 99 or not 0 <= self.pitch_range <= 99:
            raise KwsError(f"cannot speak {self}: speed must be 80 to 450, pitch and pitch_range 0 to 99")


def speak(utterances: Sequence[Utterance]) -> list[np.ndarray]:
    """Speak all utterances in a new process: int16 arrays (n,) at 22,050 Hz, in order.

    Raises KwsError for a text that has no sound, and when eSpeak NG cannot be loaded, lacks a voice or crashes.
    """
    answer = _ask([vars(utterance) for utterance in utterances])
    clips, start = [], 0
    for utterance in utterances:
        (size,) = struct.unpack_from("<I", answer, start)
        if not size:
            raise KwsError(f"the synthesizer says nothing for {utterance.text!r}: choose a word with letters")
        clips.append(np.frombuffer(answer, "<i2", size // 2, start + 4).astype(np.int16))
        start += 4 + size
    return clips


def phonemes(text: str, voices: Sequence[str]) -> list[tuple[str, ...]]:
    """The phonemes of a text in each voice, in eSpeak's notation with stress marks (', ,) before vowels.

    "happy" is ("h", "'a", "p", "i"). Raises KwsError as `speak` does.
    """
    return transcriptions([(text, voice) for voice in voices])


def transcriptions(texts: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The phonemes of each (text, voice), as from `phonemes`. Raises KwsError as `speak` does."""
    answer = _ask([{"phonemes": text, "voice": voice} for text, voice in texts])
    spoken = (line.replace(" ", "_").split("_") for line in answer.decode().splitlines())
    return [tuple(phoneme for phoneme in transcription if phoneme) for transcription in spoken]


def _ask(requests: list[dict[str, Any]]) -> bytes:
    """What a fresh process answers. Raises KwsError where it cannot."""
    package_parent = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "kwslib.data.espeak"]
    done = subprocess.run(
        command,
        input=json.dumps(requests).encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), f"exit status {done.returncode}")
        raise KwsError(f"eSpeak NG does not work here ({reason.strip()}): {REMEDY}")
    return done.stdout


class _Synthesizer:
    """eSpeak NG through ctypes. One per process: the library's state is global."""

    def __init__(self) -> None:
        import espeakng_loader

        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = Path(espeakng_loader.get_data_path())
        os.chdir(data.parent)  # the library takes paths of up to 160 bytes: a relative one is always short
        rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, data.name.encode(), _DO_NOT_EXIT)
        if rate != RATE:
            raise OSError(f"espeak_Initialize gave {rate} instead of {RATE} Hz with {data}")
        self.chunks: list[bytes] = []
        self.callback = _CALLBACK(self._collect)  # kept: ctypes does not own a reference
        self.library.espeak_SetSynthCallback(self.callback)

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self.chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    def speak(self, utterance: Utterance) -> bytes:
        """Little-endian int16 PCM of one utterance; nothing where it is silent."""
        self._choose(utterance.voice)
        self.library.espeak_SetParameter(_VOLUME, VOLUME, 0)
        self.library.espeak_SetParameter(_SPEED, utterance.speed, 0)
        self.library.espeak_SetParameter(_PITCH, utterance.pitch, 0)
        self.library.espeak_SetParameter(_RANGE, utterance.pitch_range, 0)
        self.library.espeak_ng_SetRandSeed(utterance.seed)
        self.chunks.clear()
        text = utterance.text.encode() + b"\0"
        failed = self.library.espeak_Synth(
            text, ctypes.c_size_t(len(text)), 0, 0, 0, _UTF8 | _PHONEMES, None, None
        )
        self.library.espeak_Synchronize()
        if failed:
            raise OSError(f"{utterance.text!r} was not spoken, error {failed}")
        pcm = b"".join(self.chunks)
        return pcm if any(pcm) else b""

    def phonemes(self, text: str, voice: str) -> bytes:
        """The phonemes of a text in a voice, separated by _, a line."""
        self._choose(voice)
        rest = ctypes.c_char_p(text.encode())
        parts = []
        while rest.value:  # a clause at a time
            parts.append(self.library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _SEPARATED))
        return b"_".join(parts) + b"\n"

    def _choose(self, voice: str) -> None:
        if self.library.espeak_SetVoiceByName(voice.encode()):
            raise OSError(f"no voice {voice}")


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Speak the JSON list of utterances on `requests`, up to the first that is silent; write each as its byte count and
    its PCM. Of what asks for phonemes, write these."""
    synthesizer = _Synthesizer()
    for fields in json.load(requests):
        if "phonemes" in fields:
            answers.write(synthesizer.phonemes(fields["phonemes"], fields["voice"]))
            continue
        pcm = synthesizer.speak(Utterance(**fields))
        answers.write(struct.pack("<I", len(pcm)) + pcm)
        if not pcm:
            break
    answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
