"""What runs by ``dag.test()`` load, and Airflow 3.3's API for workers, which each of them asks: made once for all runs.

Loaded in an Airflow of its own, 3.3 or 2.11, before its interpreter forks. Nothing here may start a thread or open the
database: neither outlives a fork.
"""

from __future__ import annotations

import asyncio
import importlib
import runpy
from pathlib import Path

import airflow

if airflow.__version__.startswith("3"):
    import httpx
    from airflow.sdk.execution_time import supervisor

    for name in ("airflow.dag_processing.collection", "a2wsgi"):
        importlib.import_module(name)
    application = supervisor.in_process_api_server().app  # it is kept

    async def ask_for_the_first_time() -> None:
        """Have the versions of the API made, 9 s of a processor with cadwyn 7.0.0; there is nothing at this address."""
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
            await client.get("/nothing")

    asyncio.run(ask_for_the_first_time())

runpy.run_path(str(Path(__file__).parents[2] / "demo" / "preload.py"))
