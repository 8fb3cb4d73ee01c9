"""Plans: a pipeline job read as a graph of jobs that can be made one after the other. No HTTP, no files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import ServiceError, invalid_field, not_emulated
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem, Shape
from azureml_emulator.jobs.schemas import STEP_JOB
from azureml_emulator.jobs.views import MODULE_NAME
from azureml_emulator.pipelines.components import NodeError, Spec, check_inputs, find_spec, ports
from azureml_emulator.pipelines.graph import CONTROL, BindingError, Graph, Row, Scope, listing
from azureml_emulator.pipelines.node_jobs import command_job, pipeline_job
from azureml_emulator.pipelines.parallel_nodes import parallel_job
from azureml_emulator.pipelines.schemas import NODE_BAG
from azureml_emulator.pipelines.spark_nodes import spark_job
from azureml_emulator.pipelines.sweep_nodes import sweep_job
from azureml_emulator.pipelines.transfer_nodes import transfer_job
from azureml_emulator.spark.schemas import STEP_SPARK
from azureml_emulator.sweeps.schemas import STEP_SWEEP

DEFAULT_DATASTORE = "workspaceblobstore"

APART = ("on_init", "on_finalize")
"""The settings that name a node which runs before all others, and one that runs after them."""

STEPS: Mapping[str, Shape] = {"Command": STEP_JOB, "Spark": STEP_SPARK, "Sweep": STEP_SWEEP}
"""The shapes of the jobs that nodes become, but for pipelines."""

MAKERS = {
    "command": command_job,
    "sweep": sweep_job,
    "parallel": parallel_job,
    "spark": spark_job,
    "data_transfer": transfer_job,
}
"""What makes the job of a node of each type but ``pipeline``."""

COMPONENTS = {"sweep": "command"}
"""The type of component that a node of another type runs."""

FLOW = "promptflow_parallel"
"""The type of component that a flow of Prompt flow is, for nodes of type ``parallel``. Source: azure-ai-ml 1.35.2."""

PLACES = {"sweep": "trial.componentId"}
"""Where a node names its component, if not under ``componentId``."""

UNKNOWN = "(a value that no step has written yet)"
SAMPLES = {"string": UNKNOWN, "integer": "0", "number": "0", "boolean": "false"}
"""What stands for the values that steps write until they have."""


@dataclass(frozen=True)
class Plan:
    """A pipeline that can be run.

    :param definition: the pipeline job's properties.
    :param specs: the component of each node but those of control.
    :param inputs: the pipeline's inputs with their defaults.
    :param outputs: all outputs that the pipeline can have, with the settings of the request.
    """

    definition: Mapping[str, Any]
    graph: Graph
    specs: Mapping[str, Spec]
    inputs: Mapping[str, Row]
    outputs: Mapping[str, Row]
    optional: frozenset[str]

    def job(
        self, name: str, upstream: Callable[[str, str], Row], given: Mapping[str, Row] | None = None
    ) -> dict[str, Any]:
        """The job that a node becomes, as the jobs API has it.

        :param upstream: the data that a node's output holds.
        :param given: inputs that a round of a loop gives, as rows of a node.
        :raises ServiceError: the node does not fit its component or the pipeline.
        """
        node, spec, field = self.graph.nodes[name], self.specs[name], f"jobs.{name}"
        if given:
            node = {**node, "inputs": {**(node.get("inputs") or {}), **given}}
        with refusals(field):
            scope = self.scope(upstream)
            if node["type"] == "pipeline":
                job = pipeline_job(spec, node, scope, field)
                settings = self.definition.get("settings") or {}
                job["settings"] = {key: value for key, value in settings.items() if key not in APART}
                return self._within(name, job)
            return self._within(name, self._on_compute(MAKERS[node["type"]](spec, node, scope, field), field))

    def scope(self, upstream: Callable[[str, str], Row]) -> Scope:
        """The values that the nodes' bindings lead to.

        :param upstream: the data that a node's output holds.
        """
        return Scope(self.inputs, self.outputs, upstream, self.optional)

    def body(self, loop: str) -> str:
        """The body of a loop."""
        return next(body for body, name in self.graph.bodies.items() if name == loop)

    def declared(self, node: str, output: str) -> Row:
        """What a node's output will be, as far as it is known before it has run: its type.

        What all rounds of a ``parallel_for`` wrote is a table, or a text of their values. Source: azure-ai-ml 1.35.2
        ``ParallelFor.OUT_TYPE_MAPPING``.
        """
        kind = self.graph.nodes[node]["type"]
        if kind == "if_else":
            raise BindingError(f"The node {node!r} of type if_else has no outputs.")
        outputs = ports(self.specs[self.body(node) if kind in CONTROL else node], "outputs")
        if output not in outputs:
            raise BindingError(f"The node {node!r} has no output {output!r}; its outputs: {listing(outputs)}.")
        port = outputs[output]
        if port.is_literal:
            return {"jobInputType": "literal", "value": UNKNOWN if kind in CONTROL else SAMPLES[port.type]}
        data_type = "mltable" if kind in CONTROL else port.type
        return {"jobInputType": data_type, "uri": f"azureml://datastores/{DEFAULT_DATASTORE}/paths/"}

    def _within(self, name: str, job: dict[str, Any]) -> dict[str, Any]:
        """The job with the properties that it takes from the pipeline, and with its component's name."""
        job.setdefault("displayName", name)
        properties = {**(job.get("properties") or {}), MODULE_NAME: str(self.specs[name].get("name") or name)}
        experiment = self.definition.get("experimentName") or "Default"
        return {**job, "properties": properties, "experimentName": experiment}

    def _on_compute(self, job: dict[str, Any], field: str) -> dict[str, Any]:
        settings = self.definition.get("settings") or {}
        compute = job.get("computeId") or self.definition.get("computeId") or settings.get("default_compute")
        if compute and not (job["jobType"] == "Spark" and job.get("resources")):
            job["computeId"] = str(compute).removeprefix("azureml:")
        for row in job.get("outputs", {}).values():
            place_output(row, default_datastore(self.definition))
        problems: list[Problem] = []
        checked = STEPS[job["jobType"]](job, field, problems.append)
        if problems:
            raise invalid(problems)
        return dict(checked)


