"""The keyword ``compute`` as a list in order of preference: one translation of the job for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.jobspec.document.requirements import Translation
    from airflow_azureml.rest.ids import Workspace


def several_computes(given: Any) -> tuple[str, ...]:
    """The computes of a list; empty where the keyword is none.

    :raises rest.errors.SpecError: it is empty, or holds something else than names.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    if not isinstance(given, (list, tuple)):
        return ()
    accepted = "Accepted: a compute, or a list of one or more, in order of preference."
    if not given:
        raise SpecError([Problem("compute", f"an empty list is not accepted. {accepted}")])
    wrong = [place for place, compute in enumerate(given) if not isinstance(compute, str) or not compute]
    if wrong:
        raise SpecError(
            [Problem(f"compute[{place}]", f"{given[place]!r} is not a name. {accepted}") for place in wrong]
        )
    return tuple(given)


def translate_for_each(document: Document, workspace: Workspace, computes: tuple[str, ...]) -> tuple[Translation, ...]:
    """Translate a job for each of its computes, or as it is where it lists none.

    :raises rest.errors.SpecError: names each mistake, the place in the list with it; or the kind of job has no compute.
    """
    from airflow_azureml.jobspec.translate import translate
    from airflow_azureml.rest.errors import Problem, SpecError

    found: list[Translation] = []
    for place, compute in enumerate(computes or (None,)):
        try:
            translation = translate(document.replaced(compute=compute), workspace)
            translation.check_accepted()
        except SpecError as error:
            name = f"compute[{place}]"
            raise SpecError(
                [
                    replace(problem, path=name) if computes and problem.path == "compute" else problem
                    for problem in error.problems
                ]
            ) from None
        found.append(translation)
    alike = [place for place in range(1, len(found)) if found[place].body in [one.body for one in found[:place]]]
    if alike:
        text = "says the same as one before it, or jobs of this kind have no compute. Accepted: different computes."
        raise SpecError([Problem(f"compute[{place}]", f"{computes[place]!r} {text}") for place in alike])
    return tuple(found)
