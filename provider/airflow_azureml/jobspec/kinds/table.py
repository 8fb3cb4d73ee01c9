"""All kinds of job: a row each, from which translation, nodes, components and the checks of files are derived."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_azureml.jobspec.kinds import (
    automl,
    command,
    data_transfer,
    distillation,
    do_while,
    finetuning,
    if_else,
    parallel,
    parallel_for,
    pipeline,
    spark,
    sweep,
)
from airflow_azureml.jobspec.nodes.control import takes_previews
from airflow_azureml.jobspec.nodes.kind import JobTranslator, Kinds
from airflow_azureml.rest.errors import Problem
from airflow_azureml.rest.ids import Workspace

KINDS: Kinds = {
    folder.KIND.word: folder.KIND
    for folder in (
        *(command, pipeline, data_transfer, sweep, parallel, spark, automl, finetuning, distillation),
        *(if_else, do_while, parallel_for),
    )
}
"""The rows by their words. Where keys fit several kinds, the first of these decides: a task of data transfer is no
parallel one."""

JOB_TYPES = tuple(word for word, kind in KINDS.items() if kind.job is not None)
"""Words of the kinds that a job of its own can be of."""

COMPONENT_TYPES = tuple(word for word, kind in KINDS.items() if kind.component is not None)
"""Words of the kinds that a component can be of."""


def job_translator(problems: Iterable[Problem], workspace: Workspace, *, previews: bool | None = None) -> JobTranslator:
    """Begin the translation of a job or component that may contain jobs of any kind.

    :param problems: what is wrong with its document as such.
    :param previews: whether private previews are taken; None: as the environment says.
    """
    taken = takes_previews() if previews is None else previews
    return JobTranslator(workspace, list(problems), kinds=KINDS, previews=taken)
