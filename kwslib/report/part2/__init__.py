"""Part 2, size estimation: tables and figures."""
