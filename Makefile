# `make TASK` is `python -m kwslib TASK`, and kwslib/__main__.py has the tasks: `make help` lists them.
# PYTHON: of a new environment; PART: of those tasks that can do one part.
PYTHON ?= python3
TASKS := help setup report book pdf record pair quick test colab coverage verify lint lock clean

.PHONY: $(TASKS)
$(TASKS):
	@$(PYTHON) -m kwslib $@ $(PART)
