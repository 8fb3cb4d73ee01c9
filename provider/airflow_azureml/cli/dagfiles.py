"""``airflow-azureml validate --dags``: goes through DAG files and reports mistakes in our operators' keywords."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from airflow_azureml.cli.dagcalls import DECORATOR, PACKAGE, DagFile, read
from airflow_azureml.cli.dagchecks import judge_call, problems_of_reads
from airflow_azureml.cli.reporting import complain, problems_of
from airflow_azureml.cli.validation import YAML, files
from airflow_azureml.jobspec.document.load import read_text
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace


class DagValidation:
    """One run of the command.

    :param workspace: what stands for the workspace in what is made of each call.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.valid = self.invalid = 0
        self.warned: set[str] = set()

    def run(self, paths: Sequence[str]) -> int:
        """Check DAG files, and all Python files in folders that name our package; gives back the exit code."""
        unread: list[OSError] = []
        for given in paths:
            seen = self.seen
            for path, named in files([given], unread.append, (".py",)):
                self.file(path, named)
            if self.seen == seen and not unread:
                # Who checks their files in CI must not believe that these were.
                print(f"warning: {given}: no DAG file with operators of this provider. YAML files: without --dags.")
        for error in unread:
            self.unread(problems_of(error), str(error.filename), str(error.filename) in paths)
        print(f"{self.valid} valid, {self.invalid} invalid")
        return 1 if self.invalid else 0

    def file(self, path: str, named: bool) -> None:
        """Report how many of our operators a file has, and their problems."""
        try:
            text = read_text(path)
        except SpecError as error:
            self.unread(error.problems, path, named)
            return
        if PACKAGE not in text and DECORATOR not in text and not named:
            return
        try:
            dag_file = read(text, os.path.abspath(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.report([_not_python(error, path)], path)
            return
        if dag_file.calls or dag_file.problems or named:
            problems, warnings = self.judge(dag_file, path)
            self.report(problems, path, len(dag_file.calls))
            for warning in warnings:
                if warning not in self.warned:  # a job file is read for each task that names it
                    self.warned.add(warning)
                    print(f"warning: {warning}")

    @property
    def seen(self) -> int:
        """How many files had a verdict."""
        return self.valid + self.invalid

    def judge(self, dag_file: DagFile, path: str) -> tuple[list[Problem], list[str]]:
        """All problems of a file, by line, and the warnings."""
        whole = os.path.abspath(path)
        problems, warnings = list(dag_file.problems), list[str]()
        for call in dag_file.calls:
            found, worth = judge_call(call, dag_file, whole, os.path.dirname(whole), self.workspace)
            problems += found
            warnings += worth
        problems += problems_of_reads(dag_file, whole, os.path.dirname(whole))
        in_order = sorted(dict.fromkeys(problems), key=lambda problem: (problem.file != whole, problem.line or 0))
        return in_order, warnings

    def report(self, problems: Sequence[Problem], path: str, count: int | None = None) -> None:
        """Report the verdict on a file."""
        operators = "" if count is None else f"{count} operator{'' if count == 1 else 's'}, "
        print(f"{path}: a DAG file, {operators}{'invalid' if problems else 'valid'}")
        complain(problems, path)
        self.invalid += bool(problems)
        self.valid += not problems

    def unread(self, problems: Iterable[Problem], path: str, named: bool) -> None:
        """Report what cannot be read: an error where somebody gave this very file, a warning in a folder."""
        if named:
            self.report(list(problems), path)
            return
        for problem in problems:
            print(f"warning: {problem}")


def _not_python(error: Exception, path: str) -> Problem:
    if path.lower().endswith(YAML):
        return Problem("", "this is a YAML file, and --dags checks DAG files (.py). Without --dags it is checked.")
    message = f"this is not valid Python: {getattr(error, 'msg', None) or error}."
    return Problem("", message, None, getattr(error, "lineno", None))
