"""The values, tables and checks of the six parts, recorded and compared with the original's."""
