"""The tutorial as one pipeline, from the example's component files: by ``@dsl.pipeline``, and from the job's YAML."""

import os
from pathlib import Path

from azure.ai.ml import Input, dsl, load_component, load_job
from client import SEEN, client, ended, files, report

FOLDER = Path(os.environ["EXAMPLE"])
ml = client()
data_prep = load_component(FOLDER / "components" / "data_prep.yml")
train = load_component(FOLDER / "components" / "train.yml")


@dsl.pipeline(default_compute="serverless", experiment_name="tutorial")
def tutorial(credit_card, test_train_ratio=0.25, learning_rate=0.05):
    """Prepare, then train."""
    prepared = data_prep(data=credit_card, test_train_ratio=test_train_ratio)
    trained = train(
        train_data=prepared.outputs.train_data,
        test_data=prepared.outputs.test_data,
        learning_rate=learning_rate,
        registered_model_name="credit_defaults_of_client",
    )
    return {"test_data": prepared.outputs.test_data, "model": trained.outputs.model}


def seen(job, name):
    """What became of a pipeline, and what the client downloads of its outputs."""
    done = ended(ml, job.name)
    for output in ("test_data", "model"):
        ml.jobs.download(job.name, output_name=output, download_path=name)
    SEEN[name] = {
        "status": done.status,
        "outputs": sorted(done.outputs),
        "steps": sorted([child.display_name, child.status] for child in ml.jobs.list(parent_job_name=job.name)),
        "files": {file: len(content) // 2 for file, content in files(name).items()},
    }


made = tutorial(credit_card=Input(type="uri_file", path=str(FOLDER / "data" / "credit_card.csv")))
jobs = {"decorator": made, "yaml": load_job(FOLDER / "pipeline.yml")}
for name, job in {name: ml.jobs.create_or_update(job) for name, job in jobs.items()}.items():
    seen(job, name)
model = ml.models.get("credit_defaults_of_client", label="latest")
SEEN["model"] = [model.name, model.type]
report()
