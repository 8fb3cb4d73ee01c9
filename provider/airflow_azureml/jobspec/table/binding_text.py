"""What counts as a binding in the place of a value, such as ``${{parent.inputs.rate}}``."""

from __future__ import annotations

import re

BINDING = re.compile(r"\$\{\{\s*\S*?\s*\}\}")
"""As azure-ai-ml 1.35.2 looks for one (``_utils/utils.py: get_all_data_binding_expressions``): closed, in one word."""


def holds_binding(value: object) -> bool:
    """Whether a text has a binding in it; one that is not closed is a plain text."""
    return isinstance(value, str) and BINDING.search(value) is not None
