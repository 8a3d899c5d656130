"""Puts an application on a port: until it is stopped, or beside a story that goes on.

Knows no page and no office; whoever calls hands the application in.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask


def serve_until_stopped(app: Flask, *, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve on that port; ``ready`` is called once it listens. ClickException where the port cannot be had."""
    import waitress

    try:
        server = waitress.create_server(app, host=host, port=port, threads=8, ident=None)
    except OSError as cause:
        raise click.ClickException(
            f"不能在 {host}:{port} 上服务：{cause.strerror}。换一个端口：--port 8001 (choose another port)"
        ) from cause
    click.echo(f"畅领已在 http://{host}:{port} 上服务，Ctrl+C 结束 (serving; Ctrl+C to stop)")
    ready()
    server.run()


@contextmanager
def served(app: Flask, listener: socket.socket) -> Iterator[None]:
    """The application answers on a socket that is bound already, until the end of the block."""
    import waitress

    server = waitress.create_server(app, sockets=[listener], threads=4, ident=None)
    thread = threading.Thread(target=server.run, name="served", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.close()
        thread.join(timeout=10)
