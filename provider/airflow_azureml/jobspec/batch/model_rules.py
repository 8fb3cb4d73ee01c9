"""What a model deployment refuses of an invocation: it takes one data input and gives one output.

Source: Microsoft Learn, *Create jobs and input data for batch endpoints*.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.rest.errors import Problem

KINDS = {
    "uri_folder": "UriFolder",
    "uri_file": "UriFile",
    "mltable": "MLTable",
    "custom_model": "CustomModel",
    "mlflow_model": "MLFlowModel",
    "triton_model": "TritonModel",
}
FOR_MODELS = ("UriFolder", "UriFile")
"""What a model deployment takes and gives."""


@dataclass
class ModelRules:
    """What has been read, as a model deployment sees it: one data input, no literals, one output, no tables.

    :param stores: paths that outputs go to, each with the place to complain at.
    """

    problems: list[Problem] = field(default_factory=list)
    stores: list[tuple[str, Problem]] = field(default_factory=list)
    data: list[Located] = field(default_factory=list)
    outputs: list[Located] = field(default_factory=list)
    others: int = 0

    def take_input(self, located: Located, kind: str) -> None:
        """Note an input, by its type in the service's words."""
        if kind == "Literal":
            self.others += 1
            self.problems.append(
                located.problem("a literal cannot be given to a model deployment. Accepted: one data input.")
            )
        else:
            self.data.append(located)
            self._check_kind(located, kind, "takes")

    def take_output(self, located: Located, kind: str) -> None:
        """Note an output, by its type in the service's words."""
        self.outputs.append(located)
        self._check_kind(located, kind, "gives")

    def _check_kind(self, located: Located, kind: str, does: str) -> None:
        if kind not in FOR_MODELS:
            word = next((word for word, rest in KINDS.items() if rest == kind), kind)
            accepted = ", ".join(word for word, rest in KINDS.items() if rest in FOR_MODELS)
            self.problems.append(located.problem(f"a model deployment {does} no {word}. Accepted: {accepted}."))

    def check_count(self, root: Located) -> None:
        """Note too many or too few inputs, and too many outputs."""
        if len(self.data) > 1:
            names = ", ".join(located.name for located in self.data)
            message = f"a model deployment takes one data input; {len(self.data)} are given: {names}."
            self.problems.append(root.problem(message, "inputs"))
        elif not self.data and not self.others:
            self.problems.append(root.problem("a model deployment takes one data input; none is given.", "inputs"))
        if len(self.outputs) > 1:
            names = ", ".join(located.name for located in self.outputs)
            message = f"a model deployment gives one output; {len(self.outputs)} are given: {names}."
            self.problems.append(root.problem(message, "outputs"))
