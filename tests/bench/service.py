"""The service that is asked, fresh for every measurement: no document, connection or port is left over."""

import re
import signal
import time

from process import CORES, Process
from tools import E2E, Failed


class Service:
    """The documents service, unless told otherwise by a command that prints its URL."""

    def __init__(self, command=(E2E, "demo", "--port", "0")):
        self._command = command

    def __enter__(self):
        self.process = Process(self._command, CORES[0])
        deadline = time.monotonic() + 10
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.process.output())):
            if time.monotonic() > deadline or not self.process.running():
                self.process.kill()
                raise Failed("the service did not start: " + self.process.output())
            time.sleep(0.01)
        self.url = found.group()
        self._idle_cpu = self.process.cpu()
        self._idle_descriptors = self.process.descriptors()
        return self

    def __exit__(self, *_):
        self.process.signal(signal.SIGTERM)
        self.process.wait()

    def asked(self):
        """Whether anything has reached it."""
        return self.process.cpu() > self._idle_cpu + 0.0005

    def connections(self):
        return self.process.descriptors() - self._idle_descriptors
