"""The settings of AutoML's models for images and texts: those of one model, and those to search among.

Source: azure-ai-ml 1.35.2, ``_schema/automl/image_vertical/`` and ``nlp_vertical/``; the names are those of its models.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.kinds.automl.settings import word
from airflow_azureml.jobspec.kinds.automl.words import (
    OPTIMIZERS,
    SCHEDULERS,
    SIZES,
    SWITCH,
    TEXT_SCHEDULERS,
    VALIDATION_METRICS,
)
from airflow_azureml.jobspec.kinds.sweep.job import SPACES, amount
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, number, text, truth, whole

_COMMON: dict[str, str] = {
    **dict.fromkeys(
        ("ams_gradient", "distributed", "early_stopping", "enable_onnx_normalization", "nesterov"), "truth"
    ),
    **dict.fromkeys(("beta1", "beta2", "learning_rate", "momentum", "step_lr_gamma", "weight_decay"), "number"),
    "warmup_cosine_lr_cycles": "number",
    **dict.fromkeys(("early_stopping_delay", "early_stopping_patience", "evaluation_frequency"), "whole"),
    **dict.fromkeys(("gradient_accumulation_step", "layers_to_freeze", "number_of_epochs"), "whole"),
    **dict.fromkeys(("number_of_workers", "random_seed", "step_lr_step_size", "training_batch_size"), "whole"),
    **dict.fromkeys(("validation_batch_size", "warmup_cosine_lr_warmup_epochs"), "whole"),
    "learning_rate_scheduler": "scheduler",
    "optimizer": "optimizer",
    "model_name": "text",
}
_CLASSIFICATION = dict.fromkeys(
    ("training_crop_size", "validation_crop_size", "validation_resize_size", "weighted_loss"), "whole"
)
_DETECTION: dict[str, str] = {
    **dict.fromkeys(("box_detections_per_image", "image_size", "max_size", "min_size"), "whole"),
    **dict.fromkeys(("box_score_threshold", "nms_iou_threshold", "tile_overlap_ratio"), "number"),
    **dict.fromkeys(("tile_predictions_nms_threshold", "validation_iou_threshold"), "number"),
    "model_size": "size",
    "multi_scale": "truth",
    "tile_grid_size": "text",
    "validation_metric_type": "validation",
}
_TEXT: dict[str, str] = {
    **dict.fromkeys(("gradient_accumulation_steps", "number_of_epochs", "training_batch_size"), "whole"),
    "validation_batch_size": "whole",
    **dict.fromkeys(("learning_rate", "warmup_ratio", "weight_decay"), "number"),
    "learning_rate_scheduler": "text_scheduler",
    "model_name": "text",
}
MODELS = {
    "classification": {**_COMMON, **_CLASSIFICATION},
    "detection": {**_COMMON, **_DETECTION},
    "text": _TEXT,
}
"""The settings of models, and of which kind each value is."""

_FIXED: dict[str, dict[str, str]] = {
    "classification": {"advanced_settings": "text", "checkpoint_frequency": "whole", "checkpoint_run_id": "text"},
    "detection": {
        **{"advanced_settings": "text", "checkpoint_frequency": "whole", "checkpoint_run_id": "text"},
        **{"log_training_metrics": "switch", "log_validation_loss": "switch"},
    },
    "text": {},
}
"""Settings that only a fixed model takes: none to search among."""

WORDS = {
    "scheduler": SCHEDULERS,
    "text_scheduler": TEXT_SCHEDULERS,
    "optimizer": OPTIMIZERS,
    "size": SIZES,
    "validation": VALIDATION_METRICS,
    "switch": SWITCH,
}
SCALARS: dict[str, Convert] = {"truth": truth, "number": number, "whole": whole, "text": text}


def _camel(name: str) -> str:
    """Spell a name as the service does: ``stepLRGamma``, but ``nmsIouThreshold``."""
    first, *others = name.split("_")
    return first + "".join("LR" if part == "lr" else part.capitalize() for part in others)


def model_settings(family: str) -> Convert:
    """Make a converter for the settings of one model."""
    value_kinds = {**MODELS[family], **_FIXED[family]}
    rows = tuple(
        Field(name, _camel(name), SCALARS.get(value_kind) or word(WORDS[value_kind], "an accepted word"))
        for name, value_kind in value_kinds.items()
    )
    return nested(rows)


def model_space(family: str) -> Convert:
    """Make a converter for the settings to search: each becomes a text such as ``uniform(0.1,1)``.

    Those of a text's node stay as they are in YAML, in which Microsoft's client sends them.
    """
    spaces = {"number": tuple(SPACES), "whole": ("choice", "randint", *(WHOLE_SPACES if family != "text" else ()))}
    rows = tuple(
        Field(name, _camel(name), _searched(value_kind, spaces.get(value_kind, ("choice",)), family))
        for name, value_kind in MODELS[family].items()
    )
    return listed(nested(rows))


WHOLE_SPACES = ("quniform", "qloguniform", "qnormal", "qlognormal")
"""Distributions that whole numbers of an image's model may follow, with whole numbers themselves."""