def component_of(node: Mapping[str, Any]) -> str:
    """The id of the component that a node runs."""
    return str((node["trial"] if node["type"] == "sweep" else node)["componentId"])


def default_datastore(definition: Mapping[str, Any]) -> str:
    """The name of the datastore that takes outputs without an address."""
    named = (definition.get("settings") or {}).get("default_datastore") or DEFAULT_DATASTORE
    return str(named).removeprefix("azureml:").rpartition("/")[2]


def place_output(row: Row, datastore: str) -> None:
    """Set an output's address when the pipeline names another datastore than the workspace's default one."""
    if row.get("uri"):
        row["uri"] = re.sub(r"\$\{\{\s*default_datastore\s*\}\}", datastore, row["uri"])
    elif datastore != DEFAULT_DATASTORE:
        file = "${{output_name}}" if row["jobOutputType"] == "uri_file" else ""
        row["uri"] = f"azureml://datastores/{datastore}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}/{file}"


def read_plan(resolver: Resolver, definition: Mapping[str, Any]) -> Plan:
    """The plan of a pipeline job, inline or of a pipeline component.

    :raises ServiceError: 400 for what does not fit, 501 for nodes that are not emulated.
    """
    with refusals("jobs"):
        if definition.get("componentId"):
            return component_plan(resolver, definition)
        nodes = definition.get("jobs") or {}
        inputs, outputs = definition.get("inputs") or {}, definition.get("outputs") or {}
        return assembled(resolver, definition, nodes, inputs, outputs, frozenset())


@contextmanager
def refusals(field: str) -> Iterator[None]:
    """Turn what does not fit inside of a pipeline into the service's 400.

    :param field: what a binding that names nothing stands in.
    """
    try:
        yield
    except NodeError as error:
        raise error.refusal() from None
    except BindingError as error:
        raise invalid_field(field, str(error), "BindingNotFound") from None


def component_plan(resolver: Resolver, definition: Mapping[str, Any]) -> Plan:
    """The plan of a pipeline component with the inputs of one job."""
    spec = find_spec(resolver, "componentId", definition["componentId"])
    if spec.get("type") != "pipeline":
        message = f"{definition['componentId']!r} is a component of type {spec.get('type')!r}, not a pipeline."
        raise NodeError("componentId", message, "ComponentTypeMismatch")
    declared = ports(spec, "inputs")
    inputs = check_inputs(declared, definition.get("inputs") or {}, "inputs")
    optional = frozenset(name for name, port in declared.items() if port.optional)
    job_outputs, declared_outputs = definition.get("outputs") or {}, ports(spec, "outputs")
    unknown = sorted(set(job_outputs) - set(declared_outputs))
    if unknown:
        message = f"The component has no output {unknown[0]!r}; its outputs: {listing(declared_outputs)}."
        raise NodeError(f"outputs.{unknown[0]}", message, "OutputNotFound")
    outputs = {
        name: {
            "jobOutputType": port.type,
            **({"mode": port.mode} if port.mode else {}),
            **(job_outputs.get(name) or {}),
        }
        for name, port in declared_outputs.items()
    }
    problems: list[Problem] = []
    nodes = NODE_BAG(spec.get("jobs") or {}, "jobs", problems.append)
    if problems:
        raise invalid(problems)
    return assembled(resolver, definition, nodes, inputs, outputs, optional)


def assembled(
    resolver: Resolver,
    definition: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Row],
    outputs: Mapping[str, Row],
    optional: frozenset[str],
) -> Plan:
    """A plan with the component of every node.

    :raises NodeError: a component is none or of another type than its node.
    :raises ServiceError: 501 for one that the service may well run.
    """
    if not nodes:
        raise NodeError("jobs", "The pipeline has no nodes.", "EmptyPipeline")
    specs = {}
    for name, node in nodes.items():
        if node["type"] in CONTROL:
            continue
        field, component = f"jobs.{name}.{PLACES.get(node['type'], 'componentId')}", component_of(node)
        specs[name] = find_spec(resolver, field, component)
        component_type = specs[name].get("type", "command")
        if component_type == FLOW:
            raise not_emulated(f"{field}: flows of Prompt flow are not emulated")
        if component_type != COMPONENTS.get(node["type"], node["type"]):
            message = f"A node of type {node['type']} cannot run a component of type {component_type}."
            raise NodeError(field, message, "ComponentTypeMismatch")
    return Plan(definition, Graph.of(nodes), specs, inputs, outputs, optional)


def located(error: ServiceError, field: str) -> ServiceError:
    """A refusal of something inside of a node, with the node named in front."""
    return ServiceError(
        error.status,
        error.code,
        f"{field}.{error.message}",
        error.inner,
        error.envelope,
        parameters=error.parameters,
    )
