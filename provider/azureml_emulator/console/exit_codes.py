"""The exit codes of ``azureml-emulator``."""

OK = 0
FAILURE = 1
USAGE = 2
"""The command cannot be carried out as given."""

NOT_RUNNING = 3
"""There is no emulator that the command could be about."""
