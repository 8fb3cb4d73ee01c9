"""Submit a Spark job: ``submit.py OPTIONS -- ARGUMENT...`` runs an entry with the ``spark-submit`` of this
interpreter's pyspark, on as many threads as the machine has cores; the standard library only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OURS = ("spark.master", "spark.submit.deployMode")
"""Settings that are not the job's here: there is no cluster but this machine."""

OUTPUT = "AZURE_ML_OUTPUT_"
NO_PYSPARK = (
    "Error: Spark jobs run with the pyspark of the job's interpreter, and {python} has none. "
    "Install pyspark there, or name another interpreter: azureml-emulator start --environment NAME=PYTHON."
)
NO_JAVA = "Error: Spark needs Java, and there is no java on the PATH of jobs ({path}) and no JAVA_HOME."


def main() -> int:
    """Run the entry; answer its exit code."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--entry", required=True, help="the entry, below the working directory")
    parser.add_argument("--conf", type=json.loads, default={}, help="settings of Spark, as JSON")
    parser.add_argument("--more", type=json.loads, default={}, help="lists of files by the option that takes them")
    end = sys.argv.index("--")
    given = parser.parse_args(sys.argv[1:end])
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        print(NO_PYSPARK.format(python=sys.executable), flush=True)
        return 1
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        print(NO_JAVA.format(path=os.environ["PATH"]), flush=True)
        return 1
    if not Path(given.entry).is_file():
        print(f"Error: there is no entry {given.entry!r} in the code.", flush=True)
        return 1
    outputs = [Path(value) for name, value in os.environ.items() if name.startswith(OUTPUT)]
    for output in outputs:
        if output.is_dir() and not any(output.iterdir()):
            output.rmdir()  # Spark writes to a folder that is not there yet
    settings = {
        key: value for key, value in given.conf.items() if key not in ("spark.master", "spark.submit.deployMode")
    }
    command = [
        *("bash", str(Path(found.origin).with_name("bin") / "spark-submit"), "--master", "local[*]"),
        *(word for key, value in settings.items() for word in ("--conf", f"{key}={value}")),
        *(word for option, files in given.more.items() if files for word in (option, ",".join(files))),
        given.entry,
        *sys.argv[end + 1 :],
    ]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    environment.pop("SPARK_HOME", None)
    code = subprocess.run(command, env=environment, check=False).returncode
    for output in outputs:
        for checksum in output.rglob(".*.crc") if output.is_dir() else ():
            checksum.unlink()  # only Spark's local file system has these
    return code


if __name__ == "__main__":
    sys.exit(main())
