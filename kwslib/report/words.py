"""Words for what cells print: settings without Python's spelling, outcomes of checks, a number with its noun."""

from dataclasses import asdict
from typing import Any

UNITS = {"ms": "(ms)", "percent": "(%)"}  # as the name of a setting ends


def yes_no(holds: object) -> str:
    """The outcome of a check."""
    return "yes" if holds else "no"


def counted(number: int, noun: str) -> str:
    """One bit, several bits."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def settings(chosen: Any) -> dict[str, str]:
    """The fields of a dataclass by name, in words: "shift (ms)" for shift_ms, "yes, no" for a tuple."""
    return {_name(field): _value(value) for field, value in asdict(chosen).items()}


def _name(field: str) -> str:
    return " ".join(UNITS.get(word, word) for word in field.split("_"))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
