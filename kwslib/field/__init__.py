"""A reproducible field test: words in simulated rooms, through a simulated microphone, into the deployed chain.

from kwslib.field import run_trials
result = run_trials("model.tflite", n=2000, seed=0, corpus=corpus)
result.accuracy, result.ci95
"""

from kwslib.field.conditions import HARD, Field
from kwslib.field.evaluate import FieldResult, run_trials, small_tests, stage
from kwslib.field.microphone import Microphone

__all__ = ["HARD", "Field", "FieldResult", "Microphone", "run_trials", "small_tests", "stage"]
