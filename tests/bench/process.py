"""A program pinned to a core, and what it used: CPU time and memory, its children included."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path


_usable = sorted(os.sched_getaffinity(0))
# The service's core, and the generators': the same one on a machine that has no second.
CORES = (_usable[0], _usable[min(1, len(_usable) - 1)])


class Process:
    """A running program. Its output goes to a file, so that a full pipe never slows it."""

    def __init__(self, command, core, environment=None):
        self.command = " ".join(map(str, command))
        self._output = tempfile.TemporaryFile()
        ours = os.sched_getaffinity(0)
        # Inherited by the child: no wrapper program adds to the time of its start.
        os.sched_setaffinity(0, {core})
        try:
            self.started = time.monotonic()
            self._popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        finally:
            os.sched_setaffinity(0, ours)
        self.pid = self._popen.pid
        self._usage = None

    def running(self):
        if self._usage is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._ended(status, usage)
        return self._usage is None

    def wait(self):
        """Waits for the end; returns the exit code (negative: the signal that ended it)."""
        if self._usage is None:
            _, status, usage = os.wait4(self.pid, 0)
            self._ended(status, usage)
        return self._popen.returncode

    def signal(self, number=signal.SIGINT):
        if self.running():
            os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait()

    def output(self):
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def cpu(self):
        """User and system time so far, in s."""
        if not self.running():
            return self._usage.ru_utime + self._usage.ru_stime
        return sum(cpu_clock(pid) for pid in family(self.pid))

    def memory(self, key="VmRSS"):
        """KiB; `VmHWM` is the most there was."""
        return sum(status_kib(pid, key) for pid in family(self.pid))

    def descriptors(self):
        """How many files and sockets it has open."""
        folder = f"/proc/{self.pid}/fd"
        # Linux counts them in the folder's size since 6.2.
        return os.stat(folder).st_size or len(os.listdir(folder))

    def _ended(self, status, usage):
        self._usage = usage
        self._popen.returncode = os.waitstatus_to_exitcode(status)


def family(pid):
    """The process and its descendants."""
    members = [pid]
    for member in members:
        try:
            for children in Path(f"/proc/{member}/task").glob("*/children"):
                members.extend(int(child) for child in children.read_text().split())
        except OSError:
            pass  # it has just ended
    return members


def cpu_clock(pid):
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's name for a process's CPU clock: exact to the ns
    except OSError:
        return 0.0


def status_kib(pid, key):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
