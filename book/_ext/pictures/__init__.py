"""Explanatory pictures, drawn by code: one module each, whose `draw(values)` returns a `drawing.Drawing`.

`values` are the recorded values of all parts, {"04_deployment/board_ms_network": 6.4, ...}: what a picture says of our
network in numbers comes from there, or from the code that it explains.
"""
