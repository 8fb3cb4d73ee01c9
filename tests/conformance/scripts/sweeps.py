"""Sweeps with Microsoft's client: submit one of each origin, stream, list its trials, download, cancel."""

from azure.ai.ml import Input, Output, command, load_job
from azure.ai.ml.sweep import BanditPolicy, Choice, Uniform
from client import SEEN, UNIQUE, client, ended, files, held, refused, report, streamed, write

ENVIRONMENT = "azureml:AzureML-minimal:1"
ml = client()
write(
    "src/trial.py",
    """
import json, os, pathlib, ssl, sys, urllib.request
rate, rows, model = sys.argv[1:]
tracking = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://")
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "auc", "value": float(rate), "timestamp": 1, "step": 0}
head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(f"{tracking}/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(), head)
urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
pathlib.Path(model, "rate.txt").write_text(rate + pathlib.Path(rows).read_text())
pathlib.Path("outputs/note.txt").write_text(rate)
""",
)
write("data/rows.txt", " rows")

trial = command(
    code="./src",
    command=held("python trial.py ${{inputs.rate}} ${{inputs.rows}} ${{outputs.model}}"),
    environment=ENVIRONMENT,
    inputs={"rate": 0.1, "rows": Input(type="uri_file", path="./data/rows.txt")},
    outputs={"model": Output(type="uri_folder")},
)
sweep = trial(rate=Choice([0.25, 0.75, 0.5])).sweep(
    primary_metric="auc", goal="maximize", sampling_algorithm="grid", compute="cpu-cluster"
)
sweep.set_limits(max_total_trials=3, max_concurrent_trials=2, timeout=600, trial_timeout=60)
sweep.early_termination = BanditPolicy(slack_factor=0.9, evaluation_interval=1, delay_evaluation=5)
sweep.experiment_name, sweep.tags = "conformance", {"k": "v"}
first = ml.jobs.create_or_update(sweep)
SEEN["first"] = [first.status, first.type, first.objective.goal, sorted(first.search_space)]
SEEN["log"], SEEN["stream_error"] = streamed(ml, first.name)
done = ended(ml, first.name)
best = done.properties["best_child_run_id"]
SEEN["done"] = [done.status, best.removeprefix(f"{first.name}_"), done.properties["score"], done.tags["k"]]
SEEN["children"] = {
    child.name.removeprefix(f"{first.name}_"): child.status for child in ml.jobs.list(parent_job_name=first.name)
}
SEEN["trial"] = [type(ml.jobs.get(best)).__name__, ml.jobs.get(best).command.partition("trial.py ")[2][:4]]
SEEN["listed"] = [job.name for job in ml.jobs.list() if job.name.startswith(first.name)] == [first.name]
ml.jobs.download(first.name, output_name="model", download_path="model")
ml.jobs.download(first.name, all=True, download_path="everything")
ml.jobs.download(first.name, download_path="logs")
SEEN["model"], SEEN["everything"], SEEN["logs"] = files("model"), sorted(files("everything")), sorted(files("logs"))
again = ml.jobs.create_or_update(ml.jobs.get(first.name))
SEEN["again"] = [again.status, len(list(ml.jobs.list(parent_job_name=first.name)))]

write(
    "sweep.yml",
    f"""
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
name: sweep-of-file-{UNIQUE}
trial:
  command: echo ${{{{search_space.layers}}}} ${{{{search_space.rate}}}} $AZUREML_SWEEP_rate $AZUREML_PARAMETER_word
  environment: {ENVIRONMENT}
inputs: {{word: hello}}
sampling_algorithm: {{type: random, rule: sobol, seed: 5}}
search_space:
  layers: {{type: choice, values: [2, 4]}}
  rate: {{type: loguniform, min_value: -3, max_value: -1}}
objective: {{goal: minimize, primary_metric: loss}}
limits: {{max_total_trials: 2, timeout: 300}}
early_termination: {{type: median_stopping, delay_evaluation: 5, evaluation_interval: 1}}
compute: azureml:cpu-cluster
""",
)
of_file = ended(ml, ml.jobs.create_or_update(load_job("sweep.yml")).name)
SEEN["of file"] = [of_file.status, "best_child_run_id" in of_file.properties, of_file.sampling_algorithm.seed]
ml.jobs.download(f"{of_file.name}_0", all=True, download_path="trial")
(log,) = (content for name, content in files("trial").items() if name.endswith("std_log.txt"))
SEEN["printed"] = bytes.fromhex(log).decode().splitlines()[-1].split()

endless = command(command="sleep 300", environment=ENVIRONMENT, inputs={"x": 1})(x=Uniform(0, 1)).sweep(
    primary_metric="m", goal="minimize", sampling_algorithm="random", compute="cpu-cluster"
)
endless.set_limits(max_total_trials=4, max_concurrent_trials=1)
canceled = ml.jobs.create_or_update(endless)
SEEN["cancel"] = refused(lambda: ml.jobs.begin_cancel(canceled.name).result()), ended(ml, canceled.name).status
SEEN["canceled children"] = {child.status for child in ml.jobs.list(parent_job_name=canceled.name)} <= {"Canceled"}
report()
report()
