"""Part 4, deployment: tables and figures of conversion, board and field."""
