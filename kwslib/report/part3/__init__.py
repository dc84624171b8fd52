"""Part 3, training: tables and figures."""
