"""Public pages as often as a crowd reads them, beside reads and writes of others."""

from callers import clients_of, is_undisturbed, load_of, others
from support import Service, Sums, raw

LANGUAGES = ("fr", "en")


def pages_of(service):
    """The pages that read the register, as a browser asks for them."""
    paths = ["/", "/conventions", "/conventions?q=convention", "/conventions?page=2", "/etablissements",
             "/etablissements?q=1", "/chiffres"]
    paths += [f"/territoires/{one['code']}" for one in service.list("/v1/territories?type=academy&limit=30")]
    paths += [f"/conventions/{one['reference']}" for one in service.list("/v1/conventions?limit=10")]
    paths += [f"/etablissements/{one['uai']}" for one in service.list("/v1/establishments?limit=10")]
    asked = {"accept": "text/html", "accept_encoding": "gzip"}
    return [raw(service, "anyone", "GET", path, accept_language=language, **asked)
            for path in paths for language in LANGUAGES]


def pages(options):
    service = Service(options, REE_RATE="0")
    sums = Sums()
    try:
        clients_of(service)
        asked = pages_of(service)
        crowd = ("pages", 32, options.pages, asked)
        seconds = options.each or 15
        # Each page is made once, as by the first who reads it.
        cold = load_of(options, service, [crowd]).run(5)["pages"]
        print(f"{len(asked)} pages, {crowd[2]:.0f} a second; while none is kept: {cold['statuses']}, p99 {cold.all_p99:.0f} ms\n")
        print("| beside | pages /s | statuses | their p99, ms | reads' p99, ms, alone | beside | writes' p99, ms, alone | beside |")
        print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
        for name, groups in (("reads", others(service)[:1]), ("reads and writes", others(service))):
            alone = load_of(options, service, groups).run(seconds)
            beside = load_of(options, service, [*groups, crowd]).run(seconds)
            found, cells = beside["pages"], []
            for group in ("reads", "writes"):
                if group not in beside:
                    cells += ["", ""]
                    continue
                quiet, figure = alone[group].all_p99, beside[group].all_p99
                cells += [f"{quiet:.1f}", sums.told(f"{figure:.1f}", is_undisturbed(options, figure, quiet))]
            served = found.statuses.get(200, 0)
            statuses = sums.told(found["statuses"], served >= 0.99 * found.answers)
            print(f"| {name} | {found.answers / seconds:.0f} | {statuses} | {found.all_p99:.1f} | {' | '.join(cells)} |", flush=True)
    finally:
        service.stop()
    return sums.end()
