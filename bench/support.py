"""What the benchmarks written in Python share: a service, its tokens, what it uses, and the load on it."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PATIENCE = 70
TICKS = os.sysconf("SC_CLK_TCK")


def arguments_for(parser):
    """The options that all of them take."""
    parser.add_argument("--at", help="the address of a service that runs already (`bench/run --keep-running`)")
    parser.add_argument("--data-dir", type=pathlib.Path, help="its data directory")
    parser.add_argument("--ree", type=pathlib.Path, default=TARGET / "release" / "ree", help="the program")
    parser.add_argument("--load", type=pathlib.Path, default=TARGET / "bench" / "release" / "ree-bench",
                        help="the load generator: cargo build --release --manifest-path bench/Cargo.toml")
    return parser


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Document:
    """The OpenAPI document, as a source of bodies."""

    def __init__(self, text):
        self.document = json.loads(text)

    def resolved(self, schema):
        """What a reference, or the one of several that is not null, stands for."""
        while "$ref" in schema or "oneOf" in schema or "anyOf" in schema:
            if "$ref" in schema:
                found = self.document
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = found
            else:
                several = schema.get("oneOf") or schema["anyOf"]
                schema = next((one for one in several if one.get("type") != "null"), {})
        return schema

    def operations(self):
        """Method, path, operation, types of body with their schemas."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    content = self.resolved(operation.get("requestBody", {})).get("content", {})
                    yield method.upper(), path, operation, content

    def parameters(self, operation):
        """The parameters of its query that cannot be left out, with a value each."""
        for one in map(self.resolved, operation.get("parameters", [])):
            if one["in"] == "query" and one.get("required"):
                value = one.get("example") or self.small(one["schema"])
                yield one["name"], ",".join(map(str, value)) if isinstance(value, list) else str(value)

    def members(self, schema):
        """The members of an object, resolved."""
        properties = self.resolved(schema).get("properties", {})
        return {name: self.resolved(one) for name, one in properties.items()}

    def items(self, schema):
        """The schema of a list's items."""
        return self.resolved(schema.get("items", {}))

    def small(self, schema, depth=0):
        """A body without a fault, as far as the schema says what one is."""
        schema = self.resolved(schema)
        for given in ("example", "default", "const"):
            if schema.get(given) is not None:
                return schema[given]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = kind_of(schema)
        if kind == "object" and depth < 8:
            members = self.members(schema)
            return {name: self.small(members[name], depth + 1) for name in schema.get("required", []) if name in members}
        if kind == "array":
            return [self.small(schema.get("items", {}), depth + 1)]
        plain = {"string": "a", "integer": 1, "number": 1, "boolean": True}
        return plain.get(kind)


def kind_of(schema):
    """The type of a schema, null apart."""
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return next((kind for kind in kinds if kind != "null"), "null")


ABSENT = "00000000-0000-7000-8000-000000000000"
# Which list has the objects of a segment of a path, where it is not what stands before it.
LISTS = {"uai": "/v1/establishments?academy=academy:10", "external_id": "/v1/interventions"}


def addresses(service):
    """The address of each path, with ids of objects that there are."""
    known = {}

    def of(path):
        address = path
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            before = LISTS.get(name, address.split("/{%s}" % name)[0])
            if before not in known:
                known[before] = service.first(before) or {}
            found = known[before]
            value = next((found[key] for key in (name, "id", "code", "name") if key in found), ABSENT)
            address = address.replace("{%s}" % name, urllib.parse.quote(str(value), safe=":"))
        return address

    return of


