"""Commands that each are a process of their own, forked off one that has loaded the libraries.

What a command costs is nearly all imports: seconds, where the work takes milliseconds. Here one process imports all
once, runs nothing, and forks for each command; the fork has its own memory, streams, folder and exit status. Two things
are not as a user has them: which module is imported first, and that the interpreter is not taken down to its last
object. The README's examples and every test with a process of its own show these.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import typer.main

LIBRARIES = (
    "gensim.models", "huggingface_hub", "jinja2", "matplotlib.figure", "numba", "pyarrow.csv", "pyarrow.parquet",
    "rich.progress", "scipy.sparse", "sklearn.linear_model", "tokenizers", "torch", "transformers",
)  # fmt: skip
COMMAND = (sys.executable, "-m", "tokembed")
_MESSAGE_BYTES = 1 << 20


class NewCommands:
    """Commands that each start from nothing, as a user's do: it costs the seconds that imports take.

    Args:
        environment: of each command.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(
        self, args: Sequence[str | bytes], folder: Path, given: bytes = b"", timeout: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """`python -m tokembed` with the arguments in the folder, with `given` on stdin."""
        call = [*COMMAND, *args]
        return subprocess.run(call, input=given, capture_output=True, cwd=folder, env=self.environment, timeout=timeout)


class ForkedCommands:
    """The process that forks, in an environment.

    Args:
        environment: of each command.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            call = [sys.executable, "-P", __file__, str(there.fileno())]
            pipe = subprocess.PIPE  # its streams are made for pipes: those of each command take their places
            self._process = subprocess.Popen(
                call, env=environment, pass_fds=[there.fileno()], stdin=pipe, stdout=pipe, stderr=pipe
            )

    def run(
        self, args: Sequence[str | bytes], folder: Path, given: bytes = b"", timeout: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """`python -m tokembed` with the arguments in the folder, with `given` on stdin.

        Raises:
            TimeoutError: it took more than so many seconds; it is ended then.
        """
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        request = json.dumps([os.fspath(folder), *(os.fsdecode(arg) for arg in args)]).encode()
        socket.send_fds(self._here, [request], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        with ThreadPoolExecutor(3) as pool:
            pool.submit(_write, pipes[0][1], given)
            stdout, stderr = (pool.submit(_read, pipe[0]) for pipe in pipes[1:])
            pid = self._answer(None)
            try:
                status = self._answer(timeout)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._answer(None)
                raise
        return subprocess.CompletedProcess([*args], status, stdout.result(), stderr.result())

    def _answer(self, timeout: float | None) -> int:
        self._here.settimeout(timeout)
        answer = self._here.recv(_MESSAGE_BYTES)
        if not answer:
            raise RuntimeError(f"the process that forks has ended: {self._process.communicate()[1].decode()}")
        return int(answer)

    def __enter__(self) -> ForkedCommands:
        return self

    def __exit__(self, *_: object) -> None:
        self._here.close()
        self._process.communicate()


def _write(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as stream:
        while data:
            data = data[stream.write(data) :]


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb") as stream:
        return stream.read()


def serve(requests: socket.socket) -> None:
    """Fork for each request, and say the pid and then the exit status."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE_BYTES, 3)
        if not request:
            return
        if not (pid := os.fork()):
            requests.close()
            run_command(json.loads(request), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        requests.send(b"%d" % pid)
        requests.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def run_command(request: list[str], descriptors: Sequence[int]) -> NoReturn:
    """Run `python -m tokembed` in this process, and end it."""
    for stream, descriptor in enumerate(descriptors):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    folder, *args = request
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["tokembed", *args]
    status: object = 0
    try:
        runpy.run_module("tokembed", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status if isinstance(status, int) else 1)


def import_all() -> None:
    """Import the libraries and all of tokembed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LIBRARIES:
            with suppress(ImportError):
                importlib.import_module(name)
        import tokembed
        import tokembed.cli

        typer.main.get_command = functools.cache(typer.main.get_command)  # it reads every annotation at each call
        typer.main.get_command(tokembed.cli.app)
        for module in pkgutil.walk_packages(tokembed.__path__, "tokembed."):
            if module.name != "tokembed.__main__":
                with suppress(ImportError, tokembed.NotAtHand):  # of what needs a library that is not installed
                    importlib.import_module(module.name)


if __name__ == "__main__":
    import_all()
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
