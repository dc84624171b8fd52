"""The two ways in which a command ends badly, and their exit statuses."""


class KwsError(Exception):
    """Bad usage or bad input: one line that names the culprit and the remedy (exit status 2)."""


class CheckFailed(Exception):
    """The work was done and a check on its result did not hold (exit status 1)."""