class Service:
    """A service: one that runs already, or one of the example data that is started for the run."""

    def __init__(self, options, **settings):
        self.program = options.ree
        self.process = None
        self.admin = None
        self.tokens = {"anyone": None}
        if options.at:
            self.address, self.directory = options.at, options.data_dir
            self.pid = listening(self.address)
        else:
            self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ree-bench-"))
            self.address = f"127.0.0.1:{free_port()}"
            self.admin = f"127.0.0.1:{free_port()}"
            self.start(settings)

    def start(self, settings):
        """Starts the process, and waits until it is ready."""
        self.process = launched(self.program, self.directory, self.address, self.admin, settings, "--demo")
        self.pid = self.process.pid

    def stop(self):
        """Ends what was started."""
        if self.process is None:
            return
        ended([self.process], self.directory)

    def allow(self, role, *perimeter, name=None):
        """Makes the token of a role."""
        environment = {**os.environ, "REE_DATA_DIR": str(self.directory)}
        command = [self.program, "token", "--role", role, "--ttl", "8h", *perimeter]
        made = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        self.tokens[name or role] = made.stdout.strip()

    def allow_all(self):
        """A token of each role, for what there is."""
        self.allow("ministry")
        self.allow("reader")
        self.allow("academy", "--territories", "academy:10")
        school = self.first("/v1/establishments?academy=academy:10") or self.first("/v1/establishments")
        self.allow("establishment", "--uais", school["uai"])
        self.allow("partner", "--partner-id", self.first("/v1/partners")["id"])

    def client(self, name, role, **perimeter):
        """A client of its own: its token counts for itself alone."""
        new = {"name": name, "contact_email": "mesure@exemple.fr", "role": role, "scopes": ["read", "write"], **perimeter}
        made = self.send("ministry", "POST", "/v1/clients", new)
        if made[0] != 201:
            raise SystemExit(f"no client: {made[0]} {made[1][:500]!r}")
        secret = json.loads(made[1])
        form = f"grant_type=client_credentials&client_id={secret['id']}&client_secret={secret['client_secret']}"
        told = self.send("anyone", "POST", "/oauth2/token", form.encode(), "application/x-www-form-urlencoded")
        self.tokens[name] = json.loads(told[1])["access_token"]

    def head(self, role):
        """The headers of a request of this role."""
        token = self.tokens[role]
        return {"authorization": f"Bearer {token}"} if token else {}

    def send(self, role, method, path, body=None, media_type="application/json", **headers):
        """Status, body."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {**self.head(role), **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            headers["content-type"] = media_type
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def list(self, path, role="ministry"):
        """The objects of a page."""
        status, body = self.send(role, "GET", path)
        return json.loads(body).get("data", []) if status == 200 else []

    def first(self, path, role="ministry"):
        """The first object of a list."""
        found = self.list(path + ("&" if "?" in path else "?") + "limit=1", role)
        return found[0] if found else None

    def cpu(self):
        """Seconds of processor time of the service, and of its PostgreSQL where it is its own."""
        return cpu(self.pid), sum(cpu(pid) for pid in postgres(self.directory))

    def memory(self):
        """Resident memory in MiB, now and at most."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def files(self):
        """How many files it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def launched(program, directory, address, admin, settings, *options, files=None):
    """A process that serves this directory; returns when it is ready."""
    environment = {**os.environ, "REE_DATA_DIR": str(directory), **settings}
    command = [program, "serve", "--listen", address, "--admin-listen", admin, *options]
    if files:
        command = ["prlimit", f"--nofile={files}:{files}", *command]
    with (pathlib.Path(directory) / "service.log").open("a") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        if probe(admin, "/readyz")[0] == 200 or probe(address, "/readyz")[0] == 200:
            return process
        time.sleep(0.02)
    told = (pathlib.Path(directory) / "service.log").read_text()[-2000:]
    raise SystemExit(f"the service does not become ready:\n{told}")


def ended(processes, directory, is_kept=False):
    """The end of services, of their PostgreSQL, and of what they kept."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        process.wait()
    postmaster = home_of(directory) / "postgres" / "postmaster.pid"
    until = time.monotonic() + 30
    while postmaster.exists() and time.monotonic() < until:
        time.sleep(0.1)
    if not is_kept:
        shutil.rmtree(directory, ignore_errors=True)


def probe(address, path, timeout=5):
    """Status (0: none came) and seconds."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began
    except (OSError, http.client.HTTPException):
        return 0, time.perf_counter() - began
    finally:
        connection.close()


def home_of(directory):
    """Where the embedded server of a data directory is."""
    location = pathlib.Path(directory) / "postgres.location"
    return pathlib.Path(location.read_text().strip()) if location.is_file() else pathlib.Path(directory)


def listening(address):
    """The process that listens on a port of this machine."""
    port = int(address.rsplit(":", 1)[1])
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(file) in sockets for file in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise SystemExit(f"nobody listens on {address}")


def cpu(pid):
    """Seconds of processor time of a process, and of its children that have ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def postgres(directory):
    """The processes of the embedded server."""
    if directory is None:
        return []
    try:
        postmaster = (home_of(directory) / "postgres" / "postmaster.pid").read_text().split()[0]
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    except OSError:
        return []
    return [postmaster, *children]


def raw(service, role, method, path, body=None, media_type="application/json", **headers):
    """A request as it is sent."""
    given = {"host": "bench", **service.head(role), **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        given |= {"content-type": media_type, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b"")


class Load:
    """Groups of requests that are sent at the same time, by the load generator (`bench/src/fire.rs`)."""

    def __init__(self, program, address):
        self.command = [str(program), "fire", address]
        self.plan = []

    def group(self, name, connections, rate, requests):
        """So many connections that send these requests in turn: so many a second together; 0: as fast as they come."""
        self.plan.append(f"group {name} {connections} {rate}\n".encode())
        self.plan += [f"request {len(one)}\n".encode() + one for one in requests]
        return self

    def begin(self, seconds):
        """Begins, and returns the process."""
        process = subprocess.Popen([*self.command, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(b"".join(self.plan))
        process.stdin.close()
        return process

    @staticmethod
    def end(process):
        """The figures of each group, when it is over."""
        told = process.stdout.read().decode()
        if process.wait() != 0:
            raise SystemExit("the load generator failed")
        groups = (line.split("\t") for line in told.splitlines())
        return {name: Figures(dict(pair.split("=", 1) for pair in pairs)) for name, *pairs in groups}

    def run(self, seconds):
        """The figures of each group after so many seconds."""
        return self.end(self.begin(seconds))


class Figures(dict):
    """What a group came to: milliseconds and counts, by name."""

    def __getattr__(self, name):
        return float(self[name])

    @property
    def statuses(self):
        """How often each status came; 0: no answer."""
        pairs = (pair.split(":") for pair in self["statuses"].split(",") if pair)
        return {int(status): int(count) for status, count in pairs}

    def failures(self):
        """Answers that did not come, and those that are a failure of the service."""
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)


class Sums:
    """What was held against an aim, and whether all were met."""

    def __init__(self):
        self.missed = []

    def told(self, text, is_met):
        """The text, marked where its aim is missed."""
        if not is_met:
            self.missed.append(text)
        return text if is_met else f"**{text}**"

    def end(self):
        """The exit status, with what was missed."""
        print(f"\n{len(self.missed)} missed" if self.missed else "\nall aims met")
        return 1 if self.missed else 0
