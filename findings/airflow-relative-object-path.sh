#!/usr/bin/env bash
# In Airflow 3.3.2 the answer of ObjectStoragePath.relative_to has no text and cannot be joined, if the path names a connection.
#
# Airflow takes the connection out of the path's host and puts it back when it writes the path; for a relative path it
# does so, too, and asks universal-pathlib 0.3.10 for the working directory of an object store. Without a connection the
# text is there, but repr (what a log or a debugger shows) fails all the same.
# UPath, from which the class is derived, writes and joins it in either case; in both, the path of a file right below
# the folder has an empty name. Nothing is read here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 universal-pathlib==0.3.10 fsspec==2026.9.0

cat > "$folder/expected.txt" <<'TEXT'
ObjectStoragePath s3://conn@bucket str: NotImplementedError
ObjectStoragePath s3://conn@bucket repr: NotImplementedError
ObjectStoragePath s3://conn@bucket joined: NotImplementedError
ObjectStoragePath s3://conn@bucket parts: ('week', 'a.csv')
ObjectStoragePath s3://conn@bucket name: 'a.csv'
ObjectStoragePath s3://conn@bucket name, one part: ''
ObjectStoragePath s3://bucket str: 'week/a.csv'
ObjectStoragePath s3://bucket repr: NotImplementedError
ObjectStoragePath s3://bucket joined: 's3://bucket/copy/week/a.csv'
ObjectStoragePath s3://bucket parts: ('week', 'a.csv')
ObjectStoragePath s3://bucket name: 'a.csv'
ObjectStoragePath s3://bucket name, one part: ''
UPath s3://bucket str: 'week/a.csv'
UPath s3://bucket repr: "<relative S3Path 'week/a.csv'>"
UPath s3://bucket joined: 's3://bucket/copy/week/a.csv'
UPath s3://bucket parts: ('week', 'a.csv')
UPath s3://bucket name: 'a.csv'
UPath s3://bucket name, one part: ''
TEXT
AIRFLOW_HOME="$folder/home" "$folder/venv/bin/python" -W ignore - 2> "$folder/log" > "$folder/seen.txt" <<'PYTHON'
from airflow.sdk import ObjectStoragePath
from upath import UPath

for kind, root in ((ObjectStoragePath, "s3://conn@bucket"), (ObjectStoragePath, "s3://bucket"), (UPath, "s3://bucket")):
    path = kind(f"{root}/out/week/a.csv").relative_to(kind(f"{root}/out"))
    below = kind(f"{root}/out/a.csv").relative_to(kind(f"{root}/out"))
    looks = {
        "str": lambda: str(path),
        "repr": lambda: repr(path),
        "joined": lambda: str(kind(f"{root}/copy") / path),
        "parts": lambda: path.parts,
        "name": lambda: path.name,
        "name, one part": lambda: below.name,
    }
    for what, look in looks.items():
        try:
            seen = repr(look())
        except NotImplementedError as error:
            seen = type(error).__name__
        print(f"{kind.__name__} {root} {what}: {seen}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: relative paths of Airflow 3.3.2's ObjectStoragePath."
