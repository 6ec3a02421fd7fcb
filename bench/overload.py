"""Ten times the callers of each kind of work: what is still done, how soon the rest is refused."""

import json
import select
import time

from callers import FORM, clients_of, is_undisturbed, load_of, offer_of, others
from support import Load, Service, Sums, raw

PROBE = 50


def kinds_of_work(service, partner):
    """Reads, writes, batches, exports, tokens: requests of each."""
    partners = [one["id"] for one in service.list("/v1/partners?limit=50")]
    new = offer_of(service, partner)
    batches = [{"items": [{**new, "external_id": f"mesure-{n}", "sessions": batch} for n in range(100)]} for batch in range(1, 9)]
    secret = "grant_type=client_credentials&client_id={id}&client_secret={client_secret}"
    made = json.loads(service.send("ministry", "POST", "/v1/clients", {
        "name": "Jetons", "contact_email": "mesure@exemple.fr", "role": "reader", "scopes": ["read"]})[1])
    return {
        "reads": [raw(service, "greedy ministry", "GET", f"/v1/partners/{one}") for one in partners],
        "writes": [raw(service, "greedy ministry", "PATCH", f"/v1/partners/{one}", {"acronym": f"S{n}"},
                       "application/merge-patch+json", if_match="*") for one in partners for n in (1, 2)],
        "batches": [raw(service, "greedy partner", "POST", f"/v1/partners/{partner}/interventions/batch", one) for one in batches],
        "exports": [raw(service, "greedy ministry", "GET", "/v1/interventions?format=csv")],
        "tokens": [raw(service, "anyone", "POST", "/oauth2/token", secret.format(**made).encode(), FORM)],
    }


def overload(options):
    service = Service(options, REE_RATE="0")
    sums = Sums()
    try:
        partner = clients_of(service, ("ministry", "partner"))
        each = options.each or max(2, options.seconds / (5 * 4))
        quiet = load_of(options, service, others(service)).run(max(4, each))
        print(f"quiet: reads p99 {quiet['reads'].all_p99:.1f} ms; {each:.0f} s each; 8 callers, then 80\n")
        print("| work | done /s | ×10 callers: done /s | share | refused | refusal p99, ms | memory, MiB | others again after, s | `/readyz` max, ms | `/healthz` max, ms | at the admin address, ms | failed |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, requests in kinds_of_work(service, partner).items():
            if options.only in name:
                print(overloaded(options, service, sums, (name, requests), (each, quiet)), flush=True)
    finally:
        service.stop()
    return sums.end()


def watched(options, service):
    """Who watches the service, at both addresses."""
    watch = [("readyz", 1, 10, [raw(service, "anyone", "GET", "/readyz")]), ("healthz", 1, 10, [raw(service, "anyone", "GET", "/healthz")])]
    admin = options.admin or service.admin
    return watch, load_of(options, service, watch, admin) if admin else None


def overloaded(options, service, sums, work, measure):
    name, requests = work
    each, quiet = measure
    watch, at_admin = watched(options, service)
    alone = load_of(options, service, [("load", 8, 0, requests)]).run(each)["load"]
    beside_it = at_admin.begin(each) if at_admin else None
    groups = [("load", 80, 0, requests), *watch]
    running = load_of(options, service, groups).begin(each)
    most = 0.0
    while running.poll() is None:
        most = max(most, service.memory()[0])
        if select.select([running.stdout], [], [], 0.1)[0]:
            break
    found = Load.end(running)
    admin = Load.end(beside_it) if beside_it else {}
    again = recovery(options, service, quiet)
    load = found["load"]
    share = load.per_second / max(alone.per_second, 0.01)
    refused = load.refused_p99 if load.statuses.get(503, 0) + load.statuses.get(429, 0) else 0.0
    failed = sum(count for status, count in load.statuses.items() if status == 0 or (status >= 500 and status != 503))
    failed += found["readyz"].failures() + found["healthz"].failures()
    at_most = max((one.all_max for one in admin.values()), default=0.0)
    cells = [
        name, f"{alone.per_second:.1f}", f"{load.per_second:.1f}",
        sums.told(f"{share:.2f}", share >= 0.9),
        f"{load.answers - load.good:.0f}",
        sums.told(f"{refused:.1f}", refused <= 20),
        sums.told(f"{most:.0f}", most <= options.memory),
        sums.told(f"{again:.1f}", again <= 2),
        sums.told(f"{found['readyz'].all_max:.1f}", found["readyz"].all_max <= PROBE),
        sums.told(f"{found['healthz'].all_max:.1f}", found["healthz"].all_max <= PROBE),
        sums.told(f"{at_most:.1f}", at_most <= PROBE) if admin else "not asked",
        sums.told(f"{failed}", failed == 0),
    ]
    return "| " + " | ".join(cells) + " |"


def recovery(options, service, quiet):
    """Seconds until reads of others are as on a quiet service."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        at = time.monotonic() - began
        found = load_of(options, service, others(service)[:1]).run(0.5)["reads"]
        if is_undisturbed(options, found.all_p99, quiet["reads"].all_p99) and not found.failures():
            return at
    return 30.0
