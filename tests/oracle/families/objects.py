"""Objects of azure-ai-ml as a job: what its builders make, and what files are loaded into."""

# ruff: noqa: E501 - programs stand in texts

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tests.corpus.fake_azure import HOME
from tests.oracle.calls import Made
from tests.oracle.judge import Case
from tests.oracle.variations import FILES

HEAD = """
from azure.ai.ml import (
    Input, Output, MpiDistribution, PyTorchDistribution, RayDistribution, TensorFlowDistribution, automl, command, dsl,
    load_component, load_job, spark, AmlTokenConfiguration, ManagedIdentityConfiguration, UserIdentityConfiguration,
)
from azure.ai.ml.entities import (
    BuildContext, CommandComponent, CommandJob, CommandJobLimits, Environment, JobResourceConfiguration, JobService,
    JupyterLabJobService, PipelineJob, QueueSettings, ResourceConfiguration, RetrySettings, SparkResourceConfiguration,
    SshJobService, TensorBoardJobService, VsCodeJobService,
)
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.ai.ml.sweep import (
    BanditPolicy, BayesianSamplingAlgorithm, Choice, GridSamplingAlgorithm, LogNormal, LogUniform, MedianStoppingPolicy,
    Normal, Objective, QLogNormal, QLogUniform, QNormal, QUniform, RandomSamplingAlgorithm, Randint, SweepJob, SweepJobLimits,
    TruncationSelectionPolicy, Uniform,
)
DATA = "azureml://datastores/workspaceblobstore/paths/in/"

def step(**more):
    given = dict(command="echo ${{inputs.a}} ${{outputs.o}}", environment="azureml:e:1", compute="cpu",
                 inputs={"a": Input(type="uri_folder", path=DATA)}, outputs={"o": Output(type="uri_folder")})
    return command(**{**given, **more})

def plain(**more):
    return command(**{**dict(command="echo hi", environment="azureml:e:1", compute="cpu"), **more})
"""

YAMLS = {
    **FILES,
    "component.yml": """
name: train
version: 1
type: command
display_name: Train
inputs:
  data: {type: uri_folder}
  rate: {type: number, default: 0.1}
  epochs: {type: integer, optional: true}
outputs:
  model: {type: uri_folder}
code: ./src
command: python train.py --data ${{inputs.data}} --rate ${{inputs.rate}} $[[--epochs ${{inputs.epochs}}]] --o ${{outputs.model}}
environment: azureml:e:1
""",
    "inline.yml": """
name: inline
type: command
inputs:
  data: {type: uri_file}
outputs:
  out: {type: mltable, mode: upload}
command: python train.py ${{inputs.data}} ${{outputs.out}}
environment: {image: i, conda_file: ./conda.yml}
resources: {instance_count: 2}
distribution: {type: mpi, process_count_per_instance: 2}
""",
    "components/score/component.yml": """
name: score
type: parallel
inputs: {d: {type: mltable, mode: eval_mount}}
outputs: {o: {type: uri_folder}}
input_data: ${{inputs.d}}
resources: {instance_count: 2}
task: {type: run_function, code: ../../src, entry_script: train.py, environment: azureml:e:1}
""",
    "command.yml": """
type: command
command: echo ${{inputs.a}} ${{inputs.d}}
code: ./src
environment: {image: i, conda_file: ./conda.yml}
compute: azureml:cpu
inputs: {a: 1, d: {type: uri_folder, path: ./data}}
outputs: {o: {type: uri_folder, mode: upload}}
services: {s: {type: ssh, ssh_public_keys: k}, j: {type: jupyter_lab}}
resources: {instance_count: 2, shm_size: 2g}
distribution: {type: pytorch, process_count_per_instance: 2}
limits: {timeout: 100}
queue_settings: {job_tier: standard}
identity: {type: user_identity}
tags: {a: b}
""",
    "pipeline.yml": """
type: pipeline
settings: {default_compute: azureml:cpu}
inputs: {d: {type: uri_folder, path: ./data}, n: 3}
outputs: {m: {type: uri_folder}}
jobs:
  one:
    type: command
    component: ./component.yml
    inputs: {data: "${{parent.inputs.d}}", rate: "${{parent.inputs.n}}"}
    outputs: {model: "${{parent.outputs.m}}"}
  two:
    type: command
    command: echo ${{inputs.x}}
    environment: azureml:e:1
    code: ./src
    inputs: {x: {type: uri_folder, path: "${{parent.jobs.one.outputs.model}}"}}
""",
    "sweep.yml": """
type: sweep
trial:
  code: ./src
  command: echo ${{search_space.r}} ${{inputs.d}}
  environment: azureml:e:1
inputs: {d: {type: uri_folder, path: ./data}}
compute: azureml:cpu
sampling_algorithm: random
search_space: {r: {type: uniform, min_value: 0.1, max_value: 0.9}}
objective: {goal: maximize, primary_metric: auc}
limits: {max_total_trials: 4, timeout: 60, trial_timeout: 30}
early_termination: {type: bandit, slack_factor: 0.1, evaluation_interval: 1, delay_evaluation: 2}
""",
    "spark.yml": """
type: spark
code: ./src
entry: {file: train.py}
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2, spark.executor.memory: 2g, spark.executor.instances: 2}
inputs: {d: {type: uri_file, path: "azureml://datastores/d/paths/p", mode: direct}}
args: --d ${{inputs.d}}
resources: {instance_type: standard_e4s_v3, runtime_version: "3.4"}
""",
}

