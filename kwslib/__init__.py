"""kwslib: the thin helper package behind a keyword-spotting report that reruns itself.

The data flow one way: clip -> features -> model -> compressed model -> exported model -> board -> recorded values.
A module imports only from those before it on this line, and importing the package alone loads nothing heavy.
"""

__version__ = "0.1.0"
