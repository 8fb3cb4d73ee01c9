"""Other ways to write the same job: another order of keys, other quotes, comments, other spellings of a path."""

from __future__ import annotations

import copy
import random
import re
from pathlib import Path
from typing import Any

import yaml

PATH_KEYS = {"code", "path", "conda_file", "component", "trial", "dockerfile_path"}
"""Keys whose value may be a local path."""

TOP = re.compile(r"^(?=[A-Za-z$_#])", re.MULTILINE)
OPENING = re.compile(r"^([ ]*[\w.$-]+:)$", re.MULTILINE)
"""Where a comment may stand in any text, and in one without texts over several lines."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
STYLES = ('"', "'", None, "|", ">")


def rewritten(text: str, value: Any, folder: Path, chance: random.Random) -> str:
    """Write the same in another way.

    :param text: how it was written, and ``value`` what that says.
    :param folder: what relative paths belong to.
    """
    # One draw for all small choices: a failure is then made small by what it is about.
    small = random.Random(chance.getrandbits(32))
    if chance.random() < 0.2:
        return line_ends(TOP.sub(lambda _: comment(small), text), chance)
    value = copy.deepcopy(value)
    if chance.random() < 0.5:
        value = shuffled(value, small)
    if chance.random() < 0.5:
        value = respelt(value, folder, small)
    return line_ends(dumped(value, chance, small), chance)


def comment(chance: random.Random) -> str:
    """A comment of its own, now and then."""
    return "# a: comment, with 'quotes', [brackets} and a\ttab\n" if chance.random() < 0.5 else ""


def line_ends(text: str, chance: random.Random) -> str:
    """The line ends of Windows, now and then."""
    return text.replace("\n", "\r\n") if chance.random() < 0.1 and "\r" not in text else text


def shuffled(value: Any, chance: random.Random) -> Any:
    """Change the order of all keys; the order of nodes, inputs and outputs says nothing."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def respelt(value: Any, folder: Path, chance: random.Random, key: str = "") -> Any:
    """Name the same local files and folders otherwise."""
    if isinstance(value, dict):
        return {name: respelt(item, folder, chance, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [respelt(item, folder, chance) for item in value]
    if key not in PATH_KEYS or not isinstance(value, str) or not value.startswith(("./", "../")):
        return value
    if not (folder / value).exists():
        return value
    return chance.choice(
        [f"./{value}", value.replace("/", "//", 1), f"../{folder.name}/{value}", value.replace("/", "/./")]
    )


def dumped(value: Any, chance: random.Random, small: random.Random) -> str:
    """Write YAML with quotes, blocks, flow style, line widths, indentation, document marks and comments at random."""
    mixed = chance.random() < 0.6

    class Dumper(yaml.SafeDumper):
        """Writes each text in a style of its own."""

    def text(dumper: Any, given: str) -> Any:
        style = small.choice(STYLES) if mixed else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", given, style=style)

    Dumper.add_representer(str, text)
    choices: dict[str, Any] = {
        "default_flow_style": chance.choice([None, True, False]),
        "width": chance.choice([20, 80, 10**6]),
        "indent": chance.choice([2, 4, 7]),
        "sort_keys": chance.random() < 0.3,
        "allow_unicode": chance.random() < 0.5,
        "explicit_start": chance.random() < 0.3,
    }
    found: str = yaml.dump(value, Dumper=Dumper, **choices)
    if yaml.load(found, LOADER) != value:  # PyYAML breaks some texts in quotes where no line may be broken
        found = yaml.dump(value, Dumper=Dumper, **{**choices, "width": 10**6})
    if not mixed and "|" not in found and ">" not in found and "'" not in found and '"' not in found:
        found = OPENING.sub(lambda match: f"{match[1]} # {small.random()}", found)
    return f"# {small.random()}\n\n{found}\n# the end\n" if chance.random() < 0.5 else found
