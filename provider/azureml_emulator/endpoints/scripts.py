"""What every deployment of a model asks for: a scoring script with its code and environment, or an MLflow model."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.reference_checks import check_reference, environment_id
from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import invalid_field

MLFLOW = "mlflow_model"


def complete_script(resolver: Resolver, properties: dict[str, Any], model_type: str | None) -> None:
    """Check scoring script, code and environment, and write the environment's id as the service does.

    Source: the YAML references of deployments; MLflow models with a script need an environment too. The texts are ours.

    :param model_type: the model's type.
    :raises ServiceError: 400 for what is missing, contradicts itself, or names something that does not exist.
    """
    script = properties.get("codeConfiguration")
    if script is None and model_type != MLFLOW:
        message = f"A model of type {model_type} needs a codeConfiguration with a scoring script."
        raise invalid_field("codeConfiguration", message, "MissingScoringScript")
    if script is not None:
        if not properties.get("environmentId"):
            raise invalid_field(
                "environmentId", "A deployment with a scoring script needs an environment.", "MissingEnvironment"
            )
        if not script.get("codeId"):
            raise invalid_field(
                "codeConfiguration.codeId", "The scoring script needs the code version that holds it.", "MissingCode"
            )
        check_reference(resolver, "codeConfiguration.codeId", script["codeId"], "codes")
    if properties.get("environmentId"):
        properties["environmentId"] = environment_id(resolver, properties["environmentId"])
