"""Random folders to upload, given to both clients: which files, under which names, and the hashes they are known by.

``python -m tests.oracle.trees --count 500 --seed 7``. The folder stands in a job in one of several places (code, data,
a docker context, the code of a component), with ignore files of all kinds, odd names and symbolic links.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.judge import PYTHON, Case, Judge
from tests.oracle.known import known

WRONG = ("refused there", "refused here", "differs", "crash")

START = 315532800
"""1980-01-01, the first moment that a zip can tell."""

LOCAL_UPLOAD = re.compile(r"LocalUpload/([0-9a-f]{64})/")


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


Entry = bytes | None | Link
"""A file's bytes, a folder, or a link."""


@dataclass(frozen=True)
class Tree(Case):
    """A job beside a folder of files.

    :param entries: paths relative to the job's folder.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def lay_out(self, folder: Path) -> Path:
        """Write all into a folder of its own, whose last part is the working directory of all cases."""
        base = Path(tempfile.mkdtemp(dir=folder)) / "cwd-under-test"
        base.mkdir()
        for name, entry in self.entries.items():
            _write(base / name.replace("LONG", 200 * "x"), entry, base)
        for path in base.rglob("*"):  # a zip tells the time of its files
            os.utime(path, (START, START), follow_symlinks=False)
        file = super().lay_out(base)
        file.write_text(file.read_text().replace("BASE", str(base)))
        return file

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """Compare hashes that name data, too: either client finds what the other has sent."""
        found = list(super().differences(own, other))
        if not found and (ours := hashes(own)) != (theirs := hashes(other)):
            found.append(f"hashes of data: ours {ours}, theirs {theirs}")
        return found


def _write(path: Path, entry: Entry, base: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry is None:
            path.mkdir(exist_ok=True)
        elif isinstance(entry, Link):
            path.symlink_to(entry.target.replace("BASE", str(base)))
        else:
            path.write_bytes(entry)
    except OSError:  # one name is both a file and a folder, or too long
        return


_NAMES = (
    "a|b.py|B.py|A|Z.txt|z.txt|_x|-dash|.hidden|.env|a b| lead|trail |a#b|a%20b|100%|a+b|q?x|x&y=z|new\nline|"
    "back\\slash|quo'te|dou\"ble|semi;colon|co:lon|é|e\u0301|漢字.txt|İ|ß|\u212a|k|\u017f|😀.txt|\u202eabc|~|"
    "~user|$HOME|*|[x]|!bang|#hash|a..b|...|..a|main.log|x.pyc|data.csv|data.CSV|Dockerfile|conda.yml|CON|a.|"
    "LONG|10|9|1e5|null|.amlignore.bak|tab\there|@at|a,b|{x}|MLmodel"
)
_FOLDERS = (
    "sub|Sub|build|__pycache__|.git|.ipynb_checkpoints|.azureml|node_modules|é|a b|a|src|logs|deep|x.d|10|%41|c#|data"
)
_LINES = (
    "*.log|*.py|*.pyc|B*|b*|!Z*|!z.txt|/a|a|a/|/a/|sub|sub/|/sub|/sub/|**|*|!*|**/|/**|**/a|a/**|**/a/**|"
    "sub/**/a|sub/*|sub/*/a|*/a|*/*|!sub/a|!sub/|!/sub/a|#comment|\\#hash|#hash|\\!bang|!bang|!!bang||   |\t|"
    "/|//|.|./a|../a|a |a\\ |trail\\ |trail | lead|\\ lead|[ab]|[!a]*|[^a]*|[a-z]|[|]|[a|a]|[]x]|[!]x]|?|??|"
    "*.*|.*|!.env|.amlignore|.gitignore|!.amlignore|é|e*|漢*|*字*|İ|i|*.TXT|*.txt|data.csv|DATA.CSV|\\|a\\|"
    "back\\slash|back\\\\slash|new|LONG|{a,b}|$HOME|a b|a%20b|*#*|100%|__pycache__|**/__pycache__|"
    "!__pycache__|build/|!build/keep|logs/*.log|**/logs/**|deep/**|**/deep|sub//a|sub/./a|a/*|!a/b.py|/*|"
    "!/src|*/|!*/|**/*.py|src/**/*.py|***|a**|**a|/**/a|[[:alpha:]]*|[\\]]|\\a"
)
"""Names of files and folders, and lines of ignore files, with bars between; ``LONG`` is a long one."""
NAMES, FOLDERS, LINES = (texts.split("|") for texts in (_NAMES, _FOLDERS, _LINES))


def cases(seed: int, count: int) -> Iterator[Tree]:
    """Make as many folders; the same seed makes the same."""
    for number in range(seed, seed + count):
        chance = random.Random(number)
        kind = chance.choice(sorted(JOBS))
        root = chance.choice(["thing", "Thing x", "thïng", "a+b", "th%ing", ".thing", "thing.py"])
        entries = tree(chance, root)
        if chance.random() < 0.1:
            entries["rootlink"] = Link(f"BASE/{root}")
            root = "rootlink"
        yield Tree(f"tree {number} as {kind}", JOBS[kind](chance, root), entries=entries)


def tree(chance: random.Random, root: str) -> dict[str, Entry]:
    """Make one folder, with what its links lead to outside of it."""
    entries: dict[str, Entry] = {root: None, "outside/secret.txt": b"secret", "outside/more/deep.txt": b"deep"}
    entries |= {"shared/one.py": b"1", "shared/inner/two.py": b"2", "shared/inner/__pycache__/x.pyc": b"3"}
    entries |= {"a b/ü.csv": b"a,b", "rootfile": Link("BASE/shared/one.py")}
    for name in (".amlignore", "shared/.amlignore", "shared/inner/.gitignore"):
        if chance.random() < 0.2:
            entries[name] = ignores(chance)
    folders = [root]
    for _ in range(chance.randint(0, 4)):
        name = f"{chance.choice(folders)}/{chance.choice(FOLDERS)}"
        if name.lower() not in {other.lower() for other in folders}:
            folders.append(name)
            entries[name] = None
    for _ in range(chance.choice([0, 1, 2, 4, 8, 8, 12, 12])):
        name = f"{chance.choice(folders)}/{chance.choice(NAMES)}"
        if name.lower() not in {other.lower() for other in entries}:  # whose order hangs on the disk there
            entries[name] = content(chance)
    for name in (".amlignore", ".gitignore"):
        for folder in folders:
            if chance.random() < (0.45 if folder == root else 0.1):
                entries[f"{folder}/{name}"] = ignores(chance)
    if chance.random() < 0.25:
        for _ in range(1 if (circle := chance.random() < 0.2) else chance.randint(1, 3)):
            target, name = (
                (chance.choice(CIRCLES) if circle else link(chance, root, folders)),
                chance.choice(["link", "link.py", "a", "sub", "z", "__pycache__"]),
            )
            entries.setdefault(f"{chance.choice(folders)}/{name}", Link(target))
    return entries


CIRCLES = (".", "..", "../..", "BASE")
"""Links to a folder around them; with two of these Microsoft's client would go round for hours."""


