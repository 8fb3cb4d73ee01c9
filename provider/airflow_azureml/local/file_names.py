"""Whether a value is the name of a YAML file, or YAML text itself."""

from __future__ import annotations

import os


def is_file_name(value: object) -> bool:
    """Whether a value names a file: a path object, or a single line that ends in ``.yml`` or ``.yaml``."""
    if isinstance(value, str):
        return "\n" not in value and value.endswith((".yml", ".yaml"))
    return isinstance(value, os.PathLike)
