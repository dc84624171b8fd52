"""Corpora of recordings, and their clips of one second."""
