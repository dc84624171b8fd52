"""A user's own keyword, from takes to a model with its threshold; see book/own_keyword.md.

The defaults of `kws keyword`: the network and its number of epochs, and the trials and hours of sound on which it
chooses a threshold, and tests. The network is the smaller of the two that Part 8 trains for
listening.
"""

ARCH, EPOCHS = "tenet_valid", 20
TRIALS, HOURS = 300, 4.0
