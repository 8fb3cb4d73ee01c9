"""Templating that preserves Azure ML's ``${{…}}`` bindings, and the folders of template files.

Azure ML's own bindings ``${{inputs.x}}`` and ``$[[...]]`` are Jinja expressions to Airflow: they are taken out before a
string is rendered and put back afterwards, wherever they ended up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterable
from typing import Any

_BINDING = re.compile(r"\$\{\{.*?\}\}|\$\[\[.*?\]\]", re.DOTALL)


def render_around_bindings(text: str, render: Callable[[str], Any]) -> Any:
    """Render a string as Jinja but for its Azure ML bindings.

    The bindings are swapped for plain words rather than wrapped in ``{% raw %}``: words also survive inside of an
    expression's string, and inside of a ``{% raw %}`` that the author has put there.

    :param render: given the text without bindings; with native rendering it may return any value.
    """
    bindings = _BINDING.findall(text)
    if not bindings:
        return render(text)
    stem = "azureml_binding"
    while stem in text:
        stem += "_"
    words = {f"{stem}{position}{stem}": binding for position, binding in enumerate(bindings)}
    replacements = iter(words)
    return _put_back(render(_BINDING.sub(lambda _: next(replacements), text)), words)


NEED_A_DATE = frozenset(
    (
        *("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date"),
        *("data_interval_start", "data_interval_end"),
        *("prev_data_interval_start_success", "prev_data_interval_end_success"),
    )
)
"""Names that a run without a logical date does not have, as a manual run of Airflow 3 may be."""


def without_date(error: Exception, names: Container[str]) -> str | None:
    """Explain an error of Jinja where a template needs the logical date and the run has none; None for another error.

    :param names: the names that the template could use.
    """
    match = re.search(r"'(\w+)' is undefined", str(error))
    if type(error).__name__ != "UndefinedError" or not match or match[1] in names or match[1] not in NEED_A_DATE:
        return None
    moment = "(dag_run.logical_date or dag_run.run_after)"
    filtered = {"ds": " | ds", "ds_nodash": " | ds_nodash", "ts": " | ts", "ts_nodash": " | ts_nodash"}.get(
        match[1], ""
    )
    return (
        f"{{{{ {match[1]} }}}}: undefined, because this run has no logical date. Write "
        f"{{{{ {moment}{filtered} }}}}, or trigger the DAG with a logical date."
    )


def _put_back(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, str):
        for word, binding in words.items():
            value = value.replace(word, binding)
        return value
    if isinstance(value, dict):
        return {_put_back(key, words): _put_back(item, words) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_put_back(item, words) for item in value)
    return value


def find_file(name: str, folders: Iterable[str]) -> str | None:
    """Find a file by its name: the name itself if it is absolute, else the first of the folders that has it."""
    candidates = [name] if os.path.isabs(name) else [os.path.join(folder, name) for folder in folders]
    return next((os.path.abspath(path) for path in candidates if os.path.isfile(path)), None)


def read_file(path: str) -> str:
    """Read a template file; it ends with a line break, so that it can never be taken for a file's name.

    :raises OSError: when it cannot be read.
    :raises UnicodeDecodeError: when it is no UTF-8.
    """
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    return text if text.endswith("\n") else text + "\n"
