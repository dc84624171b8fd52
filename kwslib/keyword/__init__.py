"""One's own word, from takes to a model that knows its threshold; see book/own_keyword.md.

What `kws keyword` does by itself: the network and the epochs that it trains, the trials and the hours of sound with
which it chooses a threshold, and tests. The network is the smaller of the two that Part 8 trains for
listening.
"""

ARCH, EPOCHS = "tenet_valid", 20
TRIALS, HOURS = 300, 1.0
