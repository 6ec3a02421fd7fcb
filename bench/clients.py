"""Three clients, one of them greedy, for each kind of work; and a portal's night."""

import http.client
import json
import time

from callers import clients_of, is_undisturbed, load_of, offer_of
from support import ABSENT, Service, Sums, raw


def clients(options):
    service = Service(options)
    sums = Sums()
    try:
        partner = clients_of(service, ("ministry", "partner"))
        for name in ("one", "other"):
            service.client(name, "ministry")
        one = service.first("/v1/partners")["id"]
        kinds = {
            "point": ("GET", f"/v1/partners/{one}"), "list": ("GET", "/v1/partners"), "search": ("GET", "/v1/interventions?q=atelier"),
            "aggregate": ("GET", "/v1/indicators/values?measures=pupils&group_by=academy"),
            "export": ("GET", "/v1/conventions?format=csv"), "write": ("PATCH", f"/v1/partners/{one}"),
            "bulk": ("POST", "/v1/declinations/steps"),
        }
        bodies = {"PATCH": ({"acronym": "M"}, "application/merge-patch+json"), "GET": (None, ""),
                  "POST": ({"step": "close", "ids": [ABSENT], "dry_run": True}, "application/json")}
        each = options.each or max(3, options.seconds / (len(kinds) * 3))
        print("| kind | others' p99 quiet, ms | beside the greedy one, ms | others failed or refused | the greedy one's /s | its statuses | 429 says when |")
        print("| --- | ---: | ---: | ---: | ---: | --- | --- |")
        for name, (method, path) in kinds.items():
            if options.only in name:
                print(beside_greed(options, service, sums, (name, method, path, *bodies[method]), each), flush=True)
        if options.only in "night":
            night(options, service, sums, partner)
    finally:
        service.stop()
    return sums.end()


def beside_greed(options, service, sums, asked, each):
    name, method, path, body, media_type = asked
    of = lambda role: [raw(service, role, method, path, body, media_type, if_match="*")]  # noqa: E731
    pair = [("one", 2, 4, of("one")), ("other", 2, 4, of("other"))]
    quiet = load_of(options, service, pair).run(each)
    found = load_of(options, service, [*pair, ("greedy", 32, 0, of("greedy ministry"))]).run(each)
    before = max(quiet[group].all_p99 for group in ("one", "other"))
    beside_it = max(found[group].all_p99 for group in ("one", "other"))
    greedy = found["greedy"]
    failed = sum(found[group].answers - found[group].good for group in ("one", "other"))
    failed -= sum(quiet[group].answers - quiet[group].good for group in ("one", "other"))
    told = says_when(service, method, path, body, media_type) if 429 in greedy.statuses else ""
    cells = [name, f"{before:.1f}", sums.told(f"{beside_it:.1f}", is_undisturbed(options, beside_it, before)),
             sums.told(f"{failed:.0f}", failed <= 0), f"{greedy.per_second:.0f}", greedy["statuses"],
             sums.told(told, told != "no")]
    return "| " + " | ".join(cells) + " |"


def says_when(service, method, path, body, media_type):
    """Whether a refusal of the greedy one has the headers that it is to have."""
    for _ in range(2000):
        connection = http.client.HTTPConnection(service.address, timeout=10)
        headers = {**service.head("greedy ministry"), "if-match": "*"} | ({"content-type": media_type} if media_type else {})
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status == 429:
            names = ("retry-after", "ratelimit", "ratelimit-policy")
            return "yes" if all(answer.getheader(name) for name in names) else "no"
    return "not met again"


def night(options, service, sums, partner):
    """A portal pushes all it has, as portals do: batches of 500, one after the other."""
    path = f"/v1/partners/{partner}/interventions/batch"
    new = offer_of(service, partner)
    began, statuses, taken = time.monotonic(), {}, 0
    for first in range(0, options.items, 500):
        items = [{**new, "external_id": f"nuit-{number}"} for number in range(first, min(first + 500, options.items))]
        status, body = service.send("greedy partner", "POST", path, {"items": items})
        statuses[status] = statuses.get(status, 0) + 1
        counts = json.loads(body).get("counts", {}) if status == 200 else {}
        taken += counts.get("received", 0) - counts.get("rejected", 0)
    told = f"a portal's night: {taken} of {options.items} items taken in {time.monotonic() - began:.0f} s, statuses {statuses}"
    print("\n" + sums.told(told, set(statuses) == {200} and taken == options.items))
