"""Run history and the metric service, as the SDK of version 1 asks them."""