def _searched(value_kind: str, accepted: tuple[str, ...], family: str) -> Convert:
    def scalar(located: Located, ctx: Translator) -> object:
        if value_kind in WORDS:
            return choice({snake(word): snake(word) for word in WORDS[value_kind]}, "an accepted word", fold=snake)(
                located, ctx
            )
        return _plainly_whole(located, ctx) if value_kind == "whole" else SCALARS[value_kind](located, ctx)

    def convert(located: Located, ctx: Translator) -> object:
        plain = ctx.form is Form.COMPONENT and family == "text"
        if not isinstance(located.value, Mapping):
            plain_value = scalar(located, ctx)
            return plain_value if plain_value is INVALID or plain else as_text(plain_value)
        search = _distribution(located, ctx, value_kind, scalar, accepted)
        if search is INVALID or plain:
            return search
        values = search["values"] if "values" in search else [search[name] for name in SPACES[search["type"]]]
        return f"{search['type']}({','.join(_quoted(value) for value in values)})"

    return convert


def _plainly_whole(located: Located, ctx: Translator) -> int | Invalid:
    """Take a whole number that is written as one."""
    if isinstance(located.value, int) and not isinstance(located.value, bool):
        return located.value
    return ctx.error(located, f"{show(located.value)} is not a whole number.")


def _distribution(
    located: Located, ctx: Translator, value_kind: str, scalar: Convert, accepted: tuple[str, ...]
) -> dict[str, Any] | Invalid:
    """Take a distribution."""
    type_name = located.value.get("type")
    if not isinstance(type_name, str) or type_name.lower() not in accepted:
        return ctx.error(
            located, f"{show(type_name)} is not a distribution here.{nearest(type_name, accepted)}", "type"
        )
    names = SPACES[type_name.lower()]
    if names == ("values",):
        choices = listed(_choice_of(value_kind, scalar, located.value.get("values")))
        rows = [Field("values", "values", choices, required=True)]
    else:
        limit = _plainly_whole if value_kind == "whole" else amount
        rows = [Field(name, name, whole if name == "upper" else limit, required=True, bindable=False) for name in names]
    body = convert_mapping(rows, located, ctx, extra=("type",))
    return INVALID if len(body) < len(rows) else {"type": type_name.lower(), **body}


def _choice_of(value_kind: str, scalar: Convert, values: Any) -> Convert:
    """Take whole numbers to choose from as they are, where all are whole."""
    all_whole = isinstance(values, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in values)
    return whole if value_kind == "number" and all_whole else scalar


def as_text(value: Any) -> str:
    """Write a value as Microsoft's client does: fractions without an exponent."""
    if not isinstance(value, float):
        return str(value)
    written = repr(value)
    if "e" not in written:
        return written

    return format(Decimal(written), "f")


def _quoted(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else as_text(value)
