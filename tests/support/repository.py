"""Where things are in the repository."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "book" / "results" / "models"
SERIAL_LOG = REPOSITORY / "tests" / "board" / "serial.log"
