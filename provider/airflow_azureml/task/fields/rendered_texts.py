"""Rendered fields: members of enumerations and numbers of other libraries in them become the plain values that they
stand for, and what no JSON text can hold is refused.

Airflow stores the fields before a task runs, and names none that it cannot store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_azureml.connection_id import refuse_written_out
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.task.fields import mapped
from airflow_azureml.task.fields.flags import given_flags, rendered_flags
from airflow_azureml.task.fields.kinds import refuse_wrong_kinds
from airflow_azureml.task.fields.made_nothing import made_of_nothing
from airflow_azureml.task.fields.sdk_objects import converted
from airflow_azureml.task.resource_fields import NOTHING
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, BaseOperator, mask_secret

if TYPE_CHECKING:
    from airflow_azureml.rest.errors import Problem


class TextFieldsOperator(BaseOperator):
    """A task that says which of its fields holds half of a surrogate pair, or on Airflow 3 a number that is none; and
    which of its flags is neither true nor false.
    """

    partial = mapped.PlainPartial()

    def _hook_apply_defaults(self, *args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Check the flags and the connection, and swap objects of ``azure-ai-ml`` for plain values before anybody keeps
        them: Airflow calls this before each ``__init__``, whose keywords it keeps beside the fields, with what
        ``default_args`` say as well.

        :raises AzureMLSpecError: a flag is neither true nor false, or such an object is not complete.
        :raises AzureMLConnectionError: a connection is given in place of its id.
        """
        return args, self._checked_keywords(kwargs)

    @classmethod
    def _checked_keywords(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords of an operator or sensor with plain values.

        :raises AzureMLSpecError: a keyword is of a kind that it may not be of, or an object of ``azure-ai-ml`` is not
            complete.
        :raises AzureMLConnectionError: a connection is given in place of its id.
        """
        refuse_written_out(given.get("azureml_conn_id"), is_template=True)
        found = {**given, **converted(cls, given), **given_flags(cls, given)}
        refuse_wrong_kinds(cls, found)
        return found

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], *given: Any, **named: Any
    ) -> None:
        """Render, also what a mapped task was expanded to: Airflow calls this of the task for both.

        It is no part of Airflow's public interface: what else it is given, here or in a later Airflow, is handed on.

        What looks like a secret in a field, such as the signature of an address, is hidden from then on: Airflow shows
        the fields, and logs them.

        :raises AzureMLSpecError: a field cannot be written down, or sent.
        :raises AzureMLConnectionError: a connection is given in place of its id.
        """
        from airflow_azureml.exceptions import translated
        from airflow_azureml.rest.errors import SpecError

        fields = tuple(template_fields)
        make_plain(parent, fields)  # a template would write the member's name
        templates = {name: getattr(parent, name, None) for name in fields}
        super()._do_render_template_fields(parent, fields, *given, **named)
        make_plain(parent, fields)  # an upstream task may have returned a number of numpy
        refuse_written_out(getattr(parent, "azureml_conn_id", None))
        for name in fields:
            hide_secrets(getattr(parent, name, None))
        refuse_nothing(templates, {name: getattr(parent, name, None) for name in our_fields(type(parent), fields)})
        read = rendered_flags(type(parent), {name: getattr(parent, name, None) for name in fields})
        for name, value in read.items():
            setattr(parent, name, value)  # else the text "False" would count as true
        refuse_wrong_kinds(type(parent), {name: getattr(parent, name, None) for name in fields}, is_rendered=True)
        found = (unstorable(getattr(parent, name), name) for name in fields)
        if problems := [problem for problem in found if problem is not None]:
            with translated():
                raise SpecError(problems)


def our_fields(task: type[Any], fields: Iterable[str]) -> list[str]:
    """Those of the fields that our own classes render: what a field of a user's subclass takes is theirs to say."""
    ours = [cls for cls in task.__mro__ if cls.__module__.startswith("airflow_azureml.")]
    known = {name for cls in ours for name in vars(cls).get("template_fields", ())}
    return [name for name in fields if name in known]


def refuse_nothing(templates: Mapping[str, Any], rendered: Mapping[str, Any]) -> None:
    """Refuse what templates have made of nothing.

    :param templates: the fields by name, before they were rendered; looked at are those that are rendered.
    :raises AzureMLSpecError: names each of them, and its template.
    """
    lines = []
    for path, template in made_of_nothing({name: templates[name] for name in rendered}, rendered):
        from airflow_azureml.jobspec.document.messages import show

        lines.append(
            f'{path}: "{NOTHING}" is not accepted. It is what the template {show(template)} makes of nothing; '
            "`{{ … or 'another' }}` says what is meant then."
        )
    if lines:
        raise AzureMLSpecError("\n".join(lines))


def unstorable(value: object, field: str) -> Problem | None:
    """What is wrong with a value that no request can hold, or that Airflow 3 cannot store; None for nothing."""
    from airflow_azureml.rest.errors import half_at, no_number_at
    from airflow_azureml.rest.json_values import place_of_half, place_of_no_number

    if (place := place_of_half(value)) is not None:
        return half_at(place, field)
    if AIRFLOW_V_3_0_PLUS and (place := place_of_no_number(value)) is not None:
        return no_number_at(place, field)
    return None


def make_plain(holder: Any, fields: Iterable[str]) -> None:
    """Swap what stands for a plain value in these fields of a task."""
    from airflow_azureml.jobspec.document.plain_values import plain_values

    for name in fields:
        value = getattr(holder, name, None)
        if (plain := plain_values(value)) is not value:
            setattr(holder, name, plain)


def hide_secrets(value: object, around: tuple[int, ...] = ()) -> None:
    """Have Airflow hide what looks like a secret in a value, in mappings and lists too.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    """
    if isinstance(value, str):
        from airflow_azureml.rest.redaction import secrets_in

        for secret in secrets_in(value):
            mask_secret(secret)
    elif isinstance(value, (Mapping, list, tuple)) and id(value) not in around:
        for item in value.values() if isinstance(value, Mapping) else value:
            hide_secrets(item, (*around, id(value)))
