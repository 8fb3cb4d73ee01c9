"""A scoring script: each number times the model's factor."""

import glob
import json
import os


def init():
    """Find the model, which lies in a folder of its own name."""
    global factor
    (found,) = glob.glob(f"{os.environ['AZUREML_MODEL_DIR']}/**/factor.txt", recursive=True)
    with open(found) as file:
        factor = int(file.read())


def run(raw_data):
    """Score."""
    return [factor * number for number in json.loads(raw_data)["data"]]
