"""What tests want to know of a failed task: the exception that its callback was given."""

import json
import os


def record(context: dict) -> None:
    """Write the exception down, as a line of JSON."""
    error, ti = context["exception"], context["ti"]
    line = {
        "dag": ti.dag_id,
        "task": ti.task_id,
        "classes": [cls.__name__ for cls in type(error).__mro__],
        "text": str(error),
        "fields": {name: value for name, value in vars(error).items() if isinstance(value, (str, type(None)))},
        "cause": repr(error.__cause__),
        "azureml": context.get("azureml"),
    }
    with open(os.environ["FAILURES"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
