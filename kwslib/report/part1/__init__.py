"""Part 1, preprocessing: tables and figures."""
