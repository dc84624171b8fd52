"""From a clip to what a network sees, by the C core that also runs on the board."""
