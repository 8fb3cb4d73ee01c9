"""A pipeline file as a group of tasks, one for each of its steps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.operators import templates
from airflow_azureml.operators.pipeline_step import AzureMLPipelineStepOperator
from airflow_azureml.task.fields import sdk_objects
from airflow_azureml.task.fields.kinds import refuse_wrong_kinds
from airflow_azureml.version_compat import TaskGroup

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.jobspec.steps.around import Made
    from airflow_azureml.jobspec.steps.split import Split

OF_GROUPS = (
    *("prefix_group_id", "parent_group", "dag", "default_args", "tooltip", "doc_md", "ui_color", "ui_fgcolor"),
    *("add_suffix_on_collision", "group_display_name"),
)
"""Keywords of Airflow's own groups."""


class AzureMLPipelineTaskGroup(TaskGroup):
    """Run a pipeline of Azure ML step by step: each of its nodes is a task with a job of its own.

    Tasks wait for each other as the pipeline's bindings say. Each is retried, cleared and watched by itself; after a
    *Clear* it and what follows run again. A node that runs a pipeline component of a file is a group in the group; any
    other node is one job. All of them run as far as Airflow lets them: nothing is reused by Azure ML
    (``force_rerun``), and ``continue_on_step_failure`` has no meaning here.

    The file is read when the DAG file is: steps, bindings and outputs must be there before templates are rendered.
    Values in it may be templates.

    :param group_id: the group's id, and the first part of its tasks' ids.
    :param job: the pipeline job, as ``AzureMLJobOperator`` takes it: the name of a file, YAML text, a path object, a
        mapping, or an ``azure-ai-ml`` job object. The name of a file cannot be templated.
    :param inputs: laid over the pipeline's own key by key; values may be outputs of other tasks.
    :param outputs: laid over the pipeline's own key by key.
    :param set: dotted paths and values in the pipeline, as of ``AzureMLJobOperator``.
    :param compute: replaces the pipeline's default compute, also as a list in order of preference.
    :param display_name: the first part of the jobs' display names; the second is the step.
    :param checkpoint: goes to the steps that have an output of this name.
    :param parent_job_name: the job or run to show the steps below that are command jobs; also what a task before gives.
    :param kwargs: keywords of Airflow's ``TaskGroup`` go to the group, all others to each of its tasks.
    :raises AzureMLSpecError: the pipeline cannot be split into steps; names file, line and step.
    """

    def __init__(
        self,
        group_id: str,
        *,
        job: Any,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        set: str | Mapping[str, Any] | Sequence[str] | None = None,
        compute: str | Sequence[str] | None = None,
        display_name: str | None = None,
        checkpoint: str | None = None,
        parent_job_name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(group_id=group_id, **{key: kwargs.pop(key) for key in OF_GROUPS if key in kwargs})
        given = {"inputs": inputs, "outputs": outputs, "set": set, "compute": compute}
        refuse_wrong_kinds(type(self), {**given, "display_name": display_name, "checkpoint": checkpoint})
        inputs = inputs or {}
        with translated():
            found = self._split(job, set, inputs, outputs, compute, checkpoint)
        self._makers: dict[str, Made] = dict(found.outputs)
        self._tasks: dict[tuple[str, ...], str] = {}
        groups: dict[tuple[str, ...], TaskGroup] = {(): self}
        for step in found.steps:
            name = ".".join(step.path)
            taken = {
                **{local: inputs[of] for local, of in step.given.items() if of in inputs},
                **{local: self._reference(made) for local, made in step.made.items()},
            }
            of_step = {
                "inputs": taken or None,
                "compute": None if step.has_compute else compute,
                "display_name": f"{display_name}.{name}" if display_name is not None else None,
                "parent_job_name": parent_job_name,
                "checkpoint": checkpoint if checkpoint in step.job.get("outputs", {}) else None,
            }
            task = AzureMLPipelineStepOperator(
                task_id=step.path[-1],
                job=_without_inputs(step.job, taken),
                task_group=_group(groups, step.path[:-1]),
                dag=self.dag,
                **{key: value for key, value in of_step.items() if value is not None},
                **kwargs,
            )
            task.job_places = step.places
            if step.file is not None:
                task.template_file_paths["job"] = step.file
            self._tasks[step.path] = task.task_id

    @property
    def steps(self) -> dict[str, AzureMLPipelineStepOperator]:
        """The tasks by the names of their nodes; those in groups of the group as ``GROUP.NODE``."""
        return {".".join(path): self._task(path) for path in self._tasks}

    @property
    def output(self) -> dict[str, Any]:
        """References to the pipeline's outputs by their names, each to an output of the step that makes it."""
        return _Outputs(self.group_id, {name: self._reference(made) for name, made in self._makers.items()})

    def _reference(self, made: Made) -> Any:
        return self._task(made.step).output[made.output]

    def _task(self, path: tuple[str, ...]) -> AzureMLPipelineStepOperator:
        found: Any = self.dag.get_task(self._tasks[path])
        return cast("AzureMLPipelineStepOperator", found)

    def _split(
        self,
        job: Any,
        set: str | Mapping[str, Any] | Sequence[str] | None,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any] | None,
        compute: Any,
        checkpoint: str | None,
    ) -> Split:
        """Read the pipeline, with what is laid over it.

        :raises rest.errors.SpecError: it is none, or cannot be split.
        """
        from airflow_azureml.jobspec.steps.split import split
        from airflow_azureml.rest.errors import Problem, SpecError

        document = self._document(job)
        if set is not None:
            document = document.with_values(set)
        settings = document.value.get("settings")
        if compute is not None and isinstance(settings, Mapping):
            document = document.replaced(settings={**settings, "default_compute": None})
        found = split(document, inputs, outputs)
        if checkpoint is not None and not any(checkpoint in step.job.get("outputs", {}) for step in found.steps):
            raise SpecError([Problem("checkpoint", f'no step has an output "{checkpoint}".')])
        return found

    def _document(self, job: Any) -> Document:
        """Read the pipeline.

        :raises rest.errors.SpecError: it cannot be read; names the file.
        """
        from airflow_azureml.jobspec.document.load import load, read_text
        from airflow_azureml.jobspec.steps.outline import parsed
        from airflow_azureml.rest.errors import Problem, SpecError

        searchpath = self.dag.template_searchpath or ()
        folders = (self.dag.folder, *([searchpath] if isinstance(searchpath, str) else map(str, searchpath)))
        if is_file_name(job):
            path = templates.find_file(os.fspath(job), folders)
            if path is None:
                where = "" if os.path.isabs(job) else f" Looked in: {', '.join(folders)}."
                raise SpecError([Problem("job", f"the file {os.fspath(job)!r} does not exist.{where}")])
            return parsed(read_text(path), path, os.path.dirname(path))
        if isinstance(job, str):
            return parsed(job, None, folders[0])
        return load(sdk_objects.plain(job, top=True), folder=folders[0], field="job")


class _Outputs(dict[str, Any]):
    """The outputs of a group."""

    def __init__(self, group_id: str | None, references: Mapping[str, Any]) -> None:
        super().__init__(references)
        self._group_id = group_id

    def __missing__(self, name: str) -> NoReturn:
        from airflow_azureml.jobspec.document.messages import nearest

        near = nearest(name, list(self)) if self else " It has none that a step makes."
        raise AzureMLSpecError(
            f'{self._group_id}.output["{name}"]: the pipeline of group "{self._group_id}" has no output "{name}".{near}'
        )


def _without_inputs(job: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A step's job without the inputs that its task is given beside it."""
    left = {name: value for name, value in job.get("inputs", {}).items() if name not in given}
    return {key: value for key, value in {**job, "inputs": left}.items() if value != {}}


def _group(groups: dict[tuple[str, ...], TaskGroup], path: tuple[str, ...]) -> TaskGroup:
    """The group of a pipeline in the pipeline, made once."""
    if path not in groups:
        groups[path] = TaskGroup(group_id=path[-1], parent_group=_group(groups, path[:-1]), dag=groups[()].dag)
    return groups[path]
