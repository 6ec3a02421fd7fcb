"""Restarts under load, of one instance and of two, and a request that waits on a lock at the signal."""

import argparse
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from callers import clients_of, load_of, others
from support import Load, Service, Sums, ended, free_port, home_of, launched


def restarts(options):
    own = options.data_dir is None
    directory = options.data_dir or pathlib.Path(tempfile.mkdtemp(prefix="ree-bench-"))
    address = f"127.0.0.1:{free_port()}"
    sums, running = Sums(), []
    settings = {"REE_REUSE_PORT": "true", "REE_DRAIN": str(options.drain), "REE_PUBLIC_URL": f"http://{address}"}
    def another():
        admin = f"127.0.0.1:{free_port()}"
        return launched(options.ree, directory, address, admin, settings, *(["--demo"] if own else []))
    try:
        running.append(another())
        given = argparse.Namespace(ree=options.ree, at=address, data_dir=directory)
        service = Service(given)
        clients_of(service, ())
        print("| instances | restarts | requests | failed | statuses | p99, ms | longest, ms |")
        print("| ---: | ---: | ---: | ---: | --- | ---: | ---: |")
        for instances in (1, 2):
            while len(running) < instances:
                running.append(another())
            print(restarted(options, service, sums, (running, another), instances), flush=True)
        print("\n" + waits_on_a_lock(service, sums, running, another))
    finally:
        ended(running, directory, is_kept=not own)
    return sums.end()


def restarted(options, service, sums, fleet, instances):
    """Restarts one after the other under 500 requests a second on connections that stay open."""
    running, another = fleet
    groups = others(service)
    seconds = options.each or options.seconds * 0.45
    load = load_of(options, service, [("reads", 32, options.rate * 0.9, groups[0][3]), ("writes", 8, options.rate * 0.1, groups[1][3])])
    fire = load.begin(seconds)
    began, done = time.monotonic(), 0
    while done < options.restarts and time.monotonic() - began < seconds - 5 - options.drain:
        # The new one listens before the old one is told to stop.
        new = another()
        old = running.pop(0)
        old.send_signal(signal.SIGTERM)
        old.wait()
        running.append(new)
        done += 1
    found = Load.end(fire)
    failed = sum(one.failures() for one in found.values())
    statuses = {status: sum(one.statuses.get(status, 0) for one in found.values()) for one in found.values() for status in one.statuses}
    told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    answers = sum(one.answers for one in found.values())
    cells = [f"{instances}", sums.told(f"{done}", done >= options.restarts), f"{answers:.0f}", sums.told(f"{failed}", failed == 0), told,
             f"{max(one.all_p99 for one in found.values()):.1f}", f"{max(one.all_max for one in found.values()):.0f}"]
    return "| " + " | ".join(cells) + " |"


def waits_on_a_lock(service, sums, running, another):
    """A write that waits three seconds on a lock when all are told to stop is answered."""
    socket_directory = (home_of(service.directory) / "postgres" / "postmaster.pid").read_text().splitlines()[4]
    one = service.first("/v1/partners")["id"]
    lock = f"BEGIN; SELECT 1 FROM partners WHERE id = '{one}' FOR UPDATE; SELECT pg_sleep(4); COMMIT"
    locked = subprocess.Popen(["psql", "-Xq", "-h", socket_directory, "-p", "5432", "-U", "ree", "-d", "ree", "-c", lock], stdout=subprocess.DEVNULL)
    time.sleep(0.7)
    answers = []
    body = {"acronym": f"V{int(time.time()) % 1000}"}
    ask = threading.Thread(target=lambda: answers.append(service.send(
        "writer", "PATCH", f"/v1/partners/{one}", body, "application/merge-patch+json", if_match="*")[0]))
    began = time.monotonic()
    ask.start()
    time.sleep(0.3)
    for process in running:
        process.send_signal(signal.SIGTERM)
    ask.join()
    took = time.monotonic() - began
    locked.wait()
    for process in running:
        process.wait()
    running.clear()
    running.append(another())
    told = f"a write that waited on a lock at SIGTERM: {answers or 'no answer'} after {took:.1f} s"
    return sums.told(told, answers == [200] and took > 2.5)
