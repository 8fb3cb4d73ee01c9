"""A datastore of the Data Lake with Microsoft's client: made, read and written by a job, downloaded from."""

from pathlib import Path

from azure.ai.ml import Input, Output, command
from azure.ai.ml._artifacts._artifact_utilities import download_artifact_from_aml_uri
from azure.ai.ml.entities import AzureDataLakeGen2Datastore
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from client import SEEN, UNIQUE, client, ended, report

ml = client()
default = ml.datastores.get_default()
STORE, FILES = f"lake{UNIQUE}", f"lake-{UNIQUE}"
credential = DefaultAzureCredential(disable_instance_discovery=True)
blobs = BlobServiceClient(f"https://{default.account_name}.blob.{default.endpoint}", credential=credential)
blobs.create_container(FILES)
blobs.get_blob_client(FILES, "in/rows.csv").upload_blob(b"1\n2\n")
made = AzureDataLakeGen2Datastore(
    name=STORE, account_name=default.account_name, filesystem=FILES, endpoint=default.endpoint
)
ml.datastores.create_or_update(made)
found = ml.datastores.get(STORE)
SEEN["found"] = [type(found).__name__, found.filesystem == FILES, found.account_name == default.account_name]

base = f"azureml://datastores/{STORE}/paths"
job = ml.create_or_update(
    command(
        command="cp ${{inputs.rows}}/rows.csv ${{outputs.copy}}/ && echo ${{inputs.place}} > ${{outputs.copy}}/direct",
        environment="AzureML-minimal@latest",
        inputs={
            "rows": Input(type="uri_folder", path=f"{base}/in/"),
            "place": Input(type="uri_folder", path=f"{base}/in/", mode="direct"),
        },
        outputs={"copy": Output(type="uri_folder", path=f"{base}/out/${{{{name}}}}/")},
    )
)
SEEN["status"] = ended(ml, job.name).status
SEEN["written"] = sorted(blob.name.rpartition("/")[2] for blob in blobs.get_container_client(FILES).list_blobs("out/"))
SEEN["direct"] = blobs.get_blob_client(FILES, f"out/{job.name}/direct").download_blob().readall().decode().strip()
# ``jobs.download`` of 1.35.2 looks for outputs in the default datastore only.
uri = f"{base}/out/{job.name}/"
download_artifact_from_aml_uri(uri, "job", datastore_operation=ml.datastores)
SEEN["downloaded"] = sorted(place.name for place in Path("job").rglob("*") if place.is_file())
report()
