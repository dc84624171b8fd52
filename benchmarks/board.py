"""Where the cycles go: a model on the virtual board, function by function, and what bounds each.

    python benchmarks/board.py MODEL.tflite [MODEL.tflite ...]

One second of noise is heard, understood and decided upon. Cycles are those of kwslib.board.cycles at 64 MHz;
they depend on the binary alone, so any machine prints the same table.
"""

from pathlib import Path

import numpy as np
import typer

from kwslib.board.cycles import milliseconds, rounded
from kwslib.board.machine import STAGES, BoardProfile
from kwslib.cli.main import script
from kwslib.features.frontend import FRAMES
from kwslib.measure.profiling import file_costs
from kwslib.predictors import BoardPredictor


def clip() -> np.ndarray:
    """int16 (16000,): noise of speech's level, the same every time."""
    return (np.random.default_rng(0).standard_normal(16000) * 2000).astype(np.int16)


def report(model: Path) -> None:
    profile: BoardProfile = BoardPredictor(model).board.profile(clip())
    stages, macs = profile.stages(), file_costs(model).macs
    print(f"{model.name}: {macs:,} multiply-accumulates\n")
    print(f"  {'stage':<26}{'cycles':>11}{'ms':>9}")
    for stage, cost in stages.items():
        print(f"  {stage:<26}{cost['cycles']:>11,}{rounded(cost['ms']):>9g}")
        if stage == "frontend":
            share = {name: value / FRAMES for name, value in cost.items()}
            print(f"  {'  per frame of 20 ms':<26}{share['cycles']:>11,.0f}{rounded(share['ms']):>9g}")
    busy = stages["frontend"]["ms"] / FRAMES + stages["network"]["ms"] + stages["decision"]["ms"]
    print(f"  one inference per frame {rounded(busy):>22g} ms of 20: {1 - busy / 20:.0%} of the core idle")
    print(f"  network {profile.cycles('network') / macs:.2f} cycles per multiply-accumulate")
    ram = profile.ram_bytes + profile.run.stack_bytes
    print(f"  flash {profile.flash_bytes:,} B; RAM {ram:,} B, of which stack {profile.run.stack_bytes:,} B\n")
    print(f"  {'function':<28}{'stage':<10}{'cycles':>10}{'share':>7}{'instructions':>14}{'flash waits':>13}")
    for stage in STAGES.values():
        for function in profile.functions:
            part = function.cycles / profile.cycles(stage)
            if function.stage == stage and part >= 0.005:
                waits = 2 * function.flash_reads
                print(f"  {function.name[-27:]:<28}{stage:<10}{function.cycles:>10,}{part:>7.1%}", end="")
                print(f"{function.instructions:>14,}{waits:>13,}")
    print(f"  {'start-up':<38}{rounded(milliseconds(profile.cycles('rest'))):>10g} ms\n")


def main(models: list[Path] = typer.Argument(help="Files .tflite.")) -> None:
    for model in models:
        report(model)


if __name__ == "__main__":
    script(main)
