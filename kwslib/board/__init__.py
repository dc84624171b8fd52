"""The board without a board: firmware built for a Cortex-M4F, executed and its cycles counted."""

from kwslib.board.machine import Board, BoardProfile, BoardRun, FunctionCost

__all__ = ["Board", "BoardProfile", "BoardRun", "FunctionCost"]
