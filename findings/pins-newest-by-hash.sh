#!/usr/bin/env bash
# Of two versions that pins 0.9.2 has written within one second, the newest is the one with the larger hash.
#
# A version's name is the time to the second and the first digits of a hash of its contents, and versions are sorted by
# that name. So pin_read may answer what was written first, and pin_versions_prune(n=1) deletes what was written last.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pins==0.9.2 pandas==3.1.1 fsspec==2026.9.0

cat > "$folder/expected.txt" <<'TEXT'
a second between: written [2, 0], then [2, 2]; pin_read gives [2, 2]; after pin_versions_prune(n=1) there is [2, 2]
in one second: written [2, 0], then [2, 2]; pin_read gives [2, 0]; after pin_versions_prune(n=1) there is [2, 0]
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import tempfile
import time

import pins

FIRST, LAST = [2, 0], [2, 2]


def show(title, pause):
    board = pins.board_folder(tempfile.mkdtemp())
    time.sleep(1 - time.time() % 1 + 0.05)  # a second has just begun
    board.pin_write(FIRST, "threshold", type="json")
    time.sleep(pause)
    board.pin_write(LAST, "threshold", type="json")
    read = board.pin_read("threshold")
    board.pin_versions_prune("threshold", n=1)
    kept = board.pin_read("threshold")
    print(f"{title}: written {FIRST}, then {LAST}; pin_read gives {read}; after pin_versions_prune(n=1) there is {kept}")


pins.board_folder(tempfile.mkdtemp()).pin_write(FIRST, "warm-up", type="json")
show("a second between", 1.1)
show("in one second", 0)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: pins 0.9.2 sorts what one second has brought by its hash."
