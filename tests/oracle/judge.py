"""One job file, given to our hook and to Microsoft's client: what either sent, and the verdict."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import traceback
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from unittest import mock

import yaml

from airflow_azureml.exceptions import AzureMLNotFoundError, AzureMLSpecError
from airflow_azureml.hooks import AzureMLHook
from demo.warm_python import WarmPython
from tests.corpus import compare
from tests.corpus.cases import CLONE
from tests.corpus.fake_azure import CONNECTION, FakeAzure, stand_in
from tests.oracle.answers import Answers

PYTHON = CLONE / ".venvs" / "sdk" / "bin" / "python"
SCRIPT = Path(__file__).parent / "scripts" / "microsoft.py"

ASKS = (
    SCRIPT,
    SCRIPT.with_name("faster.py"),
    Path(compare.__file__).with_name("fake_azure.py"),
    Path(compare.__file__).with_name("invocations.py"),
    Path(compare.__file__).with_name("registries.py"),
    CLONE / "requirements" / "sdk.txt",
)
"""What an answer of Microsoft's client rests on, besides its question: how it is asked, the stand-in, its version."""

OUTSIDE = {"GIT_CEILING_DIRECTORIES": str(CLONE)}
"""Where temporary folders lie in this checkout: it is none of the jobs'."""

LOADER, DUMPER = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""Those that are not all Python, which takes half of the time that a case takes here."""

FAULT = re.compile(
    r'(?:^|"message": ")'
    r"(?:TypeError|AttributeError|KeyError|IndexError|OverflowError|UnboundLocalError|RecursionError|NameError"
    r"|DeserializationError|ValueError: (?:could not convert|invalid literal|not enough|too many|malformed|Unable to))"
    r"|object has no attribute|object is not|NoneType|unhashable"
)
"""A Python fault of Microsoft's client, which judges nothing."""


