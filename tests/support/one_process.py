"""Work that is spread over cores, done by one process in tests: others would import torch again for a moment's work."""

import pickle

import joblib
from joblib.externals.loky.backend.reduction import dumps


class Pickled(joblib.Parallel):
    """joblib.Parallel whose only process is given work, and gives results, as another would: pickled."""

    def __init__(self, *given, prefer=None, **named):
        super().__init__(*given, prefer=prefer, **named)
        self.alone = self.n_jobs == 1 and prefer == "processes"

    def __call__(self, calls):
        return super().__call__(((through, (call,), {}) for call in calls) if self.alone else calls)


def passed(given):
    """What another process gets for what it is given."""
    return pickle.loads(dumps(given))


def through(call):
    """The result of a call (function, arguments, named arguments) in another process."""
    function, given, named = passed(call)
    return passed(function(*given, **named))
