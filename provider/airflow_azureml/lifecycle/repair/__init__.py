"""Repair of a pipeline job: another job runs the steps that have not finished, with the results of those that have."""
