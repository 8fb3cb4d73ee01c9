"""Web inputs: inputs from outside of the workspace, fetched over http or https without any credential."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from azureml_emulator.execution.staging import StagingError

CHUNK = 1 << 20
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


async def fetch(url: str, target: Path) -> None:
    """Write a page's content to a file.

    :raises StagingError: it cannot be read; the address is named without its query.
    """
    shown = url.partition("?")[0]
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE, trust_env=True) as session, session.get(url) as answer:
            if answer.status != 200:
                raise StagingError(f"The input {shown} could not be read: HTTP {answer.status}.")
            with target.open("wb") as file:
                async for chunk in answer.content.iter_chunked(CHUNK):
                    file.write(chunk)
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise StagingError(f"The input {shown} could not be read: {type(error).__name__}.") from None
