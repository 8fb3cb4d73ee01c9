"""The base of all operators: one workspace, reached through one connection, and the rules of its template fields."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.operators import templates
from airflow_azureml.task.fields.rendered_texts import TextFieldsOperator
from airflow_azureml.task.output_references import not_waited_for
from airflow_azureml.version_compat import XComNotFound

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.jobspec.document.document import Document


PLAIN_SEQUENCES = (str, bytes, list, tuple)
"""Sequences that a reference may stand for as they are."""


class AzureMLBaseOperator(TextFieldsOperator):
    """Work on one Azure ML workspace.

    ``template_ext`` stays empty on purpose: Airflow would apply it to every string in every field, and take
    ``path: azureml:config.yml`` for a template file. Only fields in ``template_file_fields`` may hold a file's name.

    :param azureml_conn_id: connection of type ``azureml`` (or ``azure``).
    :param subscription_id: overrides the connection's.
    :param resource_group: overrides the connection's.
    :param workspace_name: overrides the connection's.
    """

    pushes_each_key: ClassVar[bool] = False
    """Whether each key of the result is an XCom of its own, so that ``task.output["id"]`` is one of them."""
    spec: Any
    """What is to be made, in the CLI's YAML, of operators that take it beside keywords."""

    template_fields: Sequence[str] = ("azureml_conn_id", "subscription_id", "resource_group", "workspace_name")
    template_ext: Sequence[str] = ()
    template_file_fields: ClassVar[tuple[str, ...]] = ()
    ui_color = "#e3f0fb"

    def __init__(
        self,
        *,
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("resources") is not None:
            refuse_resources(type(self))
        if self.pushes_each_key:
            kwargs.setdefault("multiple_outputs", True)
        super().__init__(**kwargs)
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self.template_file_paths: dict[str, str] = {}

    @property
    def output(self) -> Any:
        """A reference to the result, which any keyword takes in place of a value: for type checkers ``Any``."""
        return super().output

    def hook(self) -> AzureMLHook:
        """Make the hook for this operator's workspace."""
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook(self.azureml_conn_id, self.subscription_id, self.resource_group, self.workspace_name)

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, seen_oids: Any = None) -> Any:
        """Render as Airflow does, but leave ``${{...}}`` and ``$[[...]]`` to Azure ML, and paths and jobs whole."""
        if isinstance(content, str):
            return self._render_text(content, context, jinja_env, seen_oids)
        if isinstance(content, os.PathLike) and not hasattr(content, "serialize"):
            return content
        try:
            found = super().render_template(content, context, jinja_env, seen_oids)
            if found is None:
                refuse_no_result(content)
            if found is content or not isinstance(found, Sequence) or isinstance(found, PLAIN_SEQUENCES):
                return found
            return list(found)  # what a mapped task has left: a sequence of Airflow's own, fetched when it is read
        except XComNotFound as error:
            raise missing_output(error.task_id, error.key, context["ti"]) from None

    def _render_text(self, content: str, context: Any, jinja_env: Any, seen_oids: Any) -> Any:
        render = super().render_template
        try:
            return templates.render_around_bindings(content, lambda text: render(text, context, jinja_env, seen_oids))
        except Exception as error:
            message = templates.without_date(error, context)
            if message is None:
                raise
            raise AzureMLSpecError(message) from None

    def resolve_template_files(self) -> None:
        """Swap file names in ``template_file_fields`` for the files' text when the DAG file is processed.

        What is not found here (a templated or mapped name, a file that is missing) is looked for again by ``execute``.
        """
        for field in self.template_file_fields:
            value = getattr(self, field, None)
            if value is None or not is_file_name(value):
                continue
            path = templates.find_file(os.fspath(value), self.template_folders())
            if path is None:
                continue
            try:
                text = templates.read_file(path)
            except (OSError, UnicodeDecodeError):
                continue
            self.template_file_paths[field] = path
            setattr(self, field, text)
        self.prepare_template()

    def template_folders(self) -> tuple[str, ...]:
        """Where relative names are looked for: the DAG file's folder first, then ``template_searchpath``."""
        if not self.has_dag():  # type: ignore[no-untyped-call]
            return (os.getcwd(),)
        searchpath = self.dag.template_searchpath or ()
        return (self.dag.folder, *([searchpath] if isinstance(searchpath, str) else map(str, searchpath)))

    def load_field(self, field: str, context: Any) -> Document:
        """Read the document that a field holds as a file's name, text, mapping or ``azure-ai-ml`` object.

        :raises rest.errors.SpecError: it cannot be read; names the field or file.
        """
        from airflow_azureml.jobspec.document.load import load

        value, path = getattr(self, field), self.template_file_paths.get(field)
        if path is None and is_file_name(value):
            path, text = self._read(field, os.fspath(value))
            value = self.render_template(text, context)
        return load(value, file=path, field=field, **self._local_files())

    def load_spec(self, context: Any, given: Mapping[str, Any]) -> Document:
        """Read the field ``spec`` with keywords laid over it; those that are None say nothing.

        :raises rest.errors.SpecError: it cannot be read; names the field or file.
        """
        from airflow_azureml.jobspec.document.load import load

        said = {key: value for key, value in given.items() if value is not None}
        if self.spec is None:
            return load(said, from_python=True, **self._local_files())
        return self.load_field("spec", context).replaced(**said)

    def _local_files(self) -> dict[str, Any]:
        """What a document is to know of this task's local files: arguments of ``load``."""
        from airflow_azureml.hooks.checkout import own_checkout

        return {"folder": self.template_folders()[0], "checkout": own_checkout()}

    def read_file_of(self, field: str, context: Any) -> str:
        """Read and render the file that a field names.

        :raises rest.errors.SpecError: it cannot be read; names the field or file.
        """
        _, text = self._read(field, os.fspath(getattr(self, field)))
        rendered: str = self.render_template(text, context)
        return rendered

    def _read(self, field: str, name: str) -> tuple[str, str]:
        from airflow_azureml.rest.errors import Problem, SpecError

        path = templates.find_file(name, self.template_folders())
        if path is None:
            where = "" if os.path.isabs(name) else f" Looked in: {', '.join(self.template_folders())}."
            raise SpecError([Problem(field, f"the file {name!r} does not exist.{where}")])
        try:
            return path, templates.read_file(path)
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError([Problem(field, f"the file {path} cannot be read: {error}.")]) from None


