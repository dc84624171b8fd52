"""Part 6, pruning: tables and figures, its networks on the board, and everything together."""
