"""Downloads one output of a job that somebody else has submitted."""

import os

from client import SEEN, client, files, report

client().jobs.download(os.environ["JOB"], output_name=os.environ["OUTPUT"], download_path="here")
SEEN["files"] = sorted(files("here"))
report()
