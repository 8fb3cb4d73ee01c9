"""``airflow-azureml validate``: goes through files and folders and reports each file's kind and verdict."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from airflow_azureml.cli.reporting import complain, line_of, problems_of
from airflow_azureml.jobspec.check import Verdict, check
from airflow_azureml.jobspec.document.load import load, read_text
from airflow_azureml.jobspec.document.yamloutline import is_template, outline, schema_of
from airflow_azureml.jobspec.recognition.recognised import recognise
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace

LARGEST = 5_000_000
"""Bytes of a file that is looked into: what somebody wrote by hand is far smaller."""


@dataclass
class Validation:
    """One run of the command.

    :param workspace: what stands for the workspace in what is made of each file.
    :param counts: how many files came to which end, by the words of the last line.
    :param warned: the warnings that were printed.
    """

    workspace: Workspace
    counts: Counter[str] = field(default_factory=Counter)
    warned: set[str] = field(default_factory=set)

    def run(self, paths: Iterable[str]) -> int:
        """Check files, and all files of Azure ML in folders; gives back the exit code."""
        unread: list[OSError] = []
        for path, named in files(paths, unread.append):
            self.file(path, named)
        for error in unread:
            self.unread(problems_of(error), str(error.filename), named=str(error.filename) in paths)
        self.sum_up()
        return 1 if self.counts["invalid"] else 0

    def file(self, path: str, named: bool) -> None:
        """Report a file's kind and verdict; a file of a folder that is nothing of Azure ML is counted only."""
        try:
            text = _text(path)
        except (SpecError, OSError) as error:
            self.unread(problems_of(error), path, named)
            return
        try:
            document = load(text, folder=os.path.dirname(path), file=os.path.abspath(path))
        except SpecError as error:
            self.broken(text, error, path, named)
            return
        self.report(check(document, self.workspace, named=named), path, named)

    def report(self, verdict: Verdict, path: str, named: bool) -> None:
        """Report what a file is, its problems, and its warnings."""
        if verdict.recognised is not None or named:
            print(f"{path}: {verdict}")
        for warning in verdict.warnings:
            if warning not in self.warned:  # a component is read for each job that names it
                self.warned.add(warning)
                print(f"warning: {warning}")
        complain(verdict.problems, path)
        self.counts[_end(verdict)] += 1

    def broken(self, text: str, error: SpecError, path: str, named: bool) -> None:
        """Report text that is no YAML, or none that Azure ML accepts; most often it is another program's."""
        documents = outline(text)
        looks = [{"$schema": schema_of(text)}] if documents is None else documents
        ours = next(filter(None, map(recognise, looks)), None)
        if ours is None and documents is not None:
            self.report(Verdict(None), path, named)
        elif ours is not None and (named or not is_template(text)):
            self.report(Verdict(ours, True, problems=error.problems), path, named)
        else:
            self.unread(_as_template(error.problems) if is_template(text) else error.problems, path, named)

    def unread(self, problems: Iterable[Problem], path: str, named: bool) -> None:
        """Report what cannot be read: an error where somebody gave this very file, a warning in a folder."""
        if named:
            self.counts["invalid"] += 1
            complain(problems, path)
            return
        self.counts["unreadable"] += 1
        for problem in problems:
            print(f"warning: {line_of(problem, path)}")
            return

    def sum_up(self) -> None:
        """Say how many files came to which end."""
        further = ("recognised, not checked", "skipped", "unreadable")
        ends = [f"{self.counts[word]} {word}" for word in further if self.counts[word]]
        print("; ".join([f"{self.counts['valid']} valid, {self.counts['invalid']} invalid", *ends]))


def _end(verdict: Verdict) -> str:
    if verdict.recognised is None:
        return "skipped"
    return "invalid" if verdict.problems else "valid" if verdict.checked else "recognised, not checked"


def _as_template(problems: Sequence[Problem]) -> list[Problem]:
    """Say of a text with templates in it why it cannot be read yet."""
    return [replace(problem, message=f"this is a template. As it stands {problem.message}") for problem in problems]


def _text(path: str) -> str:
    size = os.stat(path).st_size
    if size > LARGEST:
        raise SpecError([Problem("", f"this has {size} bytes: files over {LARGEST} bytes are not checked.")])
    text = read_text(path)
    return text if text.endswith("\n") else text + "\n"


YAML = (".yml", ".yaml")


def files(
    paths: Iterable[str], unread: Callable[[OSError], object], endings: tuple[str, ...] = YAML
) -> Iterator[tuple[str, bool]]:
    """Go through the files: those named themselves, and those of the folders that have one of some endings.

    :param unread: called for a folder that cannot be read.
    :return: the file, and whether it was named itself.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path, True
            continue
        for folder, inner, names in os.walk(path, onerror=unread):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                file = os.path.join(folder, name)
                # No pipe, nor a device; a broken link is reported.
                if name.lower().endswith(endings) and (os.path.isfile(file) or not os.path.exists(file)):
                    yield file, False
