"""Part 5, quantization: tables and figures, and its networks on the board."""
