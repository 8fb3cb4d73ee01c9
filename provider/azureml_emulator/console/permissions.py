"""The command ``permissions``: the least role for what clients asked of the emulator."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys

from azureml_emulator.console.exit_codes import FAILURE, OK
from azureml_emulator.console.inspection import JOURNAL, recorded
from azureml_emulator.control.journal import Journal
from azureml_emulator.control.role_actions import role
from azureml_emulator.core.settings import ACCOUNT, STORAGE_SUFFIX

NAME = "Azure ML jobs of Airflow"
SCOPE = "/subscriptions/SUBSCRIPTION_ID/resourceGroups/RESOURCE_GROUP"
BLOBS = f"{ACCOUNT}.blob.{STORAGE_SUFFIX}"


def show_permissions(options: argparse.Namespace) -> int:
    """Print the custom role that the requests in the journal need, as JSON; notes go to stderr. Requests of jobs, which
    have tokens of their own, and requests that were refused for want of a token count for nothing."""
    with contextlib.closing(Journal(recorded(options.state) / JOURNAL)) as journal:
        rows = [(entry.method, entry.path) for entry in journal.entries("") if entry.caller and entry.status != 401]
    definition, unknown = role(options.name, options.scope, rows, BLOBS)
    if not definition["Actions"] and not definition["DataActions"]:
        print("azureml-emulator: the journal has no request that needs a permission.", file=sys.stderr)
        return FAILURE
    print(json.dumps(definition, indent=2))
    for request in unknown:
        print(f"no published action is known for {request}", file=sys.stderr)
    return OK
