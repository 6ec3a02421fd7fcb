"""The callers of the benchmarks of fairness: those who do nothing wrong, and those whom they are beside."""

from support import Load, raw

# What is said of an offer again under another name.
OFFERED = ("convention_id", "title", "action_type", "levels", "modality", "nationwide", "territories", "place", "host")
FORM = "application/x-www-form-urlencoded"


def offer_of(service, partner):
    """What an item of a batch says, but its name."""
    offer = service.first(f"/v1/interventions?partner_id={partner}") or {}
    return {name: offer[name] for name in OFFERED if offer.get(name) is not None}


def others(service, rate=1.0):
    """Reads by id and writes of clients that do nothing wrong: groups of a load."""
    partners = [one["id"] for one in service.list("/v1/partners?limit=50")]
    reads = [raw(service, "neighbour", "GET", f"/v1/partners/{one}") for one in partners]
    writes = [raw(service, "writer", "PATCH", f"/v1/partners/{one}", {"acronym": f"N{number}"},
                  "application/merge-patch+json", if_match="*") for one in partners[:25] for number in (1, 2)]
    return [("reads", 8, 100 * rate, reads), ("writes", 4, 20 * rate, writes)]


def load_of(options, service, groups, address=None):
    """The groups, as a load."""
    load = Load(options.load, address or service.address)
    for group in groups:
        load.group(*group)
    return load


def clients_of(service, greedy=("ministry",)):
    """The clients of a benchmark, each with limits of its own."""
    service.allow_all()
    service.client("neighbour", "reader")
    service.client("writer", "ministry")
    partner = service.first("/v1/interventions") or {}
    partner = partner.get("partner_id") or service.first("/v1/partners")["id"]
    perimeters = {"academy": {"territories": ["academy:10"]}, "partner": {"partner_id": partner}}
    school = service.first("/v1/establishments?academy=academy:10") or service.first("/v1/establishments")
    perimeters["establishment"] = {"uais": [school["uai"]]}
    for role in greedy:
        service.client(f"greedy {role}", role, **perimeters.get(role, {}))
    return partner


def is_undisturbed(options, figure, quiet):
    return figure <= max(2 * quiet, options.floor)
