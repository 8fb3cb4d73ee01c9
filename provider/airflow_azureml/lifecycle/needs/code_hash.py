"""The code of a task's jobs: its hash is a tag of each, and a job with other code than the first one is told of.

Files that belong to no version (a plain DAGs folder, a bundle without versions) may change between two tries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.jobs import Job

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation

CODE_TAG = "airflow_code_hash"
"""The tag with the hash of the local code: of one folder or file the hash that Azure ML knows it by."""


def code_tags(translation: Translation) -> dict[str, str]:
    """The tag of a job with local code; none for one without.

    :raises SpecError: a file cannot be read.
    """
    from airflow_azureml.jobspec.document.requirements import uploads

    hashes = sorted({upload.digest() for upload in uploads(translation.body) if upload.kind == "code"})
    if not hashes:
        return {}
    return {CODE_TAG: hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()}


def tell_other_code(first: Job, tags: Mapping[str, str]) -> Steps[None]:
    """Warn where a job is about to be put whose code is not that of this generation's first one.

    :param tags: of the new job.
    """
    before, now = first.tags.get(CODE_TAG), tags.get(CODE_TAG)
    if before is not None and before != now:
        said = f"now it is {now[:12]}" if now else "now there is none"
        text = f"This is not the local code of the task's first job {first.name}: its hash was {before[:12]}, {said}."
        yield News(Warned(f"{text} The next job runs what is there now."))
