"""From a corpus of recordings to listed clips of one second."""