COMMANDS = {
    "small": "job = plain()",
    "full": """
        job = command(
            name="jn", display_name="D n", description="d", experiment_name="ex", tags={"t": "v", "n": 1, "b": True, "z": None},
            properties={"p": "v"}, command="echo ${{inputs.d}} ${{inputs.l}} ${{outputs.o}}", code="./src", compute="cpu",
            environment=Environment(image="i", conda_file="./conda.yml"), environment_variables={"A": "b", "N": 1},
            inputs={"d": Input(type="uri_folder", path="./data", mode="download"), "l": 0.1},
            outputs={"o": Output(type="uri_folder", path=DATA, mode="upload", name="n", version="2")},
            distribution=PyTorchDistribution(process_count_per_instance=2), instance_count=2, instance_type="T",
            shm_size="2g", docker_args="--x", locations=["a"], timeout=100, identity=UserIdentityConfiguration(),
            services={"s": SshJobService(ssh_public_keys="k", nodes="all"), "t": TensorBoardJobService(log_dir="l")},
            job_tier="standard", priority="high", parent_job_name="up")
    """,
    "set afterwards": """
        job = plain()
        job.set_resources(instance_count=3, shm_size="1g", docker_args=["--a"], properties={"x": {"y": 1}})
        job.set_limits(timeout=5)
        job.set_queue_settings(job_tier="spot", priority="low")
        job.distribution = MpiDistribution(process_count_per_instance=2)
        job.identity = ManagedIdentityConfiguration(client_id="c", object_id="o", resource_id="r")
        job.environment_variables = {"A": "b"}
        job.tags = {"a": "b"}
        job.display_name = "D"
        job.experiment_name = "e"
    """,
    "called": 'job = step()(a=Input(type="uri_folder", path="./data"))',
    "called without": "job = step()()",
    "called with a literal": """
        job = command(command="x ${{inputs.n}}", environment="azureml:e:1", compute="cpu", inputs={"n": 1})(n=5)
    """,
    "environment by version": 'job = plain(environment=Environment(name="n", version="3"))',
    "environment named and built": 'job = plain(environment=Environment(name="n", version="3", image="i"))',
    "environment named": 'job = plain(environment=Environment(name="n", image="i"))',
    "environment from a context": 'job = plain(environment=Environment(build=BuildContext(path="./ctx")))',
    "environment from a file in a context": """
        job = plain(environment=Environment(build=BuildContext(path="./ctx", dockerfile_path="f.txt")))
    """,
    "environment with conda in words": """
        job = plain(environment=Environment(image="i", conda_file={"name": "z", "dependencies": ["python=3.10"]}))
    """,
    "environment with tags": 'job = plain(environment=Environment(image="i", tags={"a": "b"}, description="d"))',
    "environment with inference": """
        route = {"port": 5001, "path": "/"}
        job = plain(environment=Environment(image="i", inference_config={
            "liveness_route": route, "readiness_route": route, "scoring_route": route}))
    """,
    "environment by label": 'job = plain(environment="azureml:e@latest")',
    "environment curated": 'job = plain(environment="AzureML-x@latest")',
    "environment of a registry": 'job = plain(environment="azureml://registries/r/environments/e/versions/1")',
    "environment of a registry by label": 'job = plain(environment="azureml://registries/r/environments/e/labels/latest")',
    "code absolute": 'import os; job = plain(code=os.path.abspath("src"))',
    "code as a path": 'from pathlib import Path; job = plain(code=Path("src"))',
    "code one file": 'job = plain(code="./src/train.py")',
    "code by id": """
        home = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
        job = plain(code=f"{home}/codes/c/versions/1")
    """,
    "code by name": 'job = plain(code="azureml:c:1")',
    "no compute": 'job = command(command="x", environment="azureml:e:1")',
    "serverless": 'job = plain(compute="serverless", instance_type="T")',
    "local": 'job = plain(compute="local")',
    "no environment": 'job = command(command="x", compute="cpu")',
    "no command": 'job = command(environment="azureml:e:1", compute="cpu")',
    **{
        f"input {text}": f'job = step(inputs={{"a": {text}}})'
        for text in (
            'Input(type="uri_file", path="./data.csv")',
            'Input(type="uri_file", path="data.csv", mode="download")',
            'Input(type="uri_folder", path="data/")',
            'Input(type="mltable", path="./mlt", mode="eval_mount")',
            'Input(type="uri_folder", path="azureml:a:1")',
            'Input(type="uri_folder", path="a:1")',
            'Input(type="uri_folder", path="azureml:a@latest")',
            'Input(type="mlflow_model", path="azureml:a:1")',
            'Input(type="custom_model", path="azureml:a@latest", mode="ro_mount")',
            'Input(type="uri_file", path="https://example.org/a.csv")',
            'Input(type="uri_file", path="wasbs://c@x.blob.core.windows.net/p")',
            'Input(path="data")',
            'Input(type="string", default="x")',
            'Input(type="integer", default=3)',
            'Input(type="uri_folder", path="azureml://registries/r/data/a/versions/1")',
            'Input(type="uri_folder", path="./nope")',
            'Input(type="uri_folder", path=DATA, description="d")',
            *('"text"', "1", "0.5", "True", "False", '""', '"azureml:a:1"', '"true"', '"1"', "1e20", "None"),
            '{"type": "uri_folder", "path": "./data"}',
        )
    },
    **{
        f"output {text}": f'job = step(outputs={{"o": {text}}})'
        for text in (
            *("None", "{}", "Output()", 'Output(type="uri_file")', 'Output(type="mltable", mode="rw_mount")'),
            *(
                'Output(type="mlflow_model")',
                'Output(type="uri_folder", path=DATA)',
                'Output(name="n")',
                'Output(mode="upload")',
            ),
            *('Output(name="n", version="1")', 'Output(type="uri_folder", description="d")', '{"type": "uri_file"}'),
        )
    },
    **{
        f"distribution {text}": f"job = plain(distribution={text}, instance_count=2)"
        for text in (
            *("MpiDistribution()", "PyTorchDistribution(process_count_per_instance=2)", "TensorFlowDistribution()"),
            *("TensorFlowDistribution(parameter_server_count=1, worker_count=2)", "RayDistribution(port=1)"),
            *(
                '{"type": "mpi", "process_count_per_instance": 2}',
                '{"type": "pytorch"}',
                '{"type": "ray", "address": "a"}',
            ),
        )
    },
    **{
        f"identity {text}": f"job = plain(identity={text})"
        for text in (
            *("UserIdentityConfiguration()", "AmlTokenConfiguration()", "ManagedIdentityConfiguration()"),
            *('ManagedIdentityConfiguration(client_id="c")', 'ManagedIdentityConfiguration(object_id="c")'),
            *('ManagedIdentityConfiguration(resource_id="c")', 'ManagedIdentityConfiguration(principal_id="c")'),
            '{"type": "user_identity"}',
        )
    },
    **{
        f"service {text}": f'job = plain(services={{"s": {text}}})'
        for text in (
            *(
                'SshJobService(ssh_public_keys="k")',
                "SshJobService()",
                "JupyterLabJobService(port=3)",
                "VsCodeJobService()",
            ),
            *('TensorBoardJobService(log_dir="l", nodes="all")', "TensorBoardJobService()", "JobService()"),
            *('JobService(type="jupyter_lab", port=1)', 'JobService(type="custom", port=2, properties={"a": "b"})'),
            *('VsCodeJobService(properties={"a": "b"})', 'JobService(type="ssh", properties={"sshPublicKeys": "k"})'),
        )
    },
    "job of its class": """
        job = CommandJob(command="x ${{inputs.a}}", environment="azureml:e:1", compute="cpu", code="./src",
                         inputs={"a": Input(type="uri_folder", path="./data")}, outputs={"o": Output()},
                         limits=CommandJobLimits(timeout=3), resources=JobResourceConfiguration(instance_count=2),
                         distribution=MpiDistribution(), queue_settings=QueueSettings(job_tier="spot"),
                         identity=AmlTokenConfiguration(), environment_variables={"a": "b"})
    """,
}

