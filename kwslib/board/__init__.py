"""The virtual board: firmware compiled for a Cortex-M4F, executed in an emulator, with a cycle model."""

from kwslib.board.machine import Board, BoardProfile, BoardRun, FunctionCost

__all__ = ["Board", "BoardProfile", "BoardRun", "FunctionCost"]
