"""From a clip to a network's input features, computed by the C core that also runs on the board."""