SWEEP = """
    base = command(command="x ${{inputs.r}} ${{inputs.d}}", environment="azureml:e:1", compute="cpu", code="./src",
                   inputs={"r": 0.1, "d": Input(type="uri_folder", path="./data")}, outputs={"o": Output()},
                   experiment_name="ex", tags={"a": "b"})
    node = base(r=%s)
    job = node.sweep(sampling_algorithm=%s, primary_metric="auc", goal="maximize")
    job.set_limits(max_total_trials=4, max_concurrent_trials=2, timeout=60, trial_timeout=30)
    %s
"""
SPACES = (
    *("Choice([0.1, 0.2])", 'Choice(["a", "b"])', "Choice([1, True])", "Uniform(0.1, 0.9)", "QUniform(0.1, 0.9, 0.1)"),
    *("LogUniform(-3, 0)", "QLogUniform(-3, 0, 0.1)", "Normal(0, 1)", "QNormal(0, 1, 0.5)", "LogNormal(0, 1)"),
    *("QLogNormal(0, 1, 2)", "Randint(5)", "Uniform(min_value=1, max_value=2)", "Choice()", "Choice([])"),
)
SWEEPS = {
    **{f"space {text}": SWEEP % (text, '"random"', "") for text in SPACES},
    **{
        f"sampling {text}": SWEEP % ("Choice([1, 2])", text, "")
        for text in (
            *('"random"', '"grid"', '"bayesian"', "GridSamplingAlgorithm()", "BayesianSamplingAlgorithm()"),
            *('RandomSamplingAlgorithm(seed=3, rule="sobol")', "RandomSamplingAlgorithm(logbase=10)", '"Random"'),
        )
    },
    **{
        f"then {text}": SWEEP % ("Choice([1, 2])", '"random"', text)
        for text in (
            "job.early_termination = BanditPolicy(slack_factor=0.1, evaluation_interval=1, delay_evaluation=2)",
            "job.early_termination = BanditPolicy(slack_amount=0.1)",
            "job.early_termination = MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=2)",
            "job.early_termination = TruncationSelectionPolicy(evaluation_interval=1, truncation_percentage=20)",
            "job.set_objective(goal='minimize', primary_metric='loss')",
            "job.set_resources(instance_count=2, instance_type='T')",
            "job.queue_settings = QueueSettings(job_tier='spot')",
            "job.identity = UserIdentityConfiguration()",
            "job.display_name = 'D'; job.description = 'd'; job.experiment_name = 'e2'; job.tags = {'t': 'v'}",
            "job.compute = 'gpu'",
            "job.compute = 'serverless'",
            "job.outputs.o.mode = 'upload'",
            "job.inputs.d = Input(type='uri_folder', path='azureml:a:1')",
            "job.set_limits(max_total_trials=9)",
        )
    },
    "two parameters and a limit less": """
        base = command(command="x ${{inputs.r}} ${{inputs.k}}", environment="azureml:e:1", compute="cpu",
                       inputs={"r": 0.1, "k": "a"}, distribution=MpiDistribution(process_count_per_instance=2),
                       instance_count=2, shm_size="1g", environment_variables={"A": "b"}, timeout=50)
        job = base(r=Uniform(0, 1), k=Choice(["a", "b"])).sweep(
            sampling_algorithm="bayesian", primary_metric="m", goal="minimize", max_total_trials=3)
    """,
    "of its class": """
        trial = plain(command="x ${{search_space.r}}")
        job = SweepJob(trial=trial._component if False else trial.component, compute="cpu", sampling_algorithm="random",
                       search_space={"r": Uniform(0, 1)}, objective=Objective(goal="maximize", primary_metric="a"),
                       limits=SweepJobLimits(max_total_trials=2))
    """,
}

