"""References to a task's outputs, ``task.output["name"]``, refused while the DAG is parsed where the name is wrong.

Airflow itself would take any name, and the task that reads the output would fail hours later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.task.xcom import RESERVED_KEYS, RESULT_KEYS, reserved_keys

DEFAULT = "default"
"""The output that every job has: its artifacts."""

DECLARING = frozenset({"command", "pipeline", "spark", "sweep"})
"""Types of jobs whose outputs are those that they declare; the service adds more to those of others."""


def checked(reference: Any) -> Any:
    """Make a reference to a task's result whose ``[...]`` takes the names of the task's outputs alone.

    The task's ``output_names`` lists them. Where only a run shows them the reference stays as it is.

    :param reference: Airflow's own reference.
    """
    if reference.operator.output_names() is None:
        return reference
    plain: Any = type(reference)
    return _checked_class(plain)(operator=reference.operator, key=reference.key)


@cache
def _checked_class(plain: Any) -> Any:
    """A reference of Airflow's class, which is another one on each line, that looks at names.

    It has nothing of its own to keep: Airflow copies references by what its own class declares.
    """

    class Reference(plain):  # type: ignore[misc]
        def __getitem__(self, name: Any) -> Any:
            names = self.operator.output_names()
            if isinstance(name, str) and names is not None and name not in RESERVED_KEYS:
                if name not in names:
                    raise no_such_output(self.operator.task_id, name, names)
                is_output = name not in reserved_keys(self.operator)
                if is_output and getattr(self.operator, "wait_for_completion", True) is False:
                    raise not_waited_for(self.operator.task_id, name)
            return super().__getitem__(name)

        def __reduce_ex__(self, protocol: Any) -> Any:
            """Be copied and pickled by the name of Airflow's class: this one has none at the top of a module."""
            _, _, *state = super().__reduce_ex__(max(int(protocol), 2))
            return (_empty, (plain,), *state)

    return Reference


def _empty(plain: Any) -> Any:
    """A reference before its state is given back to it."""
    found = _checked_class(plain)
    return found.__new__(found)


def no_such_output(task_id: str, name: str, names: Collection[str]) -> AzureMLSpecError:
    """The error of a reference to an output that a task does not have."""
    from airflow_azureml.jobspec.document.messages import closest

    near = closest(name, names)
    hint = f' Did you mean "{near}"?' if near else ""
    if name in RESULT_KEYS:
        hint = f' It is in the result: give the next task {task_id}.output, and read ["{name}"] there.'
    has = ", ".join(sorted(names))
    return AzureMLSpecError(
        f'{task_id}.output["{name}"]: task "{task_id}" has no output "{name}".{hint} It has: {has}.'
    )


def not_waited_for(task_id: str, name: str) -> AzureMLSpecError:
    """The error of a reference to an output of a task that does not wait for its job."""
    return AzureMLSpecError(
        f'{task_id}.output["{name}"]: task "{task_id}" does not wait for its job (wait_for_completion=False), so it '
        f'leaves no outputs. Wait for it with AzureMLJobSensor(job_name={task_id}.output), and take "{name}" of that.'
    )


def names_of(operator: Any, *declared: Any) -> frozenset[str] | None:
    """The names of outputs, from the mappings that declare them; None where they are not known before a run.

    :param operator: the task, which may be of a class that pushes more; None where it is not.
    :param declared: mappings of outputs, None for none.
    """
    if operator is not None and _may_push_more(operator):
        return None
    # With multiple_outputs Airflow pushes each key of the result, too.
    names = {DEFAULT, *(RESULT_KEYS if getattr(operator, "multiple_outputs", False) else ())}
    for outputs in declared:
        if outputs is None:
            continue
        if not isinstance(outputs, Mapping) or not all(isinstance(name, str) and "{" not in name for name in outputs):
            return None
        names.update(outputs)
    return frozenset(names)


def names_of_job(operator: Any, job: Any, *further: Any) -> frozenset[str] | None:
    """The names of the outputs of a job that is written out as a mapping; None for any other, and where a component,
    which is not read here, may declare more."""
    if not isinstance(job, Mapping) or job.get("type", "command") not in DECLARING:
        return None
    if job.get("component") or isinstance(job.get("trial"), str):
        return None
    return names_of(operator, job.get("outputs"), *further)


def _may_push_more(operator: Any) -> bool:
    hooks = ("_pre_execute_hook", "_post_execute_hook", "on_execute_callback")
    own = type(operator).__module__.startswith("airflow_azureml.")
    return not own or any(getattr(operator, name, None) for name in hooks)
