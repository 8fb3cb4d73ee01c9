"""Tasks that are mapped: their keywords are checked and made plain like those of any other, when the DAG is parsed.

Airflow keeps of ``default_args`` given to ``partial`` or to a decorator only what is its own (3.3,
``sdk/bases/operator.py``, ``partial``; ``sdk/bases/decorator.py``, ``_TaskDecorator._expand``): a connection or a
compute in them would be passed over without a word, and the job would run elsewhere. Those of a DAG or a group it reads
when the task runs, which is too late to refuse a secret.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_azureml.task.fields.sdk_objects import plain
from airflow_azureml.version_compat import BaseOperator, OperatorPartial

if TYPE_CHECKING:
    from airflow.sdk.definitions.mappedoperator import MappedOperator


def further_defaults(operator: Any, given: Mapping[str, Any], own: Any) -> dict[str, Any]:
    """Take the ``default_args`` that Airflow would drop; those of the DAG and the group are only checked.

    :param given: the keywords that are not mapped, the DAG and the group among them.
    :param own: the ``default_args`` of the task itself.
    :raises AzureMLSpecError: a value among them is of a kind that it may not be of.
    :raises AzureMLConnectionError: a connection is given in place of its id.
    """
    around = (getattr(given.get(holder), "default_args", None) for holder in ("dag", "task_group"))
    found: dict[str, Any] = {}
    for defaults in (*around, own):
        found.update(defaults if isinstance(defaults, Mapping) else {})
    names = _keywords(operator) - given.keys()
    read = operator._checked_keywords({name: value for name, value in found.items() if name in names})
    return {name: value for name, value in read.items() if isinstance(own, Mapping) and name in own}


@functools.cache
def _keywords(operator: Any) -> frozenset[str]:
    """The keywords of an operator that are not those of all tasks."""
    own = operator.__mro__[: operator.__mro__.index(BaseOperator)]
    constructors = [vars(cls)["__init__"] for cls in own if "__init__" in vars(cls)]
    names = {name for constructor in constructors for name in inspect.signature(constructor).parameters}
    return frozenset(names - set(inspect.signature(BaseOperator.__init__).parameters) - {"kwargs", "args"})


class PlainPartial:
    """``partial`` of a class of operators: Airflow's own, which goes on as ours."""

    def __get__(self, task: BaseOperator | None, operator: type[BaseOperator]) -> Callable[..., OperatorPartial]:
        """Give Airflow's function for a class; for a task, the one that refuses."""
        begin = vars(BaseOperator)["partial"].__get__(task, operator)

        def partial(**kwargs: Any) -> OperatorPartial:
            return Partial.going_on(begin(**kwargs), kwargs.get("default_args"))

        return partial


class Partial(OperatorPartial):
    """A mapped task on its way: what it is mapped over is kept as plain values, too."""

    @classmethod
    def going_on(cls, begun: OperatorPartial, default_args: Any) -> Partial:
        """Take over from what Airflow's own ``partial`` gives.

        :param default_args: those of the task itself.
        """
        begun._expand_called = True  # else it warns that it was never mapped
        operator: Any = begun.operator_class
        defaults = further_defaults(operator, begun.kwargs, default_args)
        found = cls(operator_class=operator, kwargs=operator._checked_keywords(begun.kwargs), params=begun.params)
        found.defaults = defaults
        return found

    defaults: Mapping[str, Any]
    """Keywords of the task's own ``default_args``, for what is not mapped."""

    def expand(self, **mapped_kwargs: Any) -> MappedOperator:
        """Map over lists of values, by keyword."""
        operator: Any = self.operator_class
        for name, values in mapped_kwargs.items():
            if isinstance(values, (list, tuple)):
                mapped_kwargs[name] = [operator._checked_keywords({name: value})[name] for value in values]
            elif isinstance(values, dict):
                mapped_kwargs[name] = plain(values)
        self._take_defaults(mapped_kwargs)
        return super().expand(**mapped_kwargs)

    def expand_kwargs(self, kwargs: Any, **options: Any) -> MappedOperator:
        """Map over a list of keywords."""
        operator: Any = self.operator_class
        if isinstance(kwargs, (list, tuple)):
            rows = [operator._checked_keywords(row) if isinstance(row, Mapping) else row for row in kwargs]
            varied = {name for row in rows if isinstance(row, Mapping) for name in row}
            defaults = {name: value for name, value in self.defaults.items() if name in varied}
            kwargs = [{**defaults, **row} if isinstance(row, Mapping) else row for row in rows]
            self._take_defaults(varied)
        else:
            self._take_defaults(())
        return super().expand_kwargs(kwargs, **options)

    def _take_defaults(self, mapped: Any) -> None:
        """Fill in the defaults of what is not mapped over."""
        self.kwargs = {**{name: value for name, value in self.defaults.items() if name not in mapped}, **self.kwargs}


def checked_when_mapped(decorator: Any) -> Any:
    """Have a decorated function check its keywords where it is mapped: it makes no operator then."""
    kind: Any = type(decorator)
    decorator.__class__ = _checking(kind)
    return decorator


@functools.cache
def _checking(plain_decorator: Any) -> Any:
    class Decorator(plain_decorator):  # type: ignore[misc]
        """Airflow's decorator, of which each Airflow has its own."""

        def _expand(self, expand_input: Any, *, strict: bool) -> Any:
            operator, own = self.operator_class, self.kwargs.get("default_args")
            ready = copy.copy(self)
            ready.kwargs = {**further_defaults(operator, self.kwargs, own), **operator._checked_keywords(self.kwargs)}
            made = super(Decorator, ready)._expand(expand_input, strict=strict)
            task = made.operator
            further_defaults(operator, {**ready.kwargs, "dag": task.dag, "task_group": task.task_group}, None)
            return made

    return Decorator
