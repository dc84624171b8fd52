"""Conditions of the field test: speech level, distance, room, background and microphone.

The ranges below define the test. They are fixed, so that results are comparable and the field cannot be made easier;
DEFAULT is the default field, HARD the hard one.
"""

from dataclasses import dataclass, replace

from kwslib.errors import KwsError
from kwslib.field.microphone import MP34DT05, Microphone

Range = tuple[float, float]
LIMITS: dict[str, tuple[str, float, float]] = {  # name: unit, least, most
    "speech_spl": ("dB SPL", 30, 100),
    "distance": ("m", 0.1, 5),
    "rt60": ("s", 0.1, 1),
    "snr": ("dB", -10, 60),
}


@dataclass(frozen=True)
class Field:
    """Ranges from which trials are drawn, each (minimum, maximum).

    speech_spl  level of the speech at 1 m, dB SPL over its loudest 0.3 s, uniform
    distance    from mouth to microphone, m, uniform in its logarithm
    rt60        reverberation time, s, uniform; None for the free field, without walls
    snr         speech over background at the microphone, dB, uniform; None for no background
    microphone  None for a recorder that scales each word to the level of its clip

    Raises KwsError for a range outside LIMITS.
    """

    speech_spl: Range = (60.0, 72.0)
    distance: Range = (0.3, 2.0)
    rt60: Range | None = (0.15, 0.6)
    snr: Range | None = (5.0, 30.0)
    microphone: Microphone | None = MP34DT05

    def __post_init__(self) -> None:
        for name, (unit, least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not least <= value[0] <= value[1] <= most:
                raise KwsError(
                    f"{name} from {value[0]:g} to {value[1]:g} {unit}: stay within {least:g} to {most:g}"
                )


def harder(field: Field) -> Field:
    """A harder field: half the signal-to-noise ratios, twice the distances."""
    snr = None if field.snr is None else (field.snr[0] / 2, field.snr[1] / 2)
    return replace(field, distance=(2 * field.distance[0], 2 * field.distance[1]), snr=snr)


DEFAULT = Field()
HARD = harder(DEFAULT)
