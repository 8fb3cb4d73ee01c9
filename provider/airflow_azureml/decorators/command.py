"""``@task.azureml_command``: a function that returns the command of a job."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.decorators import arguments
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators.jobs import AzureMLCommandJobOperator
from airflow_azureml.task.fields.mapped import checked_when_mapped
from airflow_azureml.version_compat import DecoratedOperator, determine_kwargs, task_decorator_factory

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.wait import WaitOptions
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.cancellation import TaskCancellation
    from airflow_azureml.task.job_task import JobTask


class _AzureMLCommandDecoratedOperator(DecoratedOperator, AzureMLCommandJobOperator):
    """Run the command that a function returns.

    The function is called once for each job that is submitted, on the worker that submits it.

    :param python_callable: the function.
    :param op_args: its arguments by place (templated).
    :param op_kwargs: its arguments by name (templated).
    """

    custom_operator_name = "@task.azureml_command"
    overwrite_rtif_after_execution = True
    only_workers_start = "its command is what a function returns, and only workers have the function"
    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *AzureMLCommandJobOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **AzureMLCommandJobOperator.template_fields_renderers,
    }
    shallow_copy_attrs: Sequence[str] = ("python_callable",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., str],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        name = python_callable.__name__
        if "command" in kwargs:
            raise AzureMLSpecError(f"{name}: command is not accepted: it is what the function returns.")
        by_place = op_args or ()
        bound = arguments.declared(python_callable, kwargs.get("inputs"), kwargs.get("outputs"), len(by_place))
        self.placeholder = f"what {name}() returns"
        super().__init__(
            python_callable=python_callable,
            op_args=by_place,
            op_kwargs={**bound, **(op_kwargs or {})},
            command=self.placeholder,
            **kwargs,
        )

    def _hook_apply_defaults(self, *args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Give parameters of the function their ``default_args``, and the rest what every operator of ours does."""
        args, kwargs = super()._hook_apply_defaults(*args, **kwargs)  # type: ignore[no-untyped-call]
        # Airflow's own class comes first, and hands nothing on to the next.
        return AzureMLCommandJobOperator._hook_apply_defaults(self, *args, **kwargs)

    def document(self, context: Any) -> Document:
        """Have the function write the command, and the job with it."""
        from airflow_azureml.rest.errors import SpecError, half_at
        from airflow_azureml.rest.json_values import place_of_half

        function, inputs = self.python_callable, self.inputs
        args, kwargs, self.inputs = arguments.taken(function, self.op_args, self.op_kwargs, inputs, self.outputs)
        text = function(*args, **{**determine_kwargs(function, args, context), **kwargs})
        if not isinstance(text, str) or not text.strip():
            raise AzureMLSpecError(f"{function.__name__} returned {text!r}. Accepted: the text of a command.")
        command = self.render_template(text, context)
        if (place := place_of_half(command)) is not None:  # Airflow stores a field that is set when the task ends
            raise SpecError([half_at(place, "command")])
        self.command = command
        return super().document(context)

    def _see_through(
        self, context: Any, cancellation: TaskCancellation, task: JobTask, job: Job, options: WaitOptions
    ) -> dict[str, Any]:
        """Wait as every task with a job does. One that has come back shows the command of its job in Airflow's UI."""
        properties = job.raw.get("properties")
        if self.command == self.placeholder and isinstance(properties, Mapping):
            self.command = str(properties.get("command") or self.placeholder)
        return super()._see_through(context, cancellation, task, job, options)


def azureml_command(python_callable: Callable[..., str] | None = None, **kwargs: Any) -> Any:
    """Make a task of a function that returns the command of an Azure ML job.

    The result of the task is that of ``AzureMLCommandJobOperator``. A parameter of the function that is named like a
    declared input or output is given its binding, such as ``${{inputs.data}}``, to put into the text, and so is one
    whose argument is data (a mapping with ``path``, such as another task's output), which thereby becomes an input. All
    other arguments are the function's own; Airflow's names, such as ``ds``, can be parameters, too.

    :param python_callable: the function; without one, the decorator is given keywords first.
    :param kwargs: those of ``AzureMLCommandJobOperator`` but ``command``, and those of every task.
    """
    if python_callable is None:
        return functools.partial(azureml_command, **kwargs)
    return checked_when_mapped(
        task_decorator_factory(
            python_callable=python_callable, decorated_operator_class=_AzureMLCommandDecoratedOperator, **kwargs
        )
    )
