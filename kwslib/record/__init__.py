"""What a run found, recorded; the original beside it; the style of figures and tables."""
