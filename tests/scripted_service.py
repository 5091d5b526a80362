"""The scripted model server inside the tests' own process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from secondreader.runner.models.script import Script
from secondreader.runner.models.scripted_server import get_base_url, make_app, open_listener


@contextmanager
def serve_in_background(script: Script) -> Iterator[str]:
    """Serve on a free port of this machine in a thread, as long as the block lasts; yields the base URL."""
    listener = open_listener("127.0.0.1", 0)
    listener.listen(128)
    config = uvicorn.Config(make_app(script), log_level="error", access_log=False, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listener]),), daemon=True)
    thread.start()
    try:
        yield get_base_url(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
