#!/usr/bin/env bash
# In a notebook that papermill 2.7.0 or nbconvert 7.17.0 runs, exit(1) ends nothing and is a success; exit(0) is a failure, one cell too late.
#
# The `exit` and `quit` of a notebook are not Python's: their argument is IPython's keep_kernel, so that exit(1) asks to keep the
# kernel, and the rest of the same cell and all later ones run. A kernel that exit() or exit(0) ends goes away while the next cell
# runs, whose work is done, and the run fails with DeadKernelError. sys.exit(1) and each exception are a failure at once by both;
# after sys.exit(0) papermill ends with success, and nbconvert with a failure. By nbconvert an error of a script that %run runs is
# shown in the notebook, while the later cells run and the command succeeds; papermill tells of it once all of them have run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check papermill==2.7.0 nbconvert==7.17.0 nbclient==0.11.0 \
    ipykernel==7.4.0 ipython==9.18.1

cat > "$folder/expected.txt" <<'TEXT'
exit(1)
  papermill: succeeds; the rest of the cell, the next cell, the last cell
  nbconvert: succeeds; the rest of the cell, the next cell, the last cell
exit(0)
  papermill: fails; the rest of the cell, the next cell
  nbconvert: fails; the rest of the cell, the next cell
import sys; sys.exit(1)
  papermill: fails; nothing
  nbconvert: fails; nothing
import sys; sys.exit(0)
  papermill: succeeds; nothing
  nbconvert: fails; nothing
%run wrong.py
  papermill: fails; the rest of the cell, the next cell, the last cell
  nbconvert: succeeds; the rest of the cell, the next cell, the last cell
TEXT
cat > "$folder/wrong.py" <<'PYTHON'
raise ValueError("no rows")
PYTHON
cat > "$folder/run.py" <<'PYTHON'
import os
import subprocess

import nbformat

COMMANDS = {
    "papermill": ["venv/bin/papermill", "--no-progress-bar", "notebook.ipynb", "out.ipynb"],
    "nbconvert": ["venv/bin/jupyter", "nbconvert", "--execute", "--to", "notebook", "notebook.ipynb", "--output", "out"],
}
PLACES = ["the rest of the cell", "the next cell", "the last cell"]
KERNEL = {"name": "python3", "display_name": "Python", "language": "python"}


def note(place):
    return f"open({place!r}, 'w').close()"


for line in ["exit(1)", "exit(0)", "import sys; sys.exit(1)", "import sys; sys.exit(0)", "%run wrong.py"]:
    cells = [f"{line}\n{note(PLACES[0])}", note(PLACES[1]), "import time; time.sleep(5)", note(PLACES[2])]
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL}, cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, "notebook.ipynb")
    print(line)
    for name, command in COMMANDS.items():
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=open("log", "a"))
        done = [place for place in PLACES if os.path.exists(place)]
        print(f"  {name}: {'fails' if ended.returncode else 'succeeds'}; {', '.join(done) or 'nothing'}")
        for place in done:
            os.remove(place)
PYTHON
(cd "$folder" && HOME="$folder" PATH="$folder/venv/bin:$PATH" venv/bin/python -W ignore run.py > seen.txt)
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what ends a notebook."
