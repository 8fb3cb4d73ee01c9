"""One job with local code and data, by a client that is pointed at the emulator in another way than by its ``env``."""

import os
import sys

from azure.ai.ml import Input, MLClient, Output, command
from azure.ai.ml.entities import Environment
from azure.identity import ClientSecretCredential
from client import SEEN, ended, files, held, report, streamed, write

coordinates = [os.environ[name] for name in ("SUBSCRIPTION", "GROUP", "WORKSPACE")]
base = os.environ["BASE"]
credential = ClientSecretCredential(
    os.environ["TENANT"], os.environ["CLIENT"], os.environ["SECRET"], authority=base, disable_instance_discovery=True
)
metadata = {
    "resource_manager": base,
    "active_directory": base,
    "aml_resource_id": "https://ml.azure.local",
    "storage_endpoint": "local",
    "azure_portal": "https://portal.azure.local",
    "registry_discovery_endpoint": base,
}
keywords = {} if "AZUREML_DEV_URL_MFE" in os.environ else {"cloud": "LocalCloud", "cloud_metadata": metadata}
ml = MLClient(credential, *coordinates, **keywords)
write("src/main.py", "import sys, shutil; print('copying'); shutil.copy(sys.argv[1], sys.argv[2])")
write("in.csv", "a,b\n")
job = ml.jobs.create_or_update(
    command(
        code="./src",
        command=held("python main.py ${{inputs.file}} ${{outputs.out}}"),
        environment=Environment(image="mcr/x"),
        inputs={"file": Input(type="uri_file", path="./in.csv")},
        outputs={"out": Output(type="uri_folder")},
        compute="cpu-cluster",
    )
)
SEEN["log"], _ = streamed(ml, job.name)
SEEN["status"] = ended(ml, job.name).status
ml.jobs.download(job.name, output_name="out", download_path="here")
SEEN["files"] = files("here")
sys.stdout.flush()
report()
