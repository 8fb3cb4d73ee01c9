"""Checks the keywords of one operator call, as far as they can be known without running the DAG file."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from airflow_azureml.cli.dagcalls import DagFile, OperatorCall
from airflow_azureml.cli.literals import UNKNOWN, is_known, is_template
from airflow_azureml.connection_id import REFUSAL, is_written_out
from airflow_azureml.jobspec.check import judged_as
from airflow_azureml.jobspec.document.load import read_text
from airflow_azureml.jobspec.document.messages import closest, show
from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.operators.checkpoint import check_checkpoint
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.task.fields.flags import flags
from airflow_azureml.task.fields.kinds import accepted_instead

DOCUMENTS = {
    "AzureMLCommandJobOperator": "job",
    "AzureMLJobOperator": "job",
    "AzureMLInvokeBatchEndpointOperator": "batch inputs",
    "AzureMLCreateDataAssetOperator": "data",
    "AzureMLRegisterModelOperator": "model",
    "AzureMLCreateEnvironmentOperator": "environment",
    "AzureMLCreateComponentOperator": "component",
    "AzureMLCreateBatchEndpointOperator": "batch endpoint",
    "AzureMLCreateBatchDeploymentOperator": "batch deployment",
    "AzureMLCreateComputeOperator": "compute",
    "AzureMLCreateOnlineEndpointOperator": "online endpoint",
    "AzureMLCreateOnlineDeploymentOperator": "online deployment",
}
"""Operators whose keywords make a document, and the kind that it is of."""

STANDING_IN = {"command": "echo", "environment": "azureml:unknown:1"}
"""What stands for required keywords of a command job that are not known."""

SEPARATE = {"resources": "job_resources"}
"""Keys of documents that a keyword of another name gives."""


def judge_call(
    call: OperatorCall, file: DagFile, path: str, folder: str, workspace: Workspace
) -> tuple[list[Problem], list[str]]:
    """All problems of one call, in the order of its keywords, and what is worth a warning in what it makes.

    :param folder: what relative paths belong to.
    """
    problems = [*_names(call, file), *_values(call)]
    warnings: Sequence[str] = ()
    if not problems and file.makes_dag:
        problems, warnings = _document(call, file, folder, workspace)
    return [_placed(problem, call, path) for problem in problems], [_warning(text, call, path) for text in warnings]


def _warning(text: str, call: OperatorCall, path: str) -> str:
    if re.match(r".+?:\d+: ", text):  # it names its place in a file already
        return text
    key, _, message = text.partition(": ")
    return str(_placed(_by_keyword(Problem(key, message), call), call, path))


def problems_of_reads(file: DagFile, path: str, folder: str) -> Iterator[Problem]:
    """References to outputs that their tasks do not have, as far as the DAG file and its job files show."""
    from airflow_azureml.task.output_references import no_such_output
    from airflow_azureml.task.xcom import RESERVED_KEYS

    for call, name, line in file.reads:
        names = _output_names(call, folder)
        if names is not None and name not in names and name not in RESERVED_KEYS:
            error = no_such_output(str(call.values.get("task_id")), name, names)
            yield Problem(f"{call.name}.output", str(error).partition(": ")[2], path, line)


def _output_names(call: OperatorCall, folder: str) -> frozenset[str] | None:
    """The outputs of a task's job; None if only a run shows them."""
    from airflow_azureml.task.output_references import names_of, names_of_job

    keywords = _given(call)
    open_ = call.values.get("outputs") is UNKNOWN or {"pre_execute", "post_execute", "set", "multiple_outputs"} & set(
        call.keywords
    )
    if DOCUMENTS.get(call.operator.__name__) != "job" or keywords is None or not call.whole or open_:
        return None
    if call.operator.__name__ == "AzureMLCommandJobOperator":
        return names_of(None, keywords.get("outputs"))
    if _names_a_template(call, keywords, folder):
        return None
    try:
        return names_of_job(None, _made(call, keywords, folder).document({}).value)
    except Exception:  # noqa: BLE001 - reported as a problem of the call
        return None


def _placed(problem: Problem, call: OperatorCall, path: str) -> Problem:
    """Say where in the DAG file a problem stands; one in a file that the call names stays there."""
    if problem.file is not None:
        return problem
    keys = problem.path.split(".") if problem.path else []
    line = call.line(*keys)
    return Problem(".".join([call.name, *keys]), problem.message, path, line)


# -- names of keywords


def _names(call: OperatorCall, file: DagFile) -> Iterator[Problem]:
    accepted = parameters(call.operator)
    if call.node.args:
        yield Problem("", "this operator takes keywords only.")
    for name in call.keywords:
        if name == "resources" and (message := _owned(call.operator)):
            yield Problem(name, message)
        elif name == "command" and call.decorates:
            yield Problem(name, "it is what the function returns.")
        elif name not in accepted:
            near = closest(name, accepted)
            yield Problem(name, f"unknown keyword.{f' Did you mean {show(near)}?' if near else ''}")
    if not call.whole or not file.makes_dag or file.defaults is None:
        return
    keywords = {*call.keywords, *file.defaults, *(("task_id", "command") if call.decorates else ())}
    for name, parameter in accepted.items():
        if parameter.default is parameter.empty and name not in keywords:
            yield Problem(name, "this keyword is required.")


def _owned(operator: type) -> str:
    """What the constructor says of ``resources=``."""
    from airflow_azureml.exceptions import AzureMLSpecError
    from airflow_azureml.operators.workspace import refuse_resources

    try:
        refuse_resources(operator)
    except AzureMLSpecError as error:
        return str(error).partition(": ")[2]
    return ""