NO_RESULT = (
    "has left no result in this run: it was skipped, has failed or has not run; or it keeps none (do_xcom_push=False), "
    "or its result is null"
)


def refuse_no_result(reference: Any) -> None:
    """Refuse a reference to the whole result of one of our tasks that has left none: it would be as if nothing was
    given, and a job would run on another compute. What a function returns may be None.

    :raises AzureMLSpecError: names the task.
    """
    task: Any = getattr(reference, "operator", None)
    if "azureml_conn_id" in getattr(task, "template_fields", ()):
        raise AzureMLSpecError(f'{task.task_id}.output: task "{task.task_id}" {NO_RESULT}.')


def missing_output(task_id: str, key: str, ti: Any) -> AzureMLSpecError:
    """The error of a reference to an upstream output, ``task.output["name"]``, that the task did not push.

    It says which outputs the task has, if its result shows them, or that there is no result.
    """
    result = ti.xcom_pull(task_ids=task_id)
    if result is None:
        return AzureMLSpecError(f'{task_id}.output["{key}"]: task "{task_id}" {NO_RESULT}.')
    outputs = result.get("outputs") if isinstance(result, Mapping) else None
    if isinstance(result, Mapping) and result.get("job_name") and not outputs and result.get("ended_at") is None:
        return not_waited_for(task_id, key)
    has = f" It has: {', '.join(sorted(outputs))}." if isinstance(outputs, Mapping) and outputs else ""
    return AzureMLSpecError(f'{task_id}.output["{key}"]: task "{task_id}" has no output "{key}".{has}')


def refuse_resources(operator: type[AzureMLBaseOperator]) -> None:
    """Refuse ``resources=`` where somebody means those of the job.

    :raises AzureMLSpecError: the operator has other keywords for them.
    """
    fields = operator.template_fields
    if "job_resources" in fields or "job" in fields:
        instead = "job_resources=" if "job_resources" in fields else 'set={"resources.instance_count": …}'
        raise AzureMLSpecError(f'{operator.__name__}: Airflow owns "resources". Write {instead}.')