PIPELINES = {
    "one step": """
        @dsl.pipeline(compute="cpu")
        def flow(d):
            first = step()(a=d)
            return {"out": first.outputs.o}
        job = flow(Input(type="uri_folder", path="./data"))
    """,
    "components of files": """
        train, inline = load_component("component.yml"), load_component("inline.yml")
        @dsl.pipeline(name="p", description="d", display_name="D", experiment_name="e", tags={"a": "b"}, compute="cpu")
        def flow(d, rate=0.5, n: int = 3):
            one = train(data=d, rate=rate, epochs=n)
            two = inline(data=Input(type="uri_file", path="./data.csv"))
            three = train(data=one.outputs.model)
            three.compute = "gpu"
            three.environment_variables = {"A": "b"}
            return {"m": one.outputs.model, "t": two.outputs.out}
        job = flow(d=Input(type="uri_folder", path="azureml:a@latest"))
        job.settings.force_rerun = True
        job.settings.continue_on_step_failure = False
        job.settings.default_datastore = "workspaceblobstore"
    """,
    "nested": """
        train = load_component("component.yml")
        @dsl.pipeline()
        def inner(x, rate: float = 0.1):
            one = train(data=x, rate=rate)
            return {"m": one.outputs.model}
        @dsl.pipeline(compute="cpu")
        def outer(x):
            a = inner(x=x)
            b = inner(x=a.outputs.m, rate=0.7)
            return {"m": b.outputs.m}
        job = outer(Input(type="uri_folder", path="./data"))
    """,
    "settings of steps": """
        @dsl.pipeline(default_compute="cpu", force_rerun=True, continue_on_step_failure=True)
        def flow():
            first = step(compute=None)()
            first.name = "one"
            first.display_name = "One"
            first.comment = "c"
            first.compute = "gpu"
            first.limits = CommandJobLimits(timeout=4)
            first.resources = JobResourceConfiguration(instance_count=2, instance_type="T")
            first.distribution = MpiDistribution(process_count_per_instance=2)
            first.identity = UserIdentityConfiguration()
            first.outputs.o.mode = "upload"
            first.outputs.o.path = DATA
            first.inputs.a.mode = "download"
            first.queue_settings = QueueSettings(job_tier="spot")
            first.tags = {"a": "b"}
            first.properties = {"p": "q"}
            second = step()(a=first.outputs.o)
            second.outputs.o = Output(type="uri_folder", name="n", version="1")
        job = flow()
    """,
    "values of all kinds": """
        def take(**more):
            return command(command="x " + " ".join("${{inputs.%s}}" % name for name in "sinb"), environment="azureml:e:1",
                           inputs={"s": "t", "i": 1, "n": 0.5, "b": True})
        @dsl.pipeline(compute="cpu")
        def flow(s: str, i: int, n: float, b: bool, q=7):
            one = take()(s=s, i=i, n=n, b=b)
            two = take()(s="x", i=2, n=1e-7, b=False)
            three = take()()
        job = flow(s="1", i=1, n=2.5, b=True)
    """,
    "sweep step": """
        train = load_component("component.yml")
        @dsl.pipeline(compute="cpu")
        def flow(d):
            found = train(data=d, rate=Uniform(0.1, 0.9)).sweep(
                primary_metric="auc", goal="maximize", sampling_algorithm="random")
            found.set_limits(max_total_trials=4, max_concurrent_trials=2, timeout=60)
            found.early_termination = BanditPolicy(slack_factor=0.1, evaluation_interval=1)
            last = train(data=found.outputs.model)
            return {"m": found.outputs.model}
        job = flow(Input(type="uri_folder", path="./data"))
    """,
    "parallel step": """
        score = parallel_run_function(
            name="score", display_name="S", description="d", tags={"a": "b"}, inputs={"d": Input(type="mltable", path="./mlt")},
            outputs={"o": Output(type="uri_folder", mode="rw_mount")}, input_data="${{inputs.d}}", instance_count=2,
            mini_batch_size="5", mini_batch_error_threshold=5, logging_level="DEBUG", error_threshold=5,
            max_concurrency_per_instance=1, retry_settings=RetrySettings(max_retries=1, timeout=5), is_deterministic=False,
            task=RunFunction(code="./src", entry_script="train.py", environment="azureml:e:1",
                             program_arguments="--x ${{outputs.o}}", append_row_to="${{outputs.o}}"))
        @dsl.pipeline(compute="cpu")
        def flow(d):
            one = score(d=d)
            one.environment_variables = {"A": "b"}
        job = flow(Input(type="mltable", path="./mlt"))
    """,
    "parallel by keys": """
        score = parallel_run_function(
            inputs={"d": Input(type="mltable", path="./mlt", mode="eval_mount")}, outputs={"o": Output(type="uri_folder")},
            input_data="${{inputs.d}}", partition_keys=["a", "b"],
            task=RunFunction(code="./src", entry_script="train.py", environment=Environment(image="i")))
        @dsl.pipeline(compute="cpu")
        def flow():
            one = score()
            one.resources = ResourceConfiguration(instance_count=2, instance_type="T")
            one.retry_settings = RetrySettings(max_retries=2)
        job = flow()
    """,
    "spark step": """
        tidy = spark(code="./src", entry={"file": "train.py"}, driver_cores=1, driver_memory="2g", executor_cores=2,
                     executor_memory="2g", executor_instances=2, args="--d ${{inputs.d}}",
                     inputs={"d": Input(type="uri_file", path=DATA, mode="direct")},
                     outputs={"o": Output(type="uri_folder", path=DATA, mode="direct")},
                     resources={"instance_type": "standard_e4s_v3", "runtime_version": "3.4"})
        @dsl.pipeline()
        def flow(d):
            one = tidy(d=d)
            one.inputs.d.mode = "direct"
            one.outputs.o = Output(type="uri_folder", mode="direct")
            one.identity = ManagedIdentityConfiguration()
        job = flow(Input(type="uri_file", path=DATA, mode="direct"))
    """,
    "automl step": """
        @dsl.pipeline(compute="cpu")
        def flow(t):
            one = automl.classification(training_data=t, target_column_name="y", primary_metric="accuracy",
                                        n_cross_validations=3, outputs={"best_model": Output(type="mlflow_model")})
            one.set_limits(max_trials=3, timeout_minutes=20)
            one.set_training(enable_stack_ensemble=False)
            two = step(inputs={"a": Input(type="mlflow_model", path=DATA)})(a=one.outputs.best_model)
        job = flow(Input(type="mltable", path="./mlt"))
    """,
    "optional and groups": """
        train = load_component("component.yml")
        @dsl.pipeline(compute="cpu")
        def flow(d: Input(type="uri_folder"), n: Input(type="integer", optional=True) = None):
            one = train(data=d, epochs=n)
        job = flow(d=Input(type="uri_folder", path="./data"))
    """,
    "outputs with places": """
        @dsl.pipeline(compute="cpu")
        def flow():
            one = step()()
            return {"out": one.outputs.o}
        job = flow()
        job.outputs.out = Output(type="uri_folder", mode="upload", path=DATA)
        job.tags = {"x": "y"}
        job.properties = {"p": "q"}
        job.identity = UserIdentityConfiguration()
    """,
    "output registered": """
        @dsl.pipeline(compute="cpu")
        def flow():
            one = step()()
            return {"out": one.outputs.o}
        job = flow()
        job.outputs.out.name = "n"
        job.outputs.out.version = "3"
        job.outputs.out.mode = "upload"
    """,
    "serverless": """
        @dsl.pipeline(compute="serverless")
        def flow():
            one = step(compute=None, instance_type="T", instance_count=1)()
        job = flow()
    """,
    "of its class": """
        job = PipelineJob(inputs={"n": 1}, jobs={"one": step()}, compute="cpu", experiment_name="e")
    """,
    "component by name": """
        @dsl.pipeline(compute="cpu")
        def flow():
            one = load_component("component.yml")(data=Input(type="uri_folder", path="azureml:a:1"), rate=3)
            one.inputs.rate = 4
        job = flow()
    """,
    "component in a folder of its own": """
        score = load_component("components/score/component.yml")
        @dsl.pipeline(compute="cpu")
        def flow():
            one = score(d=Input(type="mltable", path="azureml:t:1"))
        job = flow()
    """,
    "output described where it is returned": """
        @dsl.pipeline(compute="cpu")
        def flow() -> Output(type="uri_folder", description="what comes of it", mode="upload"):
            one = step()()
            return {"output": one.outputs.o}
        job = flow()
    """,
    "steps of a step": """
        switch = dict(command="echo ${{inputs.b}} ${{outputs.o}}", inputs={"b": Input(type="boolean")})
        @dsl.pipeline()
        def inner(b: bool = True):
            one = step(display_name="One", tags={"a": 1}, **switch)(b=False)
            two = step(display_name="Two", **switch)(b=b)
            two.outputs.o.mode = "upload"
            return {"o": one.outputs.o, "p": two.outputs.o}
        @dsl.pipeline(compute="cpu")
        def flow():
            whole = inner(b=True)
            return {"q": whole.outputs.o}
        job = flow()
    """,
    **{
        f"step of steps on {compute}": f"""
            @dsl.pipeline()
            def inner():
                one = step()()
            @dsl.pipeline(compute="cpu")
            def flow():
                whole = inner()
                whole.compute = {compute!r}
            job = flow()
        """
        for compute in ("gpu", "azureml:gpu", f"{HOME}/computes/gpu", "no name")
    },
    "component of python": """
        kind = CommandComponent(name="n", version="2", display_name="D", command="x ${{inputs.a}}", environment="azureml:e:1",
                                inputs={"a": Input(type="integer", default=3, min=1, max=5)}, code="./src",
                                outputs={"o": Output(type="uri_file")}, tags={"a": "b"}, is_deterministic=False,
                                resources=JobResourceConfiguration(instance_count=1))
        @dsl.pipeline(compute="cpu")
        def flow():
            one = kind(a=2)
            two = kind()
        job = flow()
    """,
}

