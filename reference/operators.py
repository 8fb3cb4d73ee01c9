"""The reference of operators, sensors and the hook: their keywords, read off signatures and docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from reference.docstrings import Docstring, read
from reference.markdown import page as whole_page
from reference.markdown import table

OURS = "airflow_azureml"
SHARED = {
    "AzureMLBaseOperator": "Keywords of every operator",
    "AzureMLJobBaseOperator": "Keywords of operators that run a job",
    "AzureMLProvisioningBaseOperator": "Keywords of operators that wait for a resource",
}
"""Classes whose keywords are printed once, and the heading of these."""


def page() -> str:
    """The page of operators, the decorator, sensors and the hook."""
    import airflow_azureml.decorators
    import airflow_azureml.hooks
    import airflow_azureml.operators
    import airflow_azureml.sensors
    from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

    operators = [getattr(airflow_azureml.operators, name) for name in airflow_azureml.operators.__all__]
    sensors = [getattr(airflow_azureml.sensors, name) for name in airflow_azureml.sensors.__all__]
    shared = {base: None for one in operators for base in one.__mro__ if base.__name__ in SHARED}
    return whole_page(
        "# Operators, decorator, sensors, task group and hook",
        "All arguments are keywords; those of Airflow's `BaseOperator` are taken, too. *Templated* ones are rendered. "
        "What they raise: [Exceptions](exceptions.md). What a job's YAML may hold: [Kinds of job](job-kinds.md).",
        "## Operators",
        "From `airflow_azureml.operators`.",
        *(block for one in operators for block in _task(one)),
        *(block for base in reversed(shared) for block in _shared(base)),
        "## Decorator",
        "From `airflow_azureml.decorators`, and as `task.azureml_command`.",
        *_function_of(airflow_azureml.decorators.azureml_command),
        "## Sensors",
        "From `airflow_azureml.sensors`. Airflow's own keywords of sensors, such as `poke_interval`, `timeout`, `mode` "
        "and `soft_fail`, are taken besides.",
        *(block for one in sensors for block in _task(one)),
        "## Task group",
        "From `airflow_azureml.task_groups`. Its own keywords; those of Airflow's `TaskGroup` and of "
        "`AzureMLJobOperator` are taken besides.",
        f"### {AzureMLPipelineTaskGroup.__name__}",
        read(AzureMLPipelineTaskGroup.__doc__).text,
        _keywords(AzureMLPipelineTaskGroup, [AzureMLPipelineTaskGroup]),
        "## Hook",
        "From `airflow_azureml.hooks`.",
        *_hook(airflow_azureml.hooks.AzureMLHook),
    )


def _task(task: type[Any]) -> Iterator[str]:
    """An operator or sensor: what it does, its own keywords, and where the others are."""
    yield f"### {task.__name__}"
    yield read(task.__doc__).text
    own = [base for base in task.__mro__ if base.__module__.startswith(OURS) and base.__name__ not in SHARED]
    yield _keywords(task, own)
    others = [SHARED[base.__name__] for base in task.__mro__ if base.__name__ in SHARED]
    if others:
        yield f"Besides: {', '.join(f'[{_first_lower(name)}](#{_anchor(name)})' for name in others)}."
    returned = next((said for base in task.__mro__ if (said := read(base.__doc__).returns)), "")
    yield f"Return value (XCom): {returned or 'none.'}"


def _shared(base: type[Any]) -> Iterator[str]:
    yield f"### {SHARED[base.__name__]}"
    yield _keywords(base, [base])


def _keywords(task: type[Any], classes: list[type[Any]]) -> str:
    """The keywords that these classes take, in the order of their signatures."""
    templated = set(getattr(task, "template_fields", ()))
    rows: dict[str, tuple[str, ...]] = {}
    for base in classes:
        if "__init__" not in vars(base):
            continue
        said = read(base.__doc__)
        own = read(task.__doc__)
        for name, annotation, default in _arguments(base):
            about = own.parameters.get(name) or said.parameters.get(name) or _named_elsewhere(name, own, said)
            rows.setdefault(
                name,
                (f"`{name}`", _type(annotation, base), default, "yes" if name in templated else "", about),
            )
    head = ("keyword", "type", "default", "templated", "meaning")
    columns = [column for column in range(len(head)) if head[column] != "templated" or templated]
    return table([head[column] for column in columns], [[row[column] for column in columns] for row in rows.values()])


def _arguments(base: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Name, annotation and default of each argument of a class, as its source spells them."""
    arguments = _function(vars(base)["__init__"])[0].args
    positional = arguments.args[1:]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [*zip(positional, [*padding, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for argument, default in pairs:
        assert argument.annotation is not None, f"{base.__name__}: {argument.arg} has no type."
        yield argument.arg, ast.unparse(argument.annotation), _default(default, base)


def _function(function: Any) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]:
    """A function as it is written: parsed, and the text above its first statement."""
    source = textwrap.dedent(inspect.getsource(function))
    (parsed,) = ast.parse(source).body
    assert isinstance(parsed, ast.FunctionDef | ast.AsyncFunctionDef)
    return parsed, "\n".join(source.splitlines()[parsed.lineno - 1 : parsed.body[0].lineno - 1])


def _default(default: ast.expr | None, base: type[Any]) -> str:
    if default is None:
        return "*required*"
    if isinstance(default, ast.Name):
        return f"`{getattr(base, default.id)!r}`"
    # What is computed depends on Airflow's configuration: the meaning says on which part.
    return f"`{ast.unparse(default)}`" if isinstance(default, ast.Constant) else "*configured*"


def _type(annotation: str, base: type[Any]) -> str:
    """A type as a reader knows it: names that stand for a few words are these words."""
    alias = getattr(sys.modules[base.__module__], annotation, None)
    words = get_args(alias) if get_origin(alias) is Literal else None
    if words:
        return " or ".join(f'`"{word}"`' for word in words)
    return f"`{annotation.replace('os.PathLike[str]', 'PathLike')}`"


def _named_elsewhere(name: str, *docstrings: Docstring) -> str:
    """Where a keyword is spoken of with another: ``as are `tags` and `properties```, or at all."""
    for said in docstrings:
        for other, text in said.parameters.items():
            if f"`{name}`" in text:
                alike = re.search(rf"\b(?:as|so) (?:are|is|do|does)\b[^.:]*`{name}`", text)
                return f"as `{other}`" if alike else f"see `{other}`"
    return ""


def _hook(hook: type[Any]) -> Iterator[str]:
    """The hook: how it is made, and each of its methods."""
    yield f"### {hook.__name__}"
    yield read(hook.__doc__).text
    yield _keywords(hook, [hook])
    ours = [base for base in hook.__mro__ if base.__module__.startswith(OURS)]
    for name, method in [item for base in ours for item in vars(base).items()]:
        if not name.startswith("_") and inspect.isfunction(method):
            yield from _function_of(method, "####")


def _function_of(function: Any, level: str = "###") -> Iterator[str]:
    """A function or method: how it is called, and what it says of itself."""
    said = read(function.__doc__)
    yield f"{level} {function.__name__}"
    yield f"```python\n{_signature(function)}\n```"
    yield said.text
    if said.parameters:
        yield "\n".join(f"* `{one}`: {about}" for one, about in said.parameters.items())
    if said.returns:
        yield f"Returns {said.returns}"
    if said.raises:
        yield "\n".join(f"* Raises `{one}`: {about}" for one, about in said.raises.items())


def _signature(method: Any) -> str:
    """How a method is called, as its source is laid out."""
    _, head = _function(method)
    return re.sub(r"\n    self,|\bself(?:, )?", "", head, count=1).replace("def ", "", 1).removesuffix(":")


def _first_lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")
