"""Where our translation is other than Microsoft's client for a reason; everything else that differs is wrong."""

from __future__ import annotations

import re

from tests.oracle.judge import Verdict

REASONS: tuple[tuple[str, str, str], ...] = (
    ("refused here", r"the key .* stands here twice", "one of two equal keys would be lost"),
    ("refused there", r"written with .*tabs? ", "YAML takes a tab there; only the loader that is all Python does not"),
    ("refused here", r"found invalid Unicode character escape code", "half a letter cannot be sent"),
    ("refused here", r"(inf|nan|bytes) (is not an input|cannot be sent as JSON)", "no JSON has it"),
    (
        "refused here",
        r'"azureml::1" does not name|a:1@latest" does not name|e:1@latest" does not name',
        "no name, or two",
    ),
    ("refused here", r'"azureml://registries/r" does not name|code: "azureml:" does not name', "it names nothing"),
    ("refused there", r"azureml:/[ae](:1|@latest)\b", "the form with a slash is taken everywhere"),
    ("differs", r"azureml:/(e:1|AzureML-)", "the form with a slash is taken everywhere"),
    (
        "differs",
        r"^input triton_model.* ours '/subscriptions/\S*/models/.* theirs '/subscriptions/\S*/data/",
        "a model is none of the data",
    ),
    ("refused here", r'"(file|folder):[^"]*": a local path is written without', "no asset is called file"),
    ("refused here", r'"azureml:" is not a datastore', "it names nothing"),
    (
        "refused here",
        r'compute: "\S*" is not a compute|is the id of something in "data", not of a compute',
        "no compute is called so",
    ),
    (
        "refused here",
        r'(code|image|conda_file) = empty|code: "" is not|conda_file: a list is not',
        "there is nothing to take",
    ),
    ("refused there", r"unexpected keyword argument 'msi_resource_id'", "a fault of theirs: the schema knows the key"),
    ("differs", r"jobServiceType: ours '(RayDashboard|Studio|Tracking)', theirs 'Custom'", "theirs loses the type"),
    ("refused here", r"is not a type of service", "theirs loses the type, and no such service would run"),
    ("refused here", r"command 'echo \{inputs\.b\}'", "the job has no such input, however it is written"),
    ("refused here", r'outputs\.x\.name: "(a\\n)?" is not a name|version \'\' .*needs a name', "it names nothing"),
    ("refused here", r"nodes wait for each other", "a cycle would never run"),
    ("refused here", r"is a file, and the input is a uri_folder", "the service would look for a folder"),
    (
        "refused here",
        r'the pipeline has no such|there is no node|has no such output|a pipeline has no "|this names no output',
        "what leads nowhere would fail when the job has begun",
    ),
    ("refused here", r"is the id of something in \"environments\", not of a compute", "it is no compute"),
    ("refused here", r"a folder around it", "Microsoft's client goes round forty times and uploads as many copies"),
)
"""Kind of verdict, what its case and detail hold (a regular expression), and the reason."""


def known(verdict: Verdict) -> str | None:
    """The reason for a difference; None when there is none."""
    line = f"{verdict.case.id} | {verdict.detail}"
    return next((why for kind, what, why in REASONS if kind == verdict.kind and re.search(what, line)), None)
