#!/usr/bin/env bash
# kedro-azureml 1.0.0 takes the newest version of a data asset in Azure ML, whatever version the catalog names.
#
# azureml_version in the catalog is what local runs read. The pipeline that is sent has `@latest`; only --load-versions
# of its command line is looked at. Two datasets whose names differ in a dot or in upper case are one input of the node:
# both arguments of its command name it, and the data is that of the second one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check kedro-azureml==1.0.0 kedro==1.7.0 \
    kedro-datasets==9.6.0 azure-ai-ml==1.35.2 cachetools==6.2.1 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
a local run reads data/rides/7/data.pkl
catalog: taxi is rides:7
  sent: taxi is rides@latest
  command: --az-input=taxi ${{inputs.taxi}}
catalog: taxi is rides:7 ('load_versions', {'taxi': '7'})
  sent: taxi is rides:7
  command: --az-input=taxi ${{inputs.taxi}}
catalog: raw.taxi is rides:1, raw_taxi is zones:1
  sent: raw_taxi is zones@latest
  command: --az-input=raw.taxi ${{inputs.raw_taxi}} --az-input=raw_taxi ${{inputs.raw_taxi}}
catalog: X is features:1, x is sample:1
  sent: x is sample@latest
  command: --az-input=X ${{inputs.x}} --az-input=x ${{inputs.x}}
TEXT
(cd "$folder" && HOME="$folder" DO_NOT_TRACK=1 venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging

from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro_azureml.config import KedroAzureMLConfig
from kedro_azureml.generator import AzureMLPipelineGenerator

logging.disable(logging.CRITICAL)
places = dict.fromkeys(("subscription_id", "resource_group", "workspace_name", "experiment_name"), "x")
config = KedroAzureMLConfig(azure={**places, "compute": {"__default__": {"cluster_name": "cpu"}}, "pipeline_data_passing": {"enabled": True}})


def asset(name, version):
    return {
        "type": "kedro_azureml.datasets.AzureMLAssetDataset",
        "azureml_dataset": name,
        "azureml_version": version,
        "dataset": {"type": "pickle.PickleDataset", "filepath": "data.pkl"},
    }


def train(*data):
    return data


class Generator(AzureMLPipelineGenerator):
    """Of one node, which reads all that the catalog has."""

    def get_kedro_pipeline(self):
        return pipeline([node(train, list(self.catalog.keys()), "model", name="train")])


def show(datasets, **options):
    catalog = DataCatalog.from_config({name: asset(*of) for name, of in datasets.items()})
    job = Generator("train", "base", config, {}, catalog, docker_image="train:1", **options).generate()
    node = job._to_rest_object().as_dict()["properties"]["jobs"]["train"]
    print("catalog:", ", ".join(f"{name} is {asset}:{version}" for name, (asset, version) in datasets.items()), *options.items())
    for name, value in node["inputs"].items():
        print(f"  sent: {name} is {value['uri']}")
    arguments = job.jobs["train"].component.command.split("--node=train ")[1].split(" --az-output")[0]
    print(f"  command: {arguments}")


taxi = DataCatalog.from_config({"taxi": asset("rides", "7")})["taxi"]
print("a local run reads", taxi.path)
show({"taxi": ("rides", "7")})
show({"taxi": ("rides", "7")}, load_versions={"taxi": "7"})
show({"raw.taxi": ("rides", "1"), "raw_taxi": ("zones", "1")})
show({"X": ("features", "1"), "x": ("sample", "1")})
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: kedro-azureml 1.0.0 sends another version than the catalog's."
