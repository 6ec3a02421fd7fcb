"""Slow heads, slow bodies, readers that stop, bodies of strangers, silent sockets: what they cost others."""

import argparse
import pathlib
import resource
import select
import socket
import tempfile
import threading
import time

from callers import FORM, clients_of, is_undisturbed, load_of, others
from support import Load, Service, Sums, ended, free_port, launched, probe


class Crowd:
    """Connections that stay open, from several addresses of this machine, each fed a little at a time."""

    def __init__(self, address, count, first, more=b"", every=1.0):
        host, port = address.rsplit(":", 1)
        self.sockets, self.refused = [], 0
        for number in range(count):
            one = socket.socket()
            one.settimeout(5)
            try:
                # No address has more connections than it may.
                one.bind((f"127.0.0.{2 + number // 400}", 0))
                one.connect((host, int(port)))
                one.sendall(first)
                self.sockets.append(one)
            except OSError:
                one.close()
                self.refused += 1
        self.more, self.every = more, every
        self.ending = threading.Event()
        self.feeder = threading.Thread(target=self.feed)
        self.feeder.start()

    def feed(self):
        while not self.ending.wait(self.every):
            for one in self.sockets if self.more else []:
                try:
                    one.send(self.more)
                except OSError:
                    pass

    def still_open(self):
        """How many the service has not closed."""
        count = 0
        for one in self.sockets:
            one.setblocking(False)
            try:
                if one.recv(1, socket.MSG_PEEK):
                    count += 1
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def end(self):
        self.ending.set()
        self.feeder.join()
        for one in self.sockets:
            one.close()


def crowds(service, count):
    """The slow ones of each kind: how many, what they send first, what then."""
    token = service.tokens["greedy ministry"]
    authorized = f"host: bench\r\nauthorization: Bearer {token}\r\n"
    body = f"POST /v1/partners HTTP/1.1\r\n{authorized}content-type: application/json\r\ncontent-length: 4000000\r\n\r\n{{"
    export = f"GET /v1/interventions?format=csv HTTP/1.1\r\n{authorized}\r\n"
    stranger = f"POST /oauth2/token HTTP/1.1\r\nhost: bench\r\ncontent-type: {FORM}\r\ncontent-length: 16000\r\n\r\na"
    unknown = "POST /v1/partners HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: 5000000\r\n\r\n{"
    return [
        ("slow heads", count, b"GET /v1/partners HTTP/1.1\r\nhost: ", b"a"),
        ("slow bodies", count, body.encode(), b" "),
        ("readers that stop", count, export.encode(), b""),
        ("bodies of strangers, of forms", min(count, 300), stranger.encode(), b""),
        ("bodies of strangers, of 5 MB", min(count, 300), unknown.encode(), b""),
    ]


def slow(options):
    allow_files()
    service = Service(options, REE_RATE="0")
    sums = Sums()
    try:
        clients_of(service, ("ministry",))
        each = options.each or max(5, options.seconds / 12)
        quiet = load_of(options, service, others(service)).run(each)
        print(f"quiet: reads p99 {quiet['reads'].all_p99:.1f} ms, writes {quiet['writes'].all_p99:.1f} ms\n")
        print("| slow ones | connected | still open then | reads' p99, ms | writes' p99, ms | failed | memory before, most, after, MiB | files before, most, after |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for crowd in crowds(service, options.crowd):
            if options.only in crowd[0]:
                print(crowded(options, service, sums, crowd, (each, quiet)), flush=True)
    finally:
        service.stop()
    if options.only in "silent sockets":
        print(silent(options, sums))
    return sums.end()


def crowded(options, service, sums, crowd, measure):
    name, count, first, more = crowd
    each, quiet = measure
    (memory, _), files = service.memory(), service.files()
    them = Crowd(service.address, count, first, more)
    running = load_of(options, service, others(service)).begin(each)
    most, most_files = memory, files
    while not select.select([running.stdout], [], [], 0.2)[0]:
        most, most_files = max(most, service.memory()[0]), max(most_files, service.files())
    found = Load.end(running)
    left = them.still_open()
    them.end()
    after = returned(service, memory, files)
    failed = sum(found[group].failures() for group in ("reads", "writes"))
    cells = [name, f"{len(them.sockets)}", f"{left}"]
    for group in ("reads", "writes"):
        figure = found[group].all_p99
        cells.append(sums.told(f"{figure:.1f}", is_undisturbed(options, figure, quiet[group].all_p99)))
    cells.append(sums.told(f"{failed}", failed == 0))
    cells.append(sums.told(f"{memory:.0f}, {most:.0f}, {after[0]:.0f}", most <= options.memory and after[0] <= memory + 64))
    cells.append(sums.told(f"{files}, {most_files}, {after[1]}", after[1] <= files + 20))
    return "| " + " | ".join(cells) + " |"


def returned(service, memory, files):
    """Memory and files, once they are as before, or after half a minute."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = service.memory()[0], service.files()
        if found[0] <= memory + 16 and found[1] <= files + 20:
            break
        time.sleep(0.5)
    return found


def silent(options, sums):
    """400 silent sockets at a limit of 256 open files: who has a connection is served, and all are afterwards."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ree-bench-"))
    address, admin = (f"127.0.0.1:{free_port()}" for _ in range(2))
    process = launched(options.ree, directory, address, admin, {}, "--demo", files=256)
    try:
        given = argparse.Namespace(ree=options.ree, at=address, data_dir=directory)
        service = Service(given)
        clients_of(service, ())
        groups = others(service)
        quiet = load_of(options, service, groups).run(5)
        running = load_of(options, service, groups).begin(20)
        time.sleep(2)
        them = Crowd(address, 400, b"")
        found = Load.end(running)
        them.end()
        began = time.monotonic()
        while probe(address, "/healthz", 1)[0] != 200 and time.monotonic() - began < 30:
            time.sleep(0.05)
        again = time.monotonic() - began
        cells = ["400 silent sockets, 256 files", f"{len(them.sockets)}", f"again after {sums.told(f'{again:.1f} s', again <= 2)}"]
        for group in ("reads", "writes"):
            figure = found[group].all_p99
            cells.append(sums.told(f"{figure:.1f}", is_undisturbed(options, figure, quiet[group].all_p99)))
        failed = sum(found[group].failures() for group in ("reads", "writes"))
        return "| " + " | ".join([*cells, sums.told(f"{failed}", failed == 0), "", f"{service.files()}"]) + " |"
    finally:
        ended([process], directory)


def allow_files():
    """As many open files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
