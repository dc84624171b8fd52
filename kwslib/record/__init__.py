"""Recorded results of a run, their comparison with the original, and the style of figures and tables."""
