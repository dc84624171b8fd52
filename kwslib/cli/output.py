"""What every command's output shares."""

import json
from typing import Any


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object on standard output, and nothing else."""
    print(json.dumps(result, indent=2))
