"""Faults of jobs: what the service says when the node or the image of a job is not there, or when it waits.

Where no public report of the service's words was found, the text says *undocumented*: the words are the emulator's.
"""

from __future__ import annotations

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.execution.images import BUILD_FAILED, BUILD_LOG

PREEMPTED = (
    "AzureMLCompute job failed.\nPreemptionError: Nodes of this job got pre-empted. "
    "Check if the run has failed or restarted.\n\tReason: Received pre-emption warning signal"
)
"""Source: https://github.com/Azure/MachineLearningNotebooks/issues/1242, where line breaks are lost, and
https://github.com/microsoft/MLOpsPython/issues/346, which has the code, ``UserError``. Inner codes are undocumented."""

NODE_LOST = (
    "AzureMLCompute job failed.\nNodeLost: The node of this job was lost: it no longer responds, "
    "and is marked as unusable.\n\tReason: No heartbeat was received"
)
"""Undocumented, and so is the code ``ServiceError``. The words are near to those of a compute instance's node
(https://github.com/MicrosoftDocs/azure-docs/issues/85756, ``encountered an unusable node``)."""

WAITS_FOR_NODES = (
    "Job is waiting for available resources, that required for {nodes} instance with {cores} vCPU(s). "
    "Please continue to wait or change to a smaller instance type if available"
)
"""Source: the queue information of a job on a Kubernetes compute in https://github.com/Azure/AML-Kubernetes/issues/124,
without its memory and GPUs. Of clusters no words are documented, and no position in the queue: run history's
``queueingInfo`` has a code, a message and a time."""

QUEUE_CODE = "ResourcesUnavailable"
"""The code of a reason to wait. Undocumented."""

CLUSTER_FAILED = "AzureMLCompute cluster {name} is in failed state and thus not ready for runs"
"""Source: https://github.com/Azure/MachineLearningNotebooks/issues/642; the codes are undocumented."""

PREEMPTION_SAID = "The node of this job is taken away (fault preempt); its processes are ended."
LOSS_SAID = "The node of this job is lost (fault node_lost); its processes are gone."
BUILD_SAID = "The image could not be built (fault image_build_fails)."
"""What the emulator says in the job's log."""


class RequeuedError(Exception):
    """The job's node was taken away, and the job goes back to the queue."""


def preempted() -> ServiceError:
    """Why a job failed whose node was taken away."""
    return ServiceError(400, "UserError", PREEMPTED)


def cluster_failed(name: str) -> ServiceError:
    """Why a job failed whose cluster could not be made or changed."""
    return ServiceError(400, "UserError", CLUSTER_FAILED.format(name=name))


def node_lost() -> ServiceError:
    """Why a job failed whose node was lost."""
    return ServiceError(500, "ServiceError", NODE_LOST)


def image_build_failed(reason: str) -> ServiceError:
    """Why a job failed whose image could not be built.

    Source, with format and parameters: https://github.com/MG-Cafe/MLOps_Workshop/issues/8.

    :param reason: a line of the emulator's own, to spare its user a look into the log.
    """
    return ServiceError(
        400,
        "UserError",
        f"{BUILD_FAILED}\n{reason}",
        ("BadArgument", "ImageBuildFailed"),
        message_format=BUILD_FAILED.replace(BUILD_LOG, "{ArtifactPath}"),
        parameters={"ArtifactPath": BUILD_LOG},
    )