@dataclass(frozen=True)
class Case:
    """A job file and the local files that it needs.

    :param job: the document, or its text.
    :param files: paths relative to the job's folder, and their texts.
    """

    id: str
    job: Mapping[str, Any] | str
    files: Mapping[str, str] = field(default_factory=dict)
    source: Path | None = None

    @functools.cached_property
    def text(self) -> str:
        """The file's text."""
        if isinstance(self.job, str):
            return self.job
        text: str = yaml.dump(self.job, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
        return text

    def lay_out(self, folder: Path) -> Path:
        """Write the files into a folder; gives back the job's. A case with a ``source`` has its files already."""
        file = self.source or folder / "job.yml"
        for name, text in self.files.items():
            path = file.parent / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        file.write_text(self.text, encoding="utf-8")
        return file

    def question(self, file: Path) -> dict[str, Any]:
        """What Microsoft's client is asked."""
        by_hand = {"by_hand": True} if isinstance(self.job, str) else {}
        return {"file": str(file), "folder": str(file.parent), **by_hand}

    def submit(self, file: Path, answer: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Give the case to our hook.

        :param answer: waits for what came of it on the other side.
        """
        return submit(file)

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List where two submissions differ."""
        return differences(own, _named(other, self))


@dataclass(frozen=True)
class Verdict:
    """What came of a case.

    :param kind: ``equal``, ``both refuse``, ``fault there`` (its client fell over; ours sent or refused), or what is
        wrong: ``refused there``, ``refused here``, ``differs``, ``crash``.
    """

    case: Case
    kind: str
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.kind in {"equal", "both refuse", "fault there"}

    def __str__(self) -> str:
        """The verdict in a line."""
        return " ".join(f"{self.kind} | {self.case.id} | {self.detail}".split())


class Judge(AbstractContextManager["Judge"]):
    """Asks Microsoft's client, which stays for all cases.

    :param folder: where cases are laid out; jobs without an experiment are named after it by either side.
    :param python: the interpreter that has Microsoft's client, or one that has loaded it.
    :param answers: a file of answers, which are not asked for again; without one all are asked for.
    """

    def __init__(self, folder: Path, python: Path | WarmPython, answers: Path | None = None) -> None:
        self.answers = None if answers is None else Answers(answers, ASKS)
        self.folder = folder / "around" / "cwd-under-test"  # both have a name in uploads: the second of "..", too
        self.folder.mkdir(parents=True, exist_ok=True)
        warm = python if isinstance(python, WarmPython) else WarmPython(python, os.environ, ())
        self._talk = warm.talk(SCRIPT, settings=OUTSIDE)
        self._questions, self._said = self._talk.__enter__()

    def __exit__(self, *raised: Any) -> None:
        """Let the client go."""
        self._talk.__exit__(*raised)

    def ask(self, question: Mapping[str, Any]) -> Callable[[], Mapping[str, Any]]:
        """Ask a question; what comes back waits for its answer."""
        print(json.dumps(question), file=self._questions, flush=True)
        return functools.cache(functools.partial(_read, self._said))

    def judge(self, case: Case) -> Verdict:
        """Give a case to both sides."""
        kept = {self.folder / name for name in case.files}
        _clear(self.folder, kept, {folder for path in kept for folder in path.parents})
        file = case.lay_out(self.folder)
        answer = self._answer(case, case.question(file))
        own = case.submit(file, answer)  # while the other works
        return verdict(case, own, answer())

    def _answer(self, case: Case, question: Mapping[str, Any]) -> Callable[[], Mapping[str, Any]]:
        """Find an answer among those that are kept, or ask, and keep it. A case with a ``source`` is always asked
        about, for its files are not its own, and so is a ``make``, which our code takes part in."""
        if self.answers is None or case.source or "make" in question:
            return self.ask(question)
        answers, folder = self.answers, str(self.folder)
        everything = [question, case.text, dict(case.files)]
        kept = answers.get(everything, folder)
        if kept is not None:
            return lambda: kept
        ask = self.ask(question)

        @functools.cache
        def answer() -> Mapping[str, Any]:
            said = ask()
            answers.put(everything, folder, said)
            return said

        return answer


def _clear(folder: Path, kept: Set[Path], around: Set[Path]) -> None:
    """Remove what cases before have laid out or made: a folder of code is uploaded as it is.

    :param kept: files that stay.
    :param around: folders that hold some.
    """
    for path in folder.iterdir():
        if path in around:
            _clear(path, kept, around)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path not in kept:
            path.unlink()


def _read(stream: IO[str]) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = json.loads(stream.readline())
    return answer


def submit(file: Path) -> dict[str, Any]:
    """Submit a job file by the hook; gives back the job's body or the error, and all that was put besides."""
    return recorded(FakeAzure(), lambda: AzureMLHook().create_job(file, _name(file)))


def recorded(fake_azure: FakeAzure, send: Callable[[], object]) -> dict[str, Any]:
    """Let something be sent; gives back the job's body or the error, and all that was put besides."""
    answer: dict[str, Any] = {"rows": []}
    variables = {"AIRFLOW_CONN_AZUREML_DEFAULT": json.dumps(CONNECTION), **OUTSIDE}
    with contextlib.ExitStack() as stack:
        stand_in(fake_azure, lambda place, name, value: stack.enter_context(mock.patch.object(place, name, value)))
        stack.enter_context(mock.patch.dict(os.environ, variables))
        try:
            send()
        except (AzureMLSpecError, AzureMLNotFoundError) as error:
            answer["error"] = str(error)
        except Exception:  # noqa: BLE001 - a crash is a verdict
            answer["crash"] = traceback.format_exc()[-1500:]
    for sent in fake_azure.sent:
        if sent.method != "PUT" or (".blob." in sent.host and "comp" in sent.query):
            continue
        if ".blob." not in sent.host and "/jobs/" in sent.path:
            answer |= {"body": sent.body, "token": "x-azureml-token" in {name.lower() for name in sent.headers}}
        else:
            answer["rows"].append(fake_azure.row(sent))
    return answer


def _name(file: Path) -> str:
    try:
        name = yaml.load(file.read_text(encoding="utf-8-sig"), LOADER).get("name")
    except (yaml.YAMLError, AttributeError, ValueError):
        name = None
    return name if isinstance(name, str) and name else "job-under-test"


def verdict(case: Case, own: Mapping[str, Any], other: Mapping[str, Any]) -> Verdict:
    """Compare two answers by the corpus' rules."""
    if "crash" in own:
        return Verdict(case, "crash", own["crash"])
    if "body" not in other:
        if FAULT.search(other["error"]):
            return Verdict(case, "fault there", f"ours: {own.get('error', 'sent')}; theirs: {other['error']}")
        if "body" in own:
            return Verdict(case, "refused there", other["error"])
        return Verdict(case, "both refuse", f"ours: {own['error']}; theirs: {other['error']}")
    if "body" not in own:
        return Verdict(case, "refused here", own["error"])
    found = case.differences(own, other)
    return Verdict(case, "differs", "; ".join(found)) if found else Verdict(case, "equal")


def differences(own: Mapping[str, Any], other: Mapping[str, Any], git: bool = False) -> Sequence[str]:
    """List where two submissions differ: job, assets, files, token; properties of git where they are asked for."""
    ours, theirs = compare.Requests(own["rows"]), compare.Requests(other["rows"])
    found = compare.differences(
        compare.job(ours, _plain(own["body"]), other["name"], git),
        compare.job(theirs, other["body"], other["name"], git),
    )
    here, there = ours.assets(), theirs.assets()
    found += [f"asset of ours alone: {line}" for line in here if line not in there]
    found += [f"asset of theirs alone: {line}" for line in there if line not in here]
    if ours.blobs() != theirs.blobs():
        found.append(f"files: ours {ours.blobs()}, theirs {theirs.blobs()}")
    if own["token"] != other["token"]:
        found.append(f"header x-azureml-token: ours {own['token']}")
    return found


def _named(other: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
    """Leave out the experiment that Microsoft's client names after the working directory."""
    properties = dict(other["body"]["properties"])
    if case.source and properties.get("experimentName") == case.source.parent.name:
        del properties["experimentName"]
    return {**other, "body": {**other["body"], "properties": properties}}


def _plain(body: Any) -> Any:
    return json.loads(json.dumps(body))