def link(chance: random.Random, root: str, folders: list[str]) -> str:
    """Choose where a link leads: inside, outside, a file, a folder, nowhere, in a circle, by a chain."""
    inside = chance.choice(folders)
    return chance.choice(
        [
            f"BASE/{inside}/{chance.choice(NAMES)}",
            "BASE/outside",
            "BASE/outside/secret.txt",
            "BASE/outside/more",
            "../outside/secret.txt",
            "../outside",
            "../../outside",
            "link.py",
            "b.py",
            "sub",
            "nowhere",
            "/nowhere/at/all",
        ]
    )


def ignores(chance: random.Random) -> bytes:
    """Make an ignore file."""
    lines = [chance.choice(LINES) + chance.choice(["", "", "", " ", "\t", "  "]) for _ in range(chance.randint(0, 4))]
    text = chance.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + chance.choice(["", "\n", "\n\n"])
    text = text.replace("LONG", 200 * "x")
    return chance.choice([b"", b"", b"", b"", b"\xef\xbb\xbf"]) + text.encode(
        chance.choice(["utf-8"] * 12 + ["latin-1"]), "replace"
    )


def content(chance: random.Random) -> bytes:
    """Make a file's bytes."""
    return chance.choice([b"", b"x", b"print(1)\n", b"a\r\nb", bytes(range(0, 256, 8)), b"\xff\xfe", b"#a#1"])


def command(**more: Any) -> dict[str, Any]:
    """Make a command job."""
    return {"command": "echo", "environment": "azureml:e:1", "compute": "azureml:c", **more}


def spelled(chance: random.Random, root: str) -> str:
    """Spell a path in one of the ways that lead to it.

    Data at an absolute path that is a link is not compared: Microsoft's client uploads it elsewhere than it says.
    """
    if root == "rootlink":
        return chance.choice([f"./{root}", f"{root}/"])
    return chance.choice(
        [
            f"./{root}",
            f"./{root}",
            root,
            f"./{root}/",
            f"../cwd-under-test/{root}",
            f"{root}//",
            f"././{root}",
            f"BASE/{root}",
        ]
    )


def code(chance: random.Random, root: str) -> dict[str, Any]:
    """The code of a command."""
    return command(code=spelled(chance, root))


def trial(chance: random.Random, root: str) -> dict[str, Any]:
    """The code of a sweep's trial."""
    return {
        "type": "sweep",
        "compute": "azureml:c",
        "trial": {"command": "echo", "environment": "azureml:e:1", "code": spelled(chance, root)},
        "search_space": {"x": {"type": "choice", "values": [1]}},
        "sampling_algorithm": "random",
        "objective": {"goal": "maximize", "primary_metric": "m"},
        "limits": {"max_total_trials": 1},
    }