OTHERS = {
    "spark": """
        job = spark(code="./src", entry={"file": "train.py"}, driver_cores=1, driver_memory="2g", executor_cores=2,
                    executor_memory="2g", executor_instances=2, args="--d ${{inputs.d}}", name="jn", display_name="D",
                    experiment_name="e", tags={"a": "b"}, conf={"x.y": "z"}, py_files=["a.py"], jars=["a.jar"], files=["f.txt"],
                    archives=["a.zip"], inputs={"d": Input(type="uri_file", path=DATA, mode="direct")},
                    outputs={"o": Output(type="uri_folder", path=DATA, mode="direct")},
                    resources={"instance_type": "standard_e4s_v3", "runtime_version": "3.4"},
                    identity=UserIdentityConfiguration())
    """,
    "spark on a pool": """
        job = spark(code="./src", entry={"class_name": "a.B"}, driver_cores=1, driver_memory="2g", executor_cores=2,
                    executor_memory="2g", dynamic_allocation_enabled=True, dynamic_allocation_min_executors=1,
                    dynamic_allocation_max_executors=3, compute="pool", environment=Environment(image="i"))
    """,
    "spark scala with file": """
        job = spark(code="./src", entry={"file": "train.py"}, driver_cores=1, driver_memory="2g", executor_cores=2,
                    executor_memory="2g", executor_instances=1,
                    resources=SparkResourceConfiguration(instance_type="standard_e4s_v3", runtime_version="3.4"))
    """,
    **{
        f"automl {kind} {more} {then}": f"""
            job = automl.{kind}(training_data=Input(type="mltable", path="./mlt"), target_column_name="y", compute="cpu",
                                experiment_name="e", {more})
            {then}
        """
        for kind, more, then in (
            (
                "classification",
                'primary_metric="accuracy", n_cross_validations=3, tags={"a": "b"}, name="jn", enable_model_explainability=True',
                "job.set_limits(timeout_minutes=60, trial_timeout_minutes=20, max_trials=5, max_concurrent_trials=2, "
                "enable_early_termination=True); job.set_training(blocked_training_algorithms=['LogisticRegression'], "
                "enable_onnx_compatible_models=True); job.set_featurization(mode='auto')",
            ),
            ("classification", 'validation_data=Input(type="mltable", path="azureml:v:1"), weight_column_name="w"', ""),
            ("classification", "validation_data_size=0.2, positive_label='p'", "job.set_featurization(mode='off')"),
            ("regression", 'primary_metric="r2_score", n_cross_validations="auto"', "job.set_limits(max_trials=1)"),
            (
                "regression",
                "",
                "job.set_featurization(mode='custom', blocked_transformers=['LabelEncoder'], "
                "column_name_and_types={'a': 'Numeric'}, dataset_language='eng', enable_dnn_featurization=True)",
            ),
            (
                "forecasting",
                'primary_metric="normalized_root_mean_squared_error"',
                "job.set_forecast_settings(time_column_name='t', forecast_horizon=3, time_series_id_column_names=['a'], "
                "target_lags='auto', frequency='D', country_or_region_for_holidays='US')",
            ),
            (
                "text_classification",
                'validation_data=Input(type="mltable", path="./mlt")',
                "job.set_limits(max_trials=1)",
            ),
            ("text_classification_multilabel", 'validation_data=Input(type="mltable", path="./mlt")', ""),
            (
                "image_classification",
                'validation_data=Input(type="mltable", path="./mlt"), primary_metric="accuracy"',
                "job.set_limits(timeout_minutes=60, max_trials=3); job.set_training_parameters(model_name='vitb16r224', "
                "number_of_epochs=3); job.extend_search_space([]) if False else None",
            ),
            (
                "image_object_detection",
                'validation_data_size=0.2, primary_metric="mean_average_precision"',
                "job.set_sweep(sampling_algorithm='random', early_termination=BanditPolicy(evaluation_interval=2, "
                "slack_factor=0.2, delay_evaluation=6)); job.set_limits(max_trials=3); from azure.ai.ml.automl import "
                "SearchSpace; job.extend_search_space([SearchSpace(model_name=Choice(['yolov5']), "
                "learning_rate=Uniform(0.0001, 0.01), model_size=Choice(['small', 'medium']))])",
            ),
            ("image_instance_segmentation", "validation_data_size=0.2", ""),
            ("image_classification_multilabel", "validation_data_size=0.2", ""),
        )
    },
    "automl ner": """
        job = automl.text_ner(training_data=Input(type="mltable", path="./mlt"), compute="cpu",
                              validation_data=Input(type="mltable", path="./mlt"))
    """,
    **{f"loaded {name}": f'job = load_job("{name}.yml")' for name in ("command", "pipeline", "sweep", "spark")},
    "loaded command, changed": """
        job = load_job("command.yml")
        job.inputs["a"] = 5
        job.inputs["d"] = Input(type="uri_folder", path="azureml:a:1")
        job.compute = "gpu"
        job.experiment_name = "e"
        job.environment = "azureml:f:2"
        job.resources.instance_count = 4
    """,
    "loaded pipeline, changed": """
        job = load_job("pipeline.yml")
        job.inputs["n"] = 9
        job.settings.default_compute = "gpu"
        job.jobs["one"].compute = "other"
        job.tags = {"a": "b"}
    """,
    "loaded with overrides": """
        job = load_job("command.yml", params_override=[{"inputs.a": 7}, {"compute": "azureml:gpu"}, {"tags.z": "y"}])
    """,
    "loaded from elsewhere": """
        import os, shutil
        os.makedirs("deep/down", exist_ok=True)
        shutil.copy("command.yml", "deep/down/command.yml")
        shutil.copytree("src", "deep/down/src", dirs_exist_ok=True)
        shutil.copytree("data", "deep/down/data", dirs_exist_ok=True)
        shutil.copy("conda.yml", "deep/down/conda.yml")
        job = load_job("deep/down/command.yml")
    """,
}


def cases() -> Iterator[Case]:
    """All of them."""
    groups = {"command": COMMANDS, "sweep": SWEEPS, "pipeline": PIPELINES, "other": OTHERS}
    for group, rows in groups.items():
        for name, text in rows.items():
            yield Made(f"object: {group}: {name}", HEAD + textwrap.dedent(text), YAMLS)
