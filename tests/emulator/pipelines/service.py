"""Pipelines as tests ask for them: the emulator's requests about them, and what graphs are made of."""

from __future__ import annotations

import time
import uuid
from typing import Any

from tests.emulator.service import ENVIRONMENT, TERMINAL, Answer, Service

Body = dict[str, Any]


class Pipelines(Service):
    """Requests about pipelines."""

    def component(self, command: str, inputs: Body | None = None, outputs: Body | None = None, **spec: Any) -> str:
        """Register a command component; its id."""
        given = {"type": "command", "command": command, "environment": ENVIRONMENT, **spec}
        return self.register({**given, "inputs": inputs or {}, "outputs": outputs or {}})

    def register(self, spec: Body) -> str:
        """Register a component; its id."""
        name = f"azureml_anonymous/versions/{uuid.uuid4()}"
        answer = self.put(f"components/{name}", {"properties": {"componentSpec": spec, "isAnonymous": True}})
        assert answer.status == 201, answer.content
        return str(answer.body["id"])

    def start(self, name: str, jobs: Body, /, **properties: Any) -> Answer:
        """PUT a pipeline job."""
        given = {"jobType": "Pipeline", "jobs": jobs, **properties}
        headers = {"x-azureml-token": self.token("https://ml.azure.local")}
        return self.put(f"jobs/{name}", {"properties": given}, headers=headers)

    def finish(self, name: str, jobs: Body, /, **properties: Any) -> Body:
        """PUT a pipeline job and wait for its end."""
        answer = self.start(name, jobs, **properties)
        assert answer.status == 201, answer.content
        return self.wait(name)

    def steps(self, name: str) -> dict[str, Body]:
        """The runs of a pipeline's nodes, by node."""
        rows = self.history("GET", f"runs/{name}/children").body["value"]
        return {row["displayName"]: row for row in rows}

    def wait_for_step(self, name: str, node: str, status: str) -> Body:
        """Look until a node has a status or has ended."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            row = self.steps(name).get(node, {"status": "NotStarted"})
            if row["status"] in {status, *TERMINAL}:
                return row
            time.sleep(0.05)
        raise AssertionError(f"{node} is {row['status']}")

    def wait_for_steps(self, name: str, *statuses: str) -> list[str]:
        """Look until the nodes have these statuses between them; the names of their runs."""
        deadline = time.monotonic() + 60
        while sorted(row["status"] for row in self.steps(name).values()) != sorted(statuses):
            assert time.monotonic() < deadline, self.steps(name)
            time.sleep(0.05)
        return [row["runId"] for row in self.steps(name).values()]


def literal(value: str) -> Body:
    """A node's input: a value, or a binding."""
    return {"job_input_type": "literal", "value": value}


def node(component: str, inputs: Body | None = None, /, **more: Any) -> Body:
    """A command node."""
    return {"type": "command", "componentId": component, "inputs": inputs or {}, **more}


def to_pipeline(name: str) -> Body:
    """A node's output that is one of the pipeline's."""
    return {"type": "literal", "value": f"${{{{parent.outputs.{name}}}}}"}


CLUSTER = {"settings": {"default_compute": "cpu-cluster"}}
FOLDER = {"type": "uri_folder"}


def from_node(source: str, output: str) -> Body:
    """A node's input that is another node's output."""
    return literal(f"${{{{parent.jobs.{source}.outputs.{output}}}}}")


def from_pipeline(source: str) -> Body:
    """A node's input that is one of the pipeline's."""
    return literal(f"${{{{parent.inputs.{source}}}}}")


def diamond(write: str, join: str) -> Body:
    """Two nodes that write, one that joins; the joined file is the pipeline's output ``result``."""
    return {
        "both": node(
            join,
            {"a": from_node("left", "out"), "b": from_node("right", "out")},
            outputs={"both": to_pipeline("result")},
        ),
        "left": node(write, {"word": from_pipeline("word")}),
        "right": node(write, {"word": literal("fixed")}),
    }
