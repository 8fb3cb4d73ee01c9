"""The kind of a job's failure: one table of the service's codes and of words in its messages.

The outer code is not enough: a job whose node was preempted is reported as ``UserError``, with the message
``AzureMLCompute job failed. PreemptionError: Nodes of this job got pre-empted ...``, and an image that does not start
as ``ServiceError``. What decides is the word that follows, so the message is read first, from its beginning: the first
word or phrase that the table knows. What a user's script has written stands behind the sentence about its process, so
it is never reached. Then come the codes, the deepest first, and last what the outermost code says of itself.

No list of these words is published. Each row names where its words were seen; reports are of 2019 to 2026, and whether
the service of today still writes all of them is unproven. Rows match whole families of words (``\\w*Quota\\w*``), since
a word that is close to a known one means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

FailureKind = Literal["preempted", "capacity", "node", "image", "data", "timeout", "user", "service", "unknown"]
"""Why a job failed: its node was taken away; no quota or no nodes; its node was lost or unhealthy; its image could not
be built, pulled or started; data could not be mounted or read; a time limit; its own code; the service; not known."""


BY_PLATFORM = frozenset[FailureKind](("preempted", "capacity", "node"))
"""Kinds for which neither the job nor what it reads is to blame: the same job may succeed at once."""


@dataclass(frozen=True)
class Row:
    """Words that mean one kind of failure.

    :param words: what a code, or a word before a colon in a message, may look like as a whole.
    :param phrases: what else may stand in a message.
    :param source: where they were seen.
    """

    kind: FailureKind
    words: str
    phrases: str
    source: str

    def first_in(self, message: str) -> int | None:
        """Where the message first says this; None where it does not."""
        found = re.search(rf"(?<![\w.])(?:{self.words})(?![\w.])|(?i:{self.phrases})", message)
        return found.start() if found else None

    def is_code(self, code: str) -> bool:
        """Whether a code says this."""
        return re.fullmatch(self.words, code) is not None


TABLE = (
    Row(
        "user",
        r"JobFailed|ExecutionFailed|ScriptFailed|UserScript\w*|NonZeroExit\w*",
        r"user (?:process|program)\b|submitted script failed|non-zero exit code|failed to run \[",
        "JobFailed: Azure/MachineLearningNotebooks#1360, Azure/azure-cli-extensions#3574; Failed to run [...]: "
        "Azure/MachineLearningNotebooks#1160; `User process ... exited` and `User program failed` are quoted by users, "
        "no recorded answer has them",
    ),
    Row(
        "preempted",
        r"\w*Preempt\w*|\w*Evict\w*",
        r"(?:was|were|got|been) (?:pre-?empted|evicted)|pre-?emption warning",
        "microsoft/MLOpsPython#346, Azure/MachineLearningNotebooks#1242, MicrosoftDocs/azure-docs#66288",
    ),
    Row(
        "capacity",
        r"\w*Quota\w*|\w*AllocationFail\w*|(?:Insufficient|OutOf|No|NotEnough)\w*(?:Capacity|Cores|Nodes|Resources)\w*|"
        r"\w*(?:Compute|Cluster|Node|Cores)Capacity\w*|SkuNotAvailable|\w*ConstrainedAllocation\w*",
        r"vcpu quota|not (?:currently )?available in (?:the |this )?(?:location|region)|"
        r"exceed\w*[^.\n]{0,60} quota|not enough [^.\n]{0,40}(?:quota|capacity|cores|nodes)|"
        r"insufficient capacity|in failed state and thus not ready for runs",
        "JobNodeCountExceedsCoreQuota: MicrosoftLearning/mslearn-dp100#35; ClusterMinNodesExceedCoreQuota: "
        "ansible-collections/azure#2209; OutOfQuota: MicrosoftDocs/azure-docs#121466; "
        "`vCPU quota of 0 and cannot accomodate`: dotnet/machinelearning-modelbuilder#2140, Azure/mlops-v2#81; "
        "ClusterQuotaReached: MicrosoftDocs/azure-docs#17809; "
        "`in failed state`, of a cluster: Azure/MachineLearningNotebooks#642, #1043; "
        "SkuNotAvailable, AllocationFailed: learn.microsoft.com/azure/virtual-machines/error-codes-spot",
    ),
    Row(
        "image",
        r"\w*Pull\w*Image\w*|\w*Image\w*(?:Pull|Build)\w*|Environment\w*(?:Build|Fail)\w*|Acr\w*Error|"
        r"AggregatedUnauthorizedAccessError|Failed(?:Starting)?Container\w*|JobContainerConfig\w*|ImageNotFound\w*|"
        r"(?:Docker|Conda)\w*(?:Error|Failed|Failure)",
        r"(?:image|environment|conda)[^.\n]{0,20} (?:build|creation) failed|docker command to pull|"
        r"failed to (?:pull|create|start)[^.\n]{0,20} (?:image|container)|oci runtime",
        "FailedPullingImage: Azure/MachineLearningNotebooks#1371; AcrRefreshTokenRetrievalError: "
        "solliancenet/tech-immersion-data-ai#40; Image build failed: MG-Cafe/MLOps_Workshop#8; "
        "FailedStartingContainer: Azure/azure-sdk-for-python#19500; JobContainerConfigFailed: "
        "Azure/azureml-previews#183; AggregatedUnauthorizedAccessError says itself `Failed to pull Docker image`",
    ),
    Row(
        "data",
        r"\w*Mount\w*(?:Error|Failed|Failure)|ScriptExecution(?:\.\w+)*|\w*Stream(?:Access|Error)\w*|\w*DataAccess\w*|"
        r"(?:Input|Data|Dataset|Datastore|DataAsset|Blob|Container|Storage\w*)(?:NotFound|AccessDenied|Unauthorized)\w*|"
        r"AuthorizationPermissionMismatch|AuthorizationFailure",
        r"(?:unable|failed) to mount|(?:could not|cannot) mount|error code: scriptexecution\.",
        "AZFMountError: MicrosoftDocs/azure-docs#39532; BFSMountError: Azure/azure-storage-fuse#862; "
        "ScriptExecution.*: Azure/azureml-examples#2994, Azure/azure-dev#7927; BlobNotFound and the like: "
        "learn.microsoft.com/rest/api/storageservices/blob-service-error-codes",
    ),
    Row(
        "node",
        r"\w*(?:Node|Compute|Instance|Vm|VM|Machine|Host)s?(?:Is|Was|Are)?"
        r"(?:Lost|Unhealthy|Unusable|Unavailable|Unreachable|NotResponding|NotReady|Fail(?:ed|ure)|Died|Down|Gone|"
        r"Crashed|Rebooted)\w*|"
        r"\w*(?:Lost|Unhealthy|Unusable|Unreachable)(?:Compute)?Nodes?\w*",
        r"nodes? [^.\n]{0,60}(?:lost|unhealthy|unusable|unreachable|not respond\w*|rebooted)|"
        r"(?:lost|unhealthy|unusable|unreachable) (?:compute )?nodes?|"
        r"lost (?:contact|connection|the heartbeat)[^.\n]{0,40} node",
        "`unusable node` of a compute: MicrosoftDocs/azure-docs#85756; no public report of a job was found, so these "
        "words are unproven",
    ),
    Row(
        "timeout",
        r"(?:Job|Run|Execution|Experiment|Command|Trial)(?:TimedOut|Timeout|TimeLimit)\w*|"
        r"(?:TimeLimit|MaxRun(?:Time|Duration)|RunDuration)\w*Exceeded\w*|\w*Exceeded\w*(?:Duration|TimeLimit)|MaxWallClockTime\w*",
        r"(?:ran|running) (?:for )?longer than|max\w*(?:duration|time)\w* exceeded|"
        r"exceed\w* [^.\n]{0,60}(?:run time|duration|time limit|timeout)",
        "the service ends such a job as Canceled (CommandJobLimits: `after which the job will be cancelled`); that a "
        "job also fails so is unproven",
    ),
    Row(
        "service",
        r"InternalServerError|InternalError|ServiceUnavailable\w*|ServerBusy|GatewayTimeout",
        r"internal server error",
        "general codes of Azure, such as learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes",
    ),
)
"""From the first row that matches a code; in a message the place decides, not the row."""

WRAPPERS = (
    Row(
        "image",
        r"OrchestrateJobError",
        r"failed to execute command group",
        "getindata/kedro-azureml#6, Azure/azure-sdk-for-python#34501: a container that could not be started",
    ),
)
"""Words around the reason: they count where nothing else decides."""

OUTER: dict[str, FailureKind] = {
    "UserError": "user",
    "ValidationError": "user",
    "BadArgument": "user",
    "ServiceError": "service",
    "SystemError": "service",
}
"""What a code says of itself. Sources: recorded refusals of the service for ``UserError`` and ``BadArgument``;
getindata/kedro-azureml#6 for ``ServiceError``; the others are general codes of Azure."""


def kind(codes: Sequence[str], message: str | None) -> FailureKind:
    """Decide what kind of failure the service describes; ``unknown`` where it does not say.

    :param codes: from the outermost to the deepest.
    """
    text = message or ""
    return _in_message(TABLE, text) or _in_codes(codes) or _in_message(WRAPPERS, text) or _outer(codes)


def _in_message(rows: Iterable[Row], message: str) -> FailureKind | None:
    places = [(place, row.kind) for row in rows if (place := row.first_in(message)) is not None]
    return min(places, key=lambda found: found[0])[1] if places else None


def _in_codes(codes: Sequence[str]) -> FailureKind | None:
    rows = (row.kind for code in reversed(codes) for row in (*TABLE, *WRAPPERS) if row.is_code(code))
    return next(rows, None)


def _outer(codes: Sequence[str]) -> FailureKind:
    return next((OUTER[code] for code in codes if code in OUTER), "unknown")
