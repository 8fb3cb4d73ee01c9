"""A parallel node over a table, and Spark as a job and as a node, with Microsoft's client."""

from azure.ai.ml import Input, Output, dsl, spark
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from client import SEEN, client, ended, files, report, write

ENVIRONMENT = "azureml:AzureML-minimal:1"
ml = client()
write("table/MLTable", "paths: [{file: ./rows.csv}]\ntransformations: [{read_delimited: {delimiter: ','}}]\n")
write("table/rows.csv", "store,n\nb,1\na,2\nb,3\n")
write(
    "batch/run.py",
    "def init(): pass\n"
    "def run(rows, mini_batch_context):\n"
    "    return [f\"{mini_batch_context.partition_key_value['store']} {len(rows)}\"] * len(rows)\n",
)
write("spark/count.py", "import sys\nprint('counted', sys.argv[1:])\n")
table = parallel_run_function(
    name="table",
    inputs={"rows": Input(type="mltable", mode="direct")},
    outputs={"out": Output(type="uri_file")},
    input_data="${{inputs.rows}}",
    partition_keys=["store"],
    instance_count=1,
    task=RunFunction(code="./batch", entry_script="run.py", environment=ENVIRONMENT, append_row_to="${{outputs.out}}"),
)


def counting():
    return spark(
        code="./spark",
        entry={"file": "count.py"},
        driver_cores=1,
        driver_memory="1g",
        executor_cores=1,
        executor_memory="1g",
        executor_instances=1,
        resources={"instance_type": "Standard_E8S_V3", "runtime_version": "3.4.0"},
        inputs={"n": 3},
        outputs={"words": Output(type="uri_folder", mode="direct")},
        args="--n ${{inputs.n}} ${{outputs.words}}",
    )


@dsl.pipeline(default_compute="cpu-cluster")
def whole(rows: Input(type="mltable")):
    scored = table(rows=rows)
    counted = counting()(n=4)
    counted.resources = {"instance_type": "Standard_E8S_V3", "runtime_version": "3.4.0"}
    counted.outputs.words.mode = "direct"
    return {"out": scored.outputs.out}


pipeline = whole(rows=Input(type="mltable", path="./table"))
pipeline.settings.continue_on_step_failure = True
made = ended(ml, ml.jobs.create_or_update(pipeline, experiment_name="conformance").name)
steps = {step.display_name: step for step in ml.jobs.list(parent_job_name=made.name)}
SEEN["steps"] = {name: step.status for name, step in steps.items()}
ml.jobs.download(made.name, output_name="out", download_path="got")
SEEN["rows"] = [bytes.fromhex(text).decode() for text in files("got/named-outputs").values()]
job = ml.jobs.create_or_update(counting())
SEEN["job"] = [job.type, job.entry.entry, job.conf["spark.driver.memory"]]
done = ended(ml, job.name)
SEEN["done"] = done.status
ml.jobs.download(job.name, download_path="spark-log")
SEEN["log"] = "".join(bytes.fromhex(text).decode() for text in files("spark-log").values())
report()