def data(chance: random.Random, root: str) -> dict[str, Any]:
    """The data of an input."""
    return command(inputs={"x": {"type": "uri_folder", "path": spelled(chance, root)}})


def context(chance: random.Random, root: str) -> dict[str, Any]:
    """The context of a docker build."""
    return {**command(), "environment": {"build": {"path": spelled(chance, root)}}}


def node(chance: random.Random, root: str) -> dict[str, Any]:
    """The code of a node."""
    return {"type": "pipeline", "jobs": {"n": {"type": "command", **code(chance, root)}}}


def component(chance: random.Random, root: str) -> dict[str, Any]:
    """The code of a component that is written out."""
    inner = {"type": "command", "command": "echo", "environment": "azureml:e:1", "code": spelled(chance, root)}
    return {"type": "pipeline", "jobs": {"n": {"type": "command", "component": inner, "compute": "azureml:c"}}}


def single(chance: random.Random, root: str) -> dict[str, Any]:
    """Single files as code and as data, and what is neither."""
    names = [
        "outside/secret.txt",
        "shared/one.py",
        "shared/../shared/one.py",
        "./outside/secret.txt",
        "BASE/shared/one.py",
    ]
    names += ["outside/secret.txt/", "shared/one.py/", "shared", "no-such", "~/no-such", "shared/./one.py", "a b/ü.csv"]
    names += ["rootfile", "./rootfile", "BASE/shared", "", ".", "./", "..", "shared/*.py", "%73hared/one.py"]
    name, kind = chance.choice(names), chance.choice(["uri_file", "uri_folder", "mltable", "custom_model"])
    if chance.random() < 0.4:
        return command(code=name)
    if chance.random() < 0.2:
        return {**command(), "environment": {"image": "x", "conda_file": name}}
    return command(inputs={"x": {"type": kind, "path": name}})


def includes(chance: random.Random, root: str) -> dict[str, Any]:
    """A component with additional includes."""
    job = component(chance, root)
    inner = job["jobs"]["n"]["component"]
    if chance.random() < 0.5:
        inner["code"] = chance.choice(["outside", "outside/secret.txt", "shared"])
    if chance.random() < 0.1:
        del inner["code"]
    paths = [f"./{root}", "outside", "outside/more/", "outside/secret.txt", "shared", "shared/one.py", "shared.zip"]
    paths += [
        f"{root}/sub",
        *([] if root == "rootlink" else [f"{root}.zip"]),
        "shared/inner",
        "shared/inner.zip",
        "no-such",
        "BASE/shared",
    ]
    inner["additional_includes"] = [chance.choice(paths) for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 3]))]
    return job


def task(chance: random.Random, root: str) -> dict[str, Any]:
    """The code of a parallel task."""
    inputs = {"x": {"type": "mltable", "path": "azureml:x:1"}}
    run = {"type": "run_function", "code": spelled(chance, root), "entry_script": "a", "environment": "azureml:e:1"}
    node = {"type": "parallel", "compute": "azureml:c", "inputs": inputs, "input_data": "${{inputs.x}}", "task": run}
    return {"type": "pipeline", "jobs": {"n": {**node, "mini_batch_size": "1"}}}


FOUND = (code, trial, data, context, node, component, task, includes, includes, single, single)
JOBS = {f"{found.__name__}{number or ''}": found for number, found in enumerate(FOUND)}


def hashes(answer: Mapping[str, Any]) -> list[str]:
    """The hashes in the names of uploads."""
    return sorted({digest for row in answer["rows"] for digest in LOCAL_UPLOAD.findall(row["path"])})


def main(words: list[str] | None = None) -> int:
    """Compare, print what is wrong as it is found and the sums at the end."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle.trees", description="Folders beside Microsoft's client."
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases with this in their name")
    parser.add_argument("--show", action="append", default=[], metavar="KIND", help="print verdicts of this kind, too")
    parser.add_argument("--width", type=int, default=700, help="characters of a verdict")
    options = parser.parse_args(words)
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="trees-") as folder, Judge(Path(folder), PYTHON) as judging:
        for case in cases(options.seed, options.count):
            if options.match not in case.id:
                continue
            found = judging.judge(case)
            kind = found.kind if found.good or not known(found) else f"{found.kind}, for a reason"
            counted[kind] += 1
            if kind in WRONG or found.kind in options.show:
                print(f"{str(found)[: options.width]}\n    {case.entries}", flush=True)
    print(f"{sum(counted.values())} compared: {dict(counted)}")
    return 1 if set(counted) & set(WRONG) else 0


if __name__ == "__main__":
    sys.exit(main())
