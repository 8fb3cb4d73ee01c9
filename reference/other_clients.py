"""What other clients of the service did against the emulator: what was tried once, by hand, and what came of it."""

from __future__ import annotations

from typing import NamedTuple

from reference.markdown import table


class Tried(NamedTuple):
    """One trial of a client."""

    client: str
    what: str
    outcome: str


ROWS = (
    Tried(
        "azure-ai-ml 1.35.2",
        "`tests/conformance`, part of every run: assets, jobs, pipelines, sweeps, batch and online endpoints, "
        "schedules, registries",
        "all of it",
    ),
    Tried(
        "azure-ai-ml 1.22.4, of late 2024",
        "`tests/conformance` unchanged: assets, registries, online endpoints, schedules, recipes, the tutorial",
        "all of it, with `marshmallow==3.22.0`: it requires `marshmallow>=3.5` and cannot be imported with 3.26.2",
    ),
    Tried(
        "azure-ai-ml 1.22.4",
        "jobs, pipelines, sweeps",
        "all but what that client lacks: it has no `jobs.update` and lays out downloads of named outputs differently",
    ),
    Tried(
        "azure-ai-ml 1.22.4",
        "batch endpoints",
        "created, deployed, invoked, followed; `list_jobs` is refused (401): that client sends a token for Azure "
        "Resource Manager to Azure ML's own host, where 1.35.2 sends one for Azure ML. It is reported to fail at the "
        "service, too, with 1.30.0 (https://github.com/Azure/azure-sdk-for-python/issues/45212)",
    ),
    Tried(
        "azure-ai-ml 1.20.0",
        "`tests/conformance/scripts/schedules.py` unchanged",
        "all of it, with `marshmallow==3.22.0`",
    ),
    Tried(
        "azure-ai-ml 1.12.0",
        "the scripts of `tests/conformance`: registries, online endpoints, pipelines, jobs, assets, schedules, each as "
        "far as that client has what it calls",
        "registries: all of it. The others up to the first call that the client has not (`jobs.update`, "
        "`schedules.trigger`) or sends otherwise: a token of `aml_token` is asked for of an endpoint with `aad_token`, "
        "and a pipeline that was read and sent again is another one (`400`). `AZUREML_CURRENT_CLOUD=AzureMLLocal` must "
        "be set",
    ),
    Tried(
        "azure-ai-ml 1.33.0, 1.28.1 and 1.16.1",
        "the scripts of `tests/conformance`: assets, the workspace, feature sets and serverless endpoints, schedules, "
        "jobs, pipelines, registries",
        "all of it up to the calls that these clients have not (`jobs.update`, `begin_publish`, in 1.16.1 "
        "`enable_sso`), with `AZUREML_CURRENT_CLOUD=AzureMLLocal`",
    ),
    Tried(
        "azure-ai-ml 1.8.0",
        "the same scripts",
        "as far as that client has what they import or call; a pipeline that was read and sent again is another one "
        "(`400`), as with 1.12.0, and `models.download` from a registry ends in the client's own `TypeError`",
    ),
    Tried(
        "azure-ai-ml 1.35.2",
        "every group of `MLClient` beside `tests/conformance`, 96 calls",
        "feature sets, their entities, serverless endpoints, marketplace subscriptions, other registries, "
        "indexes and evaluators: all of it, but `serverless_endpoints.begin_regenerate_keys`, which calls its own "
        "client wrongly (`TypeError`). `501`: making workspaces and feature stores, by deployments of templates, "
        "managed networks and outbound rules, capability hosts, packages of models, materializing features",
    ),
    Tried(
        "azure-mgmt-resource 26.0.0, azure-mgmt-storage 25.3.0, azure-mgmt-subscription 3.1.1",
        "resource groups, resources, the tenant, the subscription, storage accounts and their keys",
        "all of it (resources and accounts were `501` before). `501`: resource providers, tags, deployments, "
        "containers by way of the resource provider",
    ),
    Tried(
        "@azure/arm-machinelearning 1.0.0, @azure/arm-resources 7.0.0, @azure/arm-storage 20.0.0",
        "workspaces, also another one made and deleted, computes, usages, quotas, jobs, datastores, connections, "
        "resources, groups, the storage account and its key: 15 calls",
        "all of it",
    ),
    Tried(
        "azure-mgmt-keyvault 14.1.0, azure-mgmt-authorization 4.0.0",
        "vaults, role assignments, role definitions, permissions",
        "`501`: there is no vault, and roles decide nothing here",
    ),
    Tried(
        "promptflow-azure 1.18.5 with azure-ai-ml 1.28.1",
        "runs, flows, connections",
        "`501`, as Prompt flow is not here. With azure-ai-ml 1.35.2 that client cannot be imported",
    ),
    Tried(
        "azure-ai-ml 1.5.0",
        "the same scripts: registries, online endpoints, pipelines",
        "none of them: that client takes the first part of the storage's host for the account, which is in the path "
        "here, lacks arguments in its own calls and sends no `x-azureml-token` with pipelines",
    ),
    Tried(
        "azure-ai-ml 1.35.2",
        "`deployment_templates.list`",
        "never reaches the emulator: with a registry the client goes to `https://REGION.api.azureml.ms`, whatever "
        "cloud it was given; with a workspace it raises `ValueError: No value for given attribute`, "
        "for want of a registry",
    ),
    Tried(
        "azure-ai-ml 1.26.0 and 1.30.0",
        "`tests/conformance`, without `jobs.update` and the status of an invoked job, which these clients have not",
        "all of it but `list_jobs` of batch endpoints and the layout of downloads, as with 1.22.4. 1.26.0 needs `six`, "
        "which it does not require",
    ),
    Tried(
        "@azure/arm-machinelearning 2.1.1 with @azure/identity 4.13.1, Node 20",
        "`tests/conformance/test_javascript.py`, part of every run where there is Node: environments, data, models, "
        "code, command jobs (run, listed, canceled, deleted), schedules, online endpoints, the region's usages, quotas "
        "and sizes, connections, keys, the workspace itself",
        "all of it, by the api-version 2022-10-01 that this client knows",
    ),
    Tried(
        "azure-mgmt-machinelearningservices 2.0.0b2, of the api-version 2023-04-01",
        "55 calls: workspaces, computes, datastores, environments, data, models, code, command and sweep jobs, "
        "schedules, online and batch endpoints, registries; later those of quotas, usages, sizes, connections, "
        "features, keys, diagnosis, private links and the list of operations",
        "all of it; `501 NotEmulated` for preparing notebooks and outbound addresses",
    ),
    Tried(
        "azure-mgmt-machinelearningservices 2.0.0b2",
        "279 calls more: every kind of datastore, filters, orders and pages of lists, containers, archiving, PATCH, "
        "keys and tokens of online endpoints, each kind of compute and schedule, assets of the registry",
        "what the emulator has: all of it. `501 NotEmulated` for the rest, and `400` for pipelines and for jobs under "
        "the submitter's identity: this client sends no `x-azureml-token`",
    ),
    Tried(
        "azure-mgmt-machinelearningservices 1.0.1 and 1.0.0, of the api-version 2020-08-01",
        "45 calls: the workspace, its region, connections, computes of every kind, private links",
        "all of it but starting, stopping, restarting and scaling computes, which that version has otherwise (mended); "
        "`501 NotEmulated` for `list_skus`, preparing notebooks, another workspace and computes of Databricks, AKS and "
        "Data Factory",
    ),
    Tried(
        "azure-cli 2.91.0",
        "`az cloud register`, `az login --service-principal`, `az account`, `az group`, `az resource show`, `az rest`, "
        "`az storage container list`",
        "nothing at first (`501` for the list of subscriptions); then all of it",
    ),
    Tried(
        "apache-airflow-providers-microsoft-azure 15.2.1",
        "`WasbHook`, 13 calls each with the account's key and with a connection string",
        "all of it. With DefaultAzureCredential it asks Microsoft's login whether the authority is one, as "
        "azureml-mlflow does outside of a job",
    ),
    Tried(
        "mltable 1.7.0, azureml-fsspec 1.4.0",
        "a table of `azureml://` files; `AzureMachineLearningFileSystem`: upload, open, exists, list, glob, download; "
        "outside of a job, with the managed identity of docs/mlflow.md (else they sign in as above)",
        "tables are read, files uploaded and opened, once their description of datastores was there (`501` before). "
        "Lists were refused (`403`), and `exists` was False of all: there the client takes the first part of the path, "
        "the account here, for the container. Now all of it, patterns and folders of tables and `info`, `find`, `walk` "
        "too, and data assets by their names, `azureml://…/data/NAME/versions/VERSION` (`501` before)",
    ),
    Tried(
        "kedro-azureml 1.0.0, kedro 1.7.0",
        "`kedro azureml init`, `kedro azureml run --wait-for-completion`: three nodes, a data asset read and one "
        "written, the code uploaded, data passed by the pipeline; with the managed identity of docs/mlflow.md",
        "all of it; the interpreter of the jobs needs the project's packages, and `cachetools`, which kedro-azureml "
        "does not require",
    ),
    Tried(
        "mldesigner 0.1.0b23 with azure-ai-ml 1.35.2",
        "components from functions: literals, an `Enum`, optional inputs, a value as output that is another step's "
        "input; registered, and run in a pipeline",
        "all of it, where the interpreter of the jobs has `mldesigner` and `azureml-mlflow`",
    ),
    Tried(
        "azureml-inference-server-http 1.5.1",
        "the same scoring scripts behind it and behind the scoring server of online deployments, 55 requests: text, "
        "headers, queries, ids, methods, timeouts, errors, `@input_schema`, `@rawhttp`, scripts that fail",
        "50 answers equal in status, headers and body; in the other 5 `/swagger.json` has fewer words. "
        "The answers to 33 requests are kept in `tests/emulator/online`",
    ),
    Tried(
        "mlflow-skinny 3.13.0 with azureml-mlflow 1.62.0.post6",
        "`tests/emulator/mlflow`, part of every run: logging, artifacts, models, in jobs and beside them",
        "all of it",
    ),
    Tried(
        "mlflow-skinny 2.22.5 with azureml-mlflow 1.62.0.post6",
        "113 calls of MLflow's client in a job, and a run from a shell",
        "all of it, `log_model` and `register_model` of `runs:/` addresses among it, but what is `501` below",
    ),
    Tried(
        "mlflow 3.15.0 with azureml-mlflow 1.62.0.post6",
        "48 calls of MLflow's client in a job",
        "31 as MLflow's own server. Logged models are 404 as in the service: no `log_model`, no "
        "`search_logged_models`, no `register_model` of a `runs:/` address",
    ),
    Tried(
        "mlflow 3.17.2 alone",
        "a job",
        "fails at its first call, as in the service: `azureml://` needs azureml-mlflow. The log says so",
    ),
    Tried(
        "mlflow 3.17.2 alone",
        "49 calls of its client, with `--mlflow direct`",
        "42 as MLflow's own server, `log_model`, `load_model` and `register_model` among them",
    ),
    Tried(
        "mlflow 3.13.0 and 3.17.2 alone",
        "42 calls of the registry with `--mlflow direct`: aliases, tags, stages, descriptions, filters, orders, pages, "
        "renaming, deleting; `tests/emulator/mlflow`, part of every run",
        "all of it, with the answers of MLflow's own store",
    ),
    Tried(
        "both mlflow",
        "without `--mlflow direct`: changing, renaming and deleting registered models (their versions can be); "
        "aliases; filters of models by anything but name",
        "`501`: Microsoft's page denies it or does not name it",
    ),
    Tried(
        "both mlflow",
        "renaming, deleting and restoring experiments",
        "`501 NotEmulated`",
    ),
    Tried(
        "azure-storage-blob 12.31.1, adlfs 2026.8.0, azure-storage-file-datalake 12.26.1",
        "70 calls of blobs and containers with tokens and with the account's key, 35 of adlfs, 9 of the Data Lake",
        "reading, writing, listing, appending, signing, copying (`cp` and `mv` of adlfs too), batches, tiers: all of "
        "it. Snapshots, page blobs and properties of account: `501`; tags and policies are here since. "
        "Leases and the Data Lake endpoint were tried later: see the row of pyarrow",
    ),
    Tried(
        "azure-storage-file-datalake 12.26.1, pyarrow 26.0.1",
        "later, file systems and paths with tokens, key and signature, sync and async; `AzureFileSystem`; leases",
        "all of it, but access control lists (`400`), and pyarrow's `move`, which it has for hierarchical accounts "
        "only",
    ),
    Tried(
        "@azure/storage-blob 12.32.0, @azure/identity 4.13.1, Node 20",
        "55 calls each with a token and with the account's key: block and append blobs, ranges, streams, conditions, "
        "leases, copies, batches, tiers, tags, listings, signatures of account, container and user delegation",
        "all of it. Snapshots, sealing, properties of account and policies: `501`",
    ),
    Tried(
        "@azure/storage-file-datalake 12.29.0",
        "38 calls with a token, behind a proxy that puts the host's name in front of the path: that client takes no "
        "account in the path (its `move` leaves it out, and it asks the blob service at the Data Lake's address)",
        "all of it but access control lists and permissions (`400`), expiry and queries (`501`)",
    ),
    Tried(
        "rclone 1.60.1, restic 0.14.0",
        "rclone with the account's key (`account = HOST:PORT/emuacct`): copy, check, move, sync, rcat, touch, settier, "
        "purge; restic behind that proxy, with a signature: init, backup, check, restore, forget, prune",
        "all of it, once a plus in the query was taken for the space that is signed (`403` before). restic takes no "
        "other host",
    ),
    Tried(
        "pyarrow 26.0.1, `AzureFileSystem`",
        "later, with a client's secret and with `sas_token`",
        "all of it, with a signature since the blob service says, too, which kind of account it is (`501` before); "
        "`sas_token` has to begin with `?`",
    ),
    Tried(
        "obstore 0.12.1",
        "28 calls each with the account's key, signatures of container and account, a client's secret and a token: "
        "put with conditions, tags and attributes, ranges, lists, copies, renames, deletions in batches, signed "
        "addresses, streams",
        "all of it; a deletion of what is not there raises `FileNotFoundError`, from the 404 in the batch's answer",
    ),
    Tried(
        "polars 2.1.0, deltalake 1.6.6",
        "with key, signature and secret: Parquet, CSV, NDJSON, partitions, globs; Delta tables: append, delete, merge, "
        "compact, checkpoint, vacuum, history; 16 threads that append to one table at once",
        "all of it; the 16 commits are all in the table",
    ),
    Tried(
        "duckdb 1.5.5 with its extension azure",
        "a connection string, `CURL_CA_INFO` set to the emulator's bundle: Parquet, CSV, `glob`, `COPY … TO`",
        "all of it",
    ),
    Tried(
        "ZenML 0.98.0 with a server of its own and its artifacts in the emulator's storage",
        "a pipeline of three steps by the orchestrator `azureml`, and one by the step operator; with the managed "
        "identity of docs/mlflow.md, the jobs under an interpreter that has ZenML",
        "all of it, once the places of outputs had variables in capitals, too: each step that waits for another "
        "failed, for that one had left nothing",
    ),
    Tried(
        "Metaflow 2.19.39, its datastore `azure`",
        "a flow with a foreach, a join and an artifact of 3 MB; with that identity",
        "all of it",
    ),
    Tried(
        "prefect-azure 0.4.13",
        "30 calls: `AzureBlobStorageContainer`, tasks, push and pull of deployments; with a connection string and with "
        "that identity",
        "all of it; `AzureMlCredentials` asks for azureml-core",
    ),
    Tried(
        "apache-airflow-providers-microsoft-azure 15.2.1",
        "later: `WasbHook` with a connection string, key, signature and identity, sensors, triggers, operators and "
        "transfers for blobs, without calls of `WasbAsyncHook` itself; `AzureDataLakeStorageV2Hook` with a connection "
        "string",
        "89 calls, all of it. With a key the hook of the Data Lake reads the account from the host's name, which "
        "is none here",
    ),
    Tried(
        "azure-mgmt-machinelearningservices 2.0.0b2, its asyncio client",
        "67 calls, ten lists at once among them",
        "all of it",
    ),
    Tried(
        "dlt 1.31.0, Great Expectations 1.24.1, fsspec 2026.9.0",
        "with a connection string: JSON lines, Parquet, CSV, appended and replaced; a batch of an ABS asset; caches of "
        "three kinds, archives, gzip, appending, exclusive creation, 20 MB copied and moved",
        "all of it; `cat` of a pattern or a folder is `FileNotFoundError`, as at Azurite",
    ),
    Tried(
        "Azurite 3.35, Microsoft's emulator of storage",
        "no client: 540 requests with the account's key and 2,029 with signatures went to both, and statuses, headers "
        "and bodies were compared",
        "what was wrong here is mended, such as contents that were decompressed; where Azurite does otherwise than "
        "Microsoft's pages say, they count",
    ),
    Tried(
        "azure-cli 2.91.0",
        "later: `az storage container`, `blob`, `fs` by login and by connection string, uploads and downloads in "
        "batches, leases, tiers, copies; `az storage account`, `az rest`, `az resource`, `az group`, `az account`",
        "63 of 77 commands; `az resource list` once an empty filter was none. `501`: properties of the blob service, "
        "`az provider show`, `az tag list`. The others are the client's own refusals",
    ),
    Tried(
        "dvc 3.67.1 with dvc-azure 3.1.1, smart_open 9.0.4, cloudpathlib 0.26.0, pyiceberg 0.12.0",
        "push, pull, status and gc; streams in parts, text, gzip; paths walked, copied, renamed and removed; Iceberg "
        "tables over adlfs and over pyarrow: append, overwrite, delete, scan, drop",
        "all of it",
    ),
    Tried(
        "mlflow 3.15.0 with azureml-mlflow 1.62.0.post6, `mlflow.deployments`",
        "16 calls: a model of a run registered by its artifacts' address, an endpoint, a deployment with "
        "`deploy-config-file`, its traffic, scored through the endpoint and by name, updated, deleted",
        "all of it, once updates of the api-version 2022-02-01-preview changed traffic and properties (`400` before). "
        "`mlflow.projects` with the backend `azureml` asks for azureml-core, which azureml-mlflow does not require",
    ),
    Tried(
        "azureml-core 1.61.0.post4, the SDK of version 1",
        "`MsiAuthentication` with `MSI_ENDPOINT`; `Workspace.get`; in a job `Run.get_context()` and 20 of its methods",
        "the workspace; in a job its id, experiment, status, tags, properties, children and list of files, once runs "
        "had a number (`KeyError` before). Later the metrics that it logs, too: numbers, lists, rows and tables are "
        "read again by `get_metrics`, and the numbers are metrics of MLflow (`501` before, from `flush`); files up and "
        "down, one, many and folders, and pictures; experiments with their tags, runs of one, datastores; tags without "
        "a value, and removing them; child runs, one and many, with metrics, files, tags and the reason of a failure, "
        "and `start_logging`; models, registered from files and from runs, listed, changed and downloaded, those of "
        "the v2 API among them (all `501` or `404` before); datastores' `upload`, `upload_files` and `download`. The "
        "same with 1.58.0. It sends metrics a second after `log`, and not at the end of the script: without "
        "`run.flush()` or `run.complete()` the last ones are lost in the client. `501`: environments, datasets, "
        "computes, secrets. `Workspace.get` and `get_details` with a run's token fail in the client (`TypeError`). "
        "With a service principal it asks Microsoft's login whether the authority is one",
    ),
    Tried(
        "both mlflow",
        "`log_input`, traces",
        "taken and not kept",
    ),
)


def others() -> str:
    """The trials as a table."""
    return table(("client", "tried", "outcome"), ROWS)
