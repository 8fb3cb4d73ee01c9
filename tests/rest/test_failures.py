"""The kind of a failure: read from what the service was seen to say, and from words of the same families."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from airflow_azureml.rest.error_payloads import read
from airflow_azureml.rest.failures import TABLE, WRAPPERS, FailureKind, kind

FAILED = "AzureMLCompute job failed."
PREEMPTED = f"{FAILED} PreemptionError: Nodes of this job got pre-empted. Check if the run has failed or restarted."
QUOTA = (
    "Job submission to AzureML Compute encountered an Exception with status code JobNodeCountExceedsCoreQuota, The "
    "specified subscription has a vCPU quota of 2 and is less than the requested job node count of 2."
)
PULL = f"{FAILED}\nAggregatedUnauthorizedAccessError: Failed to pull Docker image acr.example/env."
WRAPPED = (
    f"{FAILED}\nOrchestrateJobError: Failed to execute command group with error Got CommonRuntimeJobError from "
    "executing command: Docker container `x-execution-wrapper` failed with status code `1`"
)
MOUNT = f"{FAILED}\nBFSMountError: Unable to mount blob fuse file system\n\tInfo: Selected VM image is not supported"
STREAM = "Error Code: ScriptExecution.StreamAccess.Authentication\nNative Error: error in streaming from input"
SCRIPT = f"{FAILED} JobFailed: Submitted script failed with a non-zero exit code; see the driver log file for details."
PROCESS = "Execution failed. User process 'python' exited with status code 1. Please check log file 'std_log.txt'."


@pytest.mark.parametrize("code", ["UserError", "ServiceError"])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (PREEMPTED, "preempted"),
        (PREEMPTED.replace(". Pre", ".\nPre"), "preempted"),
        (f"{FAILED}\nJobPreempted: gone", "preempted"),
        (f"{FAILED}\nSpotEvictionError: gone", "preempted"),
        ("The node was evicted by the platform.", "preempted"),
        (QUOTA, "capacity"),
        ("OutOfQuota: Not enough cluster CPU quota.", "capacity"),
        ("ClusterQuotaReached : Operation results in exceeding quota limits of x/clusters.", "capacity"),
        ("The subscription has a total vCPU quota of 0 and cannot accomodate for at least 1 node.", "capacity"),
        ("AzureMLCompute cluster gpu-cluster is in failed state and thus not ready for runs", "capacity"),
        (f"{FAILED}\nAllocationFailed: try another size", "capacity"),
        (f"{FAILED}\nInsufficientCapacityError: no nodes", "capacity"),
        (f"{FAILED}\nNodeLost: heartbeat missing", "node"),
        (f"{FAILED}\nComputeNodeUnhealthy: disk", "node"),
        ("The job ended since the compute node is unreachable.", "node"),
        (PULL, "image"),
        (WRAPPED, "image"),
        (f"{FAILED}\nFailedPullingImage: Unable to pull docker image", "image"),
        (f"{FAILED}\nAcrRefreshTokenRetrievalError: Unable to retrieve ACR refresh token", "image"),
        (f"{FAILED}\nFailedStartingContainerUserError: Incorrect arguments", "image"),
        (f"{FAILED}\nJobContainerConfigFailed: Container configuration failed unexpectedly", "image"),
        ("Image build failed. For more details, check log file azureml-logs/20_image_build_log.txt.", "image"),
        (MOUNT, "data"),
        (f"{FAILED} AZFMountError: unable to mount Azure File Info: Could not mount Azure File Share", "data"),
        (STREAM, "data"),
        (f"{FAILED}\nOrchestrateJobError: {STREAM}", "data"),
        (f"{FAILED}\nJobTimedOut: the limit is up", "timeout"),
        ("The job exceeded its maximum run duration of 60 s.", "timeout"),
        (f"{FAILED}\nJobExceededMaximumRunDuration: it is ended", "timeout"),
        ("The run was ended since MaxRunDurationSeconds exceeded its limit.", "timeout"),
        ("Environment build failed: see the log of the build.", "image"),
        ("Conda environment creation failed: ResolvePackageNotFound", "image"),
        ("Failed to start the container: OCI runtime create failed", "image"),
        ("The requested size is currently not available in location 'westus'.", "capacity"),
        ("Failed to mount the input: permission denied", "data"),
        (f"{FAILED}\nNodeFailure: hardware", "node"),
        (f"{FAILED}\nInsufficientGpuCapacity: no nodes", "capacity"),
        (f"{FAILED}\nInputNotFound: x", "data"),
        (f"{FAILED}\nBlobNotFound: x", "data"),
        (f"{FAILED}\nCondaEnvironmentFailed: x", "image"),
        (f"{FAILED}\nInternalServerError: try later", "service"),
        ("Failed to run ['python', 'azureml-setup/run_script.py', 'train.py'] \n Exit code 250", "user"),
        ("User program failed with MemoryError: PreemptionError: x", "user"),
        (SCRIPT, "user"),
        (PROCESS, "user"),
    ],
)
def test_the_words_decide_not_the_outer_code(code: str, message: str, expected: str) -> None:
    assert kind([code], message) == expected


@pytest.mark.parametrize("told", [PREEMPTED, MOUNT, "quota: OutOfQuota: x", "NodeLost: x", "JobTimedOut: x"])
def test_what_the_script_wrote_is_not_read(told: str) -> None:
    assert kind(["UserError"], f"{PROCESS} Error: Traceback\n{told}") == "user"
    assert kind(["UserError"], f"{SCRIPT}\n{told}") == "user"


@pytest.mark.parametrize(
    ("codes", "message", "expected"),
    [
        (["UserError", "JobFailed"], PREEMPTED, "preempted"),
        (["UserError", "PreemptionError"], "It ended.", "preempted"),
        (["UserError", "BadArgument", "DataAccessError"], "Input x is not there.", "data"),
        (["UserError", "BadArgument"], "AzureMLCompute cluster c does not exist", "user"),
        (["ServiceError", "InternalError"], "Something broke.", "service"),
        (["SystemError"], None, "service"),
        (["BrandNew"], "Nobody knows.", "unknown"),
        ([], "", "unknown"),
        ([], None, "unknown"),
    ],
)
def test_codes_tell_where_no_word_does(codes: list[str], message: str | None, expected: str) -> None:
    assert kind(codes, message) == expected


def test_each_row_names_its_source() -> None:
    assert all(row.source for row in (*TABLE, *WRAPPERS))
    assert {row.kind for row in TABLE} == set(get_args(FailureKind)) - {"unknown"}


def test_a_failure_as_a_pipelines_log_writes_it() -> None:
    told = {"Error": {"Code": "ServiceError", "Message": WRAPPED, "InnerError": None}, "ComponentName": "dispatcher"}
    fault = read({"error": {"code": "UserError", "message": f"Job failed. Error: {json.dumps(told)}"}})
    assert kind(fault.codes, fault.message) == "image"