@cache
def parameters(operator: type) -> Mapping[str, inspect.Parameter]:
    """All keywords that an operator takes, its own and those of Airflow's operators as they are installed."""
    by_name: dict[str, inspect.Parameter] = {}
    for cls in operator.__mro__:
        if "__init__" not in vars(cls) or cls is object:
            continue
        signature = list(inspect.signature(vars(cls)["__init__"]).parameters.values())[1:]
        for parameter in signature:
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                by_name.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature):
            break
    return by_name


# -- values of keywords


def _values(call: OperatorCall) -> Iterator[Problem]:
    templated, words = getattr(call.operator, "template_fields", ()), flags(call.operator)
    for name, value in call.values.items():
        if value is None or not is_known(value):
            continue
        if name == "azureml_conn_id" and is_written_out(value):
            yield Problem(name, REFUSAL.partition(": ")[2])
        elif name in words and not (isinstance(value, str) and name in templated):
            if not isinstance(value, bool):
                yield Problem(name, f"{show(value)} is not accepted. Accepted: True, False.")
        elif accepted := accepted_instead(call.operator, name, value):
            yield Problem(name, f"{show(value)} is not accepted. Accepted: {accepted}.")


# -- what the keywords say together


def _document(
    call: OperatorCall, file: DagFile, folder: str, workspace: Workspace
) -> tuple[list[Problem], Sequence[str]]:
    document_kind = DOCUMENTS.get(call.operator.__name__)
    keywords = _given(call)
    if document_kind is None or keywords is None or not call.whole or _names_a_template(call, keywords, folder):
        return [], ()
    problems: Sequence[Problem]
    warnings: Sequence[str] = ()
    try:
        document = _made(call, keywords, folder).document({})
        if call.values.get("outputs") is not UNKNOWN:
            check_checkpoint(keywords.get("checkpoint"), document.value.get("outputs"))
    except SpecError as error:
        problems = error.problems
    except Exception as error:  # noqa: BLE001 - whatever a constructor, ours or Airflow's, says of its arguments
        problems = [Problem("", " ".join(str(error).split()))]
    else:
        problems, warnings = judged_as(document_kind, document, workspace)
    missing = "does not exist" if file.searches else None
    found = [_by_keyword(problem, call) for problem in problems if not (missing and missing in problem.message)]
    return found, warnings


def _made(call: OperatorCall, keywords: Mapping[str, Any], folder: str) -> Any:
    """Make the operator, outside of any DAG."""
    operator = call.operator(task_id="checked", **keywords)
    operator.template_folders = lambda: (folder,)
    return operator


def _names_a_template(call: OperatorCall, keywords: Mapping[str, Any], folder: str) -> bool:
    """Whether a file that a keyword names can be read only once Airflow has rendered it."""
    for field in getattr(call.operator, "template_file_fields", ()):
        name = keywords.get(field)
        if isinstance(name, str) and is_file_name(name):
            with suppress(SpecError):
                return is_template(read_text(os.path.join(folder, name)))
    return False


def _by_keyword(problem: Problem, call: OperatorCall) -> Problem:
    """Name the keyword that a key of the document came from: the same, another one, or the whole of the document."""
    if problem.file is not None:
        return problem
    first, _, rest = problem.path.partition(".")
    source = next((name for name in getattr(call.operator, "template_file_fields", ()) if name in call.keywords), None)
    if first in SEPARATE and SEPARATE[first] in call.keywords:
        return Problem(".".join(filter(None, (SEPARATE[first], rest))), problem.message)
    if source is not None and first not in call.keywords:
        return Problem(".".join(filter(None, (source, problem.path))), problem.message)
    return problem


def _given(call: OperatorCall) -> dict[str, Any] | None:
    """The keywords that make the document, with something in place of what is not known; None if that shows nothing."""
    accepted = parameters(call.operator)
    base = parameters(_base(call.operator))
    keywords = {name: value for name, value in call.values.items() if name in accepted and name not in base}
    if call.operator.__name__ != "AzureMLCommandJobOperator":
        return keywords if is_known(keywords) else None
    if call.decorates and isinstance(keywords.get("inputs"), Mapping):
        keywords["inputs"] = {name: _with_argument(value) for name, value in keywords["inputs"].items()}
    for name in [name for name, value in keywords.items() if not is_known(value)]:
        value = keywords.pop(name)
        if name == "inputs" and isinstance(value, Mapping):
            keywords[name] = {key: item if is_known(item) else "unknown" for key, item in value.items()}
        elif name == "outputs" and isinstance(value, Mapping):
            keywords[name] = {key: item if is_known(item) else None for key, item in value.items()}
        elif name in ("inputs", "outputs"):
            keywords["command"] = UNKNOWN  # whose bindings cannot be checked
    return {**STANDING_IN, **{name: value for name, value in keywords.items() if value is not UNKNOWN}}


def _with_argument(declared: Any) -> Any:
    """An input of a decorated function, with something in place of the argument that a declaration asks for."""
    if isinstance(declared, Mapping):
        return {"path": "azureml:unknown:1", **declared}
    return "unknown" if declared is None else declared


def _base(operator: type) -> type:
    """Airflow's own class at the bottom of an operator."""
    return next(
        cls for cls in operator.__mro__ if cls.__module__.split(".")[0] == "airflow" and "__init__" in vars(cls)
    )
