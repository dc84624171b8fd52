"""kwslib: the thin helper package behind a keyword-spotting report that reruns itself.

The data go one way, and so do the imports:

    data -> features -> networks -> pruning -> quantization -> checkpoints -> deployment -> measure -> board
         -> predictors -> field -> keyword -> record -> experiments -> report -> page -> cli

A module imports only from its own room, from those before it on this line, and from the small modules that all share,
such as errors and paths; inside functions too. `make lint` checks it. Importing the package alone loads nothing heavy.
"""

__version__ = "0.2.0"
