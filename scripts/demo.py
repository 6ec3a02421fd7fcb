"""The service with its example data, for scripts that call it: `with demo.service() as service: …`."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi" / "openapi.json"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
# The partner of the document's examples.
PARTNER = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01"
START = 120
STOP = 60


def program():
    """The program: the debug build that tests have run, or one made now."""
    built = TARGET / "debug" / "ree"
    if not built.exists():
        subprocess.run(["cargo", "build", "--locked"], cwd=ROOT, check=True)
    return built


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A running service: its address, and tokens for it."""

    def __init__(self, directory, settings):
        self.directory = directory
        api, admin = free_port(), free_port()
        self.address = f"http://127.0.0.1:{api}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REE_") and name != "DATABASE_URL"}
        self.environment = {**kept, "REE_PUBLIC_URL": self.address, "REE_DATA_DIR": str(directory / "data"), **settings}
        self.log = (directory / "log").open("wb")
        command = [program(), "serve", "--demo", "--listen", f"127.0.0.1:{api}", "--admin-listen", f"127.0.0.1:{admin}"]
        self.process = subprocess.Popen(
            command, cwd=directory, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def await_ready(self):
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                if urllib.request.urlopen(f"{self.address}/readyz", timeout=5).status == 200:
                    return
            time.sleep(0.2)
        raise SystemExit(f"the service did not become ready:\n{self.said()}")

    def token(self, role, *more):
        """A token of this role."""
        made = subprocess.run(
            [program(), "token", "--role", role, "--ttl", "24h", *more],
            cwd=self.directory, env=self.environment, stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        return made.stdout.decode().strip()

    def log_lines(self):
        return (self.directory / "log").read_text(errors="replace").splitlines()

    def said(self):
        return "\n".join(self.log_lines()[-20:])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # Its PostgreSQL leaves the directory a little later.
        end = time.monotonic() + STOP
        while time.monotonic() < end and list(self.directory.glob("**/postmaster.pid")):
            time.sleep(0.2)
        self.log.close()


@contextlib.contextmanager
def service(**settings):
    """A service of its own, with these settings, in a directory that is gone when it has ended."""
    with tempfile.TemporaryDirectory(prefix="ree-demo-", ignore_cleanup_errors=True) as name:
        directory = pathlib.Path(name)
        # The embedded server runs as another user when this runs as root.
        directory.chmod(0o755)
        running = Service(directory, settings)
        try:
            running.await_ready()
            yield running
        finally:
            running.stop()


def python_tools(requirements, *options):
    """The `bin` of an environment that has these packages, made once for each list of them; with options of
    pip's own, `--no-deps` say."""
    return tools("python", requirements, lambda home: [
        ["python3", "-m", "venv", home],
        [home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *options, "-r", requirements],
    ]) / "bin"  # fmt: skip


def node_tools(package):
    """A directory with the packages that this package.json names, made once for each list of them."""
    def steps(home):
        home.mkdir(parents=True)
        (home / "package.json").write_bytes(package.read_bytes())
        return [["npm", "install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]]

    return tools("node", package, steps)


def tools(kind, listed, steps):
    digest = hashlib.sha256(listed.read_bytes()).hexdigest()[:12]
    home = TARGET / "tools" / f"{kind}-{digest}"
    whole = home.with_suffix(".whole")
    if not whole.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        for step in steps(home):
            subprocess.run(step, check=True, stdin=subprocess.DEVNULL)
        whole.touch()
    return home
