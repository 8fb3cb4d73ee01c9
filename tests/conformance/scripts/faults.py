"""Jobs whose node, cores or image are not there, with Microsoft's client. Each job's tag names what becomes of it."""

from azure.ai.ml import Output, command
from client import SEEN, UNIQUE, client, ended, refused, report, streamed

ml = client()


def job(fate: str, text: str, **keywords):
    """A command that a fault of this scope waits for."""
    given = {"environment": "azureml:AzureML-minimal:1", "compute": "cpu-cluster", "tags": {"fate": fate}, **keywords}
    return ml.jobs.create_or_update(command(command=text, **given))


def fate(name: str) -> dict:
    """What streaming a job brings, and how it has ended."""
    printed, error = streamed(ml, name)
    return {"printed": printed, "error": error, "status": ended(ml, name).status}


SEEN["preempted"] = fate(job("preempted", "echo begun; sleep 300").name)
again = job(
    "requeued",
    "n=$(ls ${{outputs.kept}} | wc -l); touch ${{outputs.kept}}/$n; echo start $n; [ $n -gt 0 ] || sleep 300; sleep 5",
    outputs={"kept": Output(type="uri_folder")},
)
SEEN["requeued"] = fate(again.name)
SEEN["download"] = refused(lambda: ml.jobs.download(again.name, output_name="kept", download_path=UNIQUE))
SEEN["lost"] = fate(job("lost", "echo begun; sleep 300").name)
SEEN["image"] = fate(job("image", "echo begun").name)
SEEN["no cores"] = fate(job("no cores", "echo begun").name)
SEEN["refused"] = refused(lambda: job("refused", "echo begun"))
waiting = job("waiting", "echo begun")
SEEN["waiting"] = fate(waiting.name)
report()
