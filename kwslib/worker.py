"""A process that answers lines with lines, so that slow imports happen once and outside the caller."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from threading import Lock


class Ended(Exception):
    """The process ended in place of an answer, with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the process ended with status {status}")
        self.status = status


class Worker:
    """`python -m module`, started when it is first asked and again after it has ended; one caller at a time.

    It ends when its standard input does, and so with the caller.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self.module, self.environment = module, environment
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, line: str) -> str:
        """The answer to a line. Raises Ended; a caller who is interrupted meanwhile ends the process."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._start()
            process = self._process
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                print(line, file=process.stdin, flush=True)
                answer = process.stdout.readline()
            except BaseException:
                process.kill()
                process.wait()
                raise
            if not answer:
                raise Ended(process.wait())
            return answer.removesuffix("\n")

    def _start(self) -> subprocess.Popen[str]:
        paths = os.pathsep.join(filter(None, sys.path))
        return subprocess.Popen(
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            env={**os.environ, "PYTHONPATH": paths, **self.environment},
            start_new_session=True,  # Ctrl-C is the caller's
        )


def serve(answer: Callable[[str], object]) -> None:
    """Answer the lines of standard input; to be called in the process that a Worker starts."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a module prints is no answer
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    for line in sys.stdin:
        print(answer(line.removesuffix("\n")), file=answers, flush=True)
