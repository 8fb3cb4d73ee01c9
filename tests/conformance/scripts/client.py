"""What the scripts share: the client, made of the environment alone, and a place for what they saw."""

import contextlib
import io
import json
import logging
import os
import time
import uuid
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import MLClient  # noqa: E402
from azure.identity import DefaultAzureCredential  # noqa: E402

UNIQUE = uuid.uuid4().hex[:10]
TERMINAL = ("Completed", "Failed", "Canceled")
SEEN: dict = {}
HOLD: list[Path] = []
"""Files that held jobs wait for."""


def client() -> MLClient:
    """The client, told what the environment says and that no cloud is asked for the authority."""
    credential = DefaultAzureCredential(disable_instance_discovery=True)
    names = ("AZUREML_SUBSCRIPTION_ID", "AZUREML_RESOURCE_GROUP", "AZUREML_WORKSPACE_NAME")
    return MLClient(credential, *(os.environ[name] for name in names))


def write(path: str, content: str | bytes) -> Path:
    """A file below the working directory."""
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def ended(ml: MLClient, name: str):
    """A job once it has ended."""
    deadline = time.monotonic() + 90
    while (job := ml.jobs.get(name)).status not in TERMINAL:
        assert time.monotonic() < deadline, job.status
        # For each look the client asks for the clouds anew, over connections of their own: 60 ms of a processor.
        time.sleep(0.4)
    return job


def hold() -> Path:
    """A file that is there once a log is being streamed: of a job that has ended, no log is printed."""
    HOLD.append(Path(f"streaming-{len(HOLD)}").resolve())
    return HOLD[-1]


def held(text: str) -> str:
    """A command that ends only once its log is being streamed."""
    return f"({text}); code=$?; n=0; until [ -e {hold()} ] || [ $((n+=1)) -gt 600 ]; do sleep 0.1; done; exit $code"


class Printed(io.StringIO):
    """What is printed; once a log is, held jobs may end."""

    def write(self, text: str) -> int:
        if "Streaming " in text:
            for file in HOLD:
                file.touch()
        return super().write(text)


def streamed(ml: MLClient, name: str) -> tuple[str, str]:
    """What ``jobs.stream`` prints, and the error that it raises, if any."""
    error = ""
    with contextlib.redirect_stdout(Printed()) as printed:
        try:
            ml.jobs.stream(name)
        except Exception as raised:  # noqa: BLE001 - what is raised is what the test judges
            error = f"{type(raised).__name__}: {raised}"
    return printed.getvalue(), error


def refused(act) -> str:
    """The class and text of the error that an act raises."""
    try:
        act()
    except Exception as raised:  # noqa: BLE001 - what is raised is what the test judges
        return f"{type(raised).__name__}: {raised}"
    return ""


def files(folder: str) -> dict:
    """Relative name to content, of every file below a folder; bytes as hexadecimal text."""
    top = Path(folder)
    return {str(p.relative_to(top)): p.read_bytes().hex() for p in sorted(top.rglob("*")) if p.is_file()}


def report() -> None:
    """Print what was seen, for the test."""
    print("\nRESULT " + json.dumps(SEEN, default=str))
