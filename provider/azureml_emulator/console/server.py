"""The server process: from ``start`` until a signal, with ``endpoint.json`` there exactly while everything answers."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pathlib import Path

from azureml_emulator.app import Emulator
from azureml_emulator.console.presence import Presence
from azureml_emulator.core.settings import ANY_ADDRESS, LOOPBACK, Settings, SettingsError
from azureml_emulator.core.tls import server_context
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.seeding.files import SeedError


async def serve(settings: Settings, presence: Presence, transitions: Transitions, seed: Path | None) -> None:
    """Run until SIGTERM or SIGINT.

    :param seed: a folder of the CLI's files; what they describe is registered before anything is announced.
    :raises SettingsError: the port cannot be listened on, or a file cannot be registered.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    emulator = Emulator(settings, transitions)
    try:
        await open_ports(emulator)
        seeded = await plant(emulator, seed) if seed else ""
        gc.freeze()  # what is here now stays: no collection needs to look through it again
        # Whoever has it run in the background prints what it has said by the time that it is announced.
        sys.stdout.write(greeting(settings) + seeded)
        sys.stdout.flush()
        presence.announce(settings)
        await ended.wait()
    finally:
        presence.file.unlink(missing_ok=True)
        await emulator.stop()


async def open_ports(emulator: Emulator) -> None:
    """Start the emulator, or say why its address cannot be used."""
    settings = emulator.settings
    try:
        await emulator.start(server_context(settings))
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}. Another port: --port N."
        ) from None


async def plant(emulator: Emulator, folder: Path) -> str:
    """Register what the files of a folder describe; what ``start`` prints of it."""
    try:
        rows, left_alone = await emulator.seeding.seed(folder)
    except SeedError as error:
        raise SettingsError(f"--seed: {error}") from None
    lines = [f"  seeded    {row['kind']} {row['name']}" + f":{row['version']}" * bool(row["version"]) for row in rows]
    lines += [f"  left alone  {path}: {reason}" for path, reason in left_alone.items()]
    return "".join(f"{line}\n" for line in lines)


def greeting(settings: Settings) -> str:
    """What ``start`` prints when everything answers."""
    lines = [
        "Azure ML emulator, for development and CI only.",
        f"  endpoint  {settings.base_url}",
        f"  studio    {settings.studio_url}",
        f"  state     {settings.state}",
        f'  use it    eval "$(azureml-emulator env --state {settings.state})"',
    ]
    return "\n".join(lines) + "\n"


def host_warning(host: str) -> str | None:
    """A warning for a host that others can reach, or None."""
    if host in LOOPBACK or host.startswith("127."):
        return None
    where = "every address of this machine" if host in ANY_ADDRESS else host
    return f"warning: listening on {where}: whoever reaches it and has the secret can run commands on this machine."
