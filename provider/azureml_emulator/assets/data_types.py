"""The types of data and models, in the spelling of the data plane."""

from __future__ import annotations

PASCAL = {
    "uri_file": "UriFile",
    "uri_folder": "UriFolder",
    "mltable": "MLTable",
    "mlflow_model": "MLFlowModel",
    "custom_model": "CustomModel",
    "triton_model": "TritonModel",
}
"""How run history and the scoring host spell the types of jobs and assets. Source: recorded rundata answers."""
