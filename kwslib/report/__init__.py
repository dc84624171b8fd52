"""The values, tables and checks of the parts, recorded and compared with the original's."""
