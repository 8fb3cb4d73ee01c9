"""Results: what the steps of a running pipeline have written, for other steps and as the pipeline's own outputs."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.references import Place
from azureml_emulator.jobs.artifacts import JobError
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.pipelines.components import LITERALS, ports
from azureml_emulator.pipelines.graph import BindingError, Row, bound_outputs
from azureml_emulator.pipelines.plans import Plan
from azureml_emulator.storage.blobs.files import copy_file, copy_tree
from azureml_emulator.storage.blobs.models import BlobStore

VALUES = "azureml.pipeline.control"
"""The property of a run that holds the values of its outputs, as JSON by output; one of the same name, a dot and the
output's name holds a single value.

Source: mldesigner 0.1.0b23, which patches the run in run history with it (``_component_executor.py``,
``_input_output.py``). It writes each value into the output's file as well; that the file alone does is unproven."""


class Results:
    """What the steps of one pipeline have written.

    :param name: the pipeline.
    :param container: the container of the default datastore.
    """

    def __init__(self, jobs: Jobs, assets: Assets, blobs: BlobStore, container: str, name: str) -> None:
        self._jobs = jobs
        self._assets = assets
        self._blobs = blobs
        self._container = container
        self._name = name
        self._rows: dict[tuple[str, str], Row] = {}
        self._silent: set[tuple[str, str]] = set()

    def row(self, node: str, output: str) -> Row:
        """The data in an output of a node that has completed, or its value.

        :raises BindingError: the node has none.
        """
        if (node, output) not in self._rows:
            where = f"; its run has no value for it in the property {VALUES}" if (node, output) in self._silent else ""
            raise BindingError(f"The node {node!r} left no output {output!r}{where}.")
        return dict(self._rows[node, output])

    async def take(self, plan: Plan, node: str, job: Job) -> None:
        """Take what a step wrote; of a node that runs several times, the last counts.

        :raises JobError: a value that the pipeline needs is none of its type.
        """
        bound = bound_outputs(plan.graph.nodes[node])
        for output, port in ports(plan.specs[node], "outputs").items():
            if port.is_literal:
                value = run_value(job, output)
                if value is None:
                    self._silent.add((node, output))
                    continue
                if not LITERALS[port.type].fullmatch(value):
                    raise JobError(f"jobs.{node}.outputs.{output}: {value!r} is not of the type {port.type}.")
                self._rows[node, output] = {"jobInputType": "literal", "value": value}
                if output in bound:
                    self._show_value(bound[output], value)
            elif output in job.outputs:
                self._rows[node, output] = data_row(job, output)
        for output, target in bound.items():
            if output in job.outputs and (self._rows.get((node, output)) or {}).get("uri"):
                await self._show(plan, job.outputs[output], target)

    async def gather(self, plan: Plan, loop: str, rounds: Mapping[str, Job]) -> None:
        """Take what all rounds of a ``parallel_for`` wrote: of data a table with a folder for each round, of values a
        text.

        Source for the types: azure-ai-ml 1.35.2 ``ParallelFor.OUT_TYPE_MAPPING``. What is in the table and how the
        text looks is not published: here an ``MLTable`` file that names the folders, and JSON of the values, a list
        where the items are one.

        :param rounds: the jobs of the rounds, by number or key.
        """
        body = plan.body(loop)
        bound, folder = bound_outputs(plan.graph.nodes[loop]), f"azureml/{uuid.uuid4()}"
        for output, port in ports(plan.specs[body], "outputs").items():
            if port.is_literal:
                values = {key: read_as(port.type, run_value(job, output)) for key, job in rounds.items()}
                listed = list(values) == [str(number) for number in range(len(values))]
                text = json.dumps(list(values.values()) if listed else values)
                self._rows[loop, output] = {"jobInputType": "literal", "value": text}
                if output in bound:
                    self._show_value(bound[output], text)
                continue
            row = await self._table(
                f"{folder}/{output}", {key: data_row(job, output)["uri"] for key, job in rounds.items()}
            )
            self._rows[loop, output] = {"jobInputType": "mltable", "uri": row["uri"]}
            if output in bound:
                await self._show(plan, row, bound[output])

    async def _table(self, folder: str, uris: Mapping[str, str]) -> dict[str, str]:
        """Make a table of what the rounds wrote; its row for a job's record."""
        lines = ["type: mltable", "paths:"]
        for key, uri in uris.items():
            place = self._assets.resolver.place(uri)
            assert isinstance(place, Place)
            await asyncio.to_thread(self._copy, place, f"{folder}/{key}")
            lines.append(f"  - folder: {json.dumps(f'./{key}')}")
        place = Place(self._container, f"{folder}/")
        table = self._blobs.path(self._container, folder) / "MLTable"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        uri, title = self._assets.resolver.uri_of(place), f"azureml_{folder.replace('/', '_')}"
        properties = {"dataType": "mltable", "dataUri": uri, "isAnonymous": True}
        asset = self._assets.register("data", title, "1", properties)
        return {"assetId": self._assets.resolver.located_id(asset), "type": "MLTable", "uri": uri}

    # the pipeline's own ------------------------------------------------------------------------------

    async def _show(self, plan: Plan, row: Mapping[str, str], target: str) -> None:
        """Show a step's output as the pipeline's, and lay a copy where Microsoft's client looks for it.

        Source: recorded rundata of a pipeline names the asset of the step; azure-ai-ml 1.35.2 downloads from
        ``azureml/<pipeline>/<output>/`` of the default datastore all the same, unless the output has an address.
        """
        job = self._jobs.get(self._name)
        assert job is not None
        self._jobs.change(self._name, outputs={**job.outputs, target: dict(row)})
        if not plan.outputs[target].get("uri"):
            place = self._assets.resolver.place(row["uri"])
            assert isinstance(place, Place)
            await asyncio.to_thread(self._copy, place, f"azureml/{self._name}/{target}")

    def _show_value(self, target: str, value: str) -> None:
        """Show a value as the pipeline's, where a pipeline around it looks."""
        job = self._jobs.get(self._name)
        assert job is not None
        properties = job.definition.get("properties") or {}
        values = {**json.loads(properties.get(VALUES) or "{}"), target: value}
        definition = {**job.definition, "properties": {**properties, VALUES: json.dumps(values)}}
        self._jobs.change(self._name, definition=definition)

    def _copy(self, place: Place, folder: str) -> None:
        source = self._blobs.path(place.container, place.path)
        copy = self._blobs.path(self._container, folder)
        if source.is_dir():
            copy_tree(source, copy)
        elif source.exists():
            copy.mkdir(parents=True, exist_ok=True)
            copy_file(source, copy / source.name)


def data_row(job: Job, output: str) -> Row:
    """An output of a job as an input of one.

    :raises JobError: the job left none.
    """
    if output not in job.outputs:
        raise JobError(f"The step {job.name} left no output {output!r}.")
    declared = (job.definition.get("outputs") or {}).get(output) or {}
    return {"jobInputType": declared.get("jobOutputType") or "uri_folder", "uri": job.outputs[output]["uri"]}


def run_value(job: Job, output: str) -> str | None:
    """The value that a run says it has for one of its outputs, or None."""
    properties = job.definition.get("properties") or {}
    single = properties.get(f"{VALUES}.{output}")
    if single is not None:
        return str(single)
    try:
        values = json.loads(properties.get(VALUES) or "{}")
    except ValueError:
        raise JobError(f"The property {VALUES} of the step {job.name} is not JSON.") from None
    value = values.get(output) if isinstance(values, dict) else None
    return None if value is None else str(value)


def read_as(kind: str, value: str | None) -> Any:
    """A value as JSON has it."""
    if value is None or kind == "string":
        return value
    return value.strip().lower() == "true" if kind == "boolean" else json.loads(value.strip().lstrip("+"))
