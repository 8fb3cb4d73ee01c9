"""A scoring script without any library: each number of a file times the model's factor."""

import glob
import os


def init() -> None:
    """Read the model."""
    global factor
    (path,) = glob.glob(os.path.join(os.environ["AZUREML_MODEL_DIR"], "**", "factor.txt"), recursive=True)
    with open(path) as file:
        factor = int(file.read())


def run(mini_batch: list[str]) -> list[str]:
    """Score the files of one mini-batch."""
    rows = []
    for path in mini_batch:
        with open(path) as file:
            rows += [f"{os.path.basename(path)} {factor * int(line)}" for line in file]
    return rows
