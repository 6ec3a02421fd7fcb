"""Each operation of the document, by two and by eight callers, beside reads and writes of others."""

import time
import urllib.parse

from callers import FORM, clients_of, is_undisturbed, load_of, others
from support import ABSENT, Document, Service, Sums, addresses, raw


def every_operation(service, document):
    """Each operation, as a request of a role that may ask it."""
    address_of = addresses(service)
    roles = ["ministry", "partner", "establishment", "academy", "reader"]
    for method, path, operation, content in document.operations():
        if method == "DELETE" or path in ("/healthz", "/readyz"):
            continue
        address = address_of(path)
        query = urllib.parse.urlencode(list(document.parameters(operation)), safe=":,")
        address += f"?{query}" if query else ""
        media_type, schema = next(iter(content.items()), (None, {}))
        body = None
        if media_type == FORM:
            body = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": ABSENT, "client_secret": "a"}).encode()
        elif media_type:
            example = schema.get("example") if isinstance(schema, dict) else None
            given = content[media_type].get("example", example)
            body = given if given is not None else document.small(content[media_type].get("schema", {}))
        role = "anyone"
        if path.startswith("/v1"):
            for role in roles:
                status, _ = service.send(f"greedy {role}", method, address, body, media_type or "", if_match="*")
                if status != 403:
                    break
            role = f"greedy {role}"
        yield operation["operationId"], raw(service, role, method, address, body, media_type or "", if_match="*")


def neighbours(options):
    service = Service(options)
    sums = Sums()
    try:
        clients_of(service, ("ministry", "partner", "establishment", "academy", "reader"))
        document = Document(service.send("anyone", "GET", "/openapi.json")[1])
        operations = [one for one in every_operation(service, document) if options.only in one[0]]
        quiet = load_of(options, service, others(service)).run(max(4, options.seconds / 30))
        each = options.each or max(0.5, options.seconds * 0.8 / (2 * len(operations)))
        print(f"quiet: reads p99 {quiet['reads'].all_p99:.1f} ms, writes {quiet['writes'].all_p99:.1f} ms; {each:.1f} s each\n")
        print("| operation | callers | its answers /s | its statuses | reads' p99, ms | writes' p99, ms | failed |")
        print("| --- | ---: | ---: | --- | ---: | ---: | ---: |")
        until = time.monotonic() + options.seconds
        for name, request in operations:
            for callers in (2, 8):
                row = beside(options, service, quiet, (name, callers, request), each)
                if not row[1] and time.monotonic() < until:
                    # A short measure has few answers: the longest of them is its p99.
                    row = beside(options, service, quiet, (name, callers, request), max(each, 4))
                print(row[0], flush=True)
                if not row[1]:
                    sums.missed.append(row[0])
    finally:
        service.stop()
    return sums.end()


def beside(options, service, quiet, asked, seconds):
    """Others beside callers of an operation: the row of the table, and whether they were undisturbed."""
    name, callers, request = asked
    found = load_of(options, service, [*others(service), ("load", callers, 0, [request])]).run(seconds)
    load, cells, is_met = found["load"], [], True
    for group in ("reads", "writes"):
        figure = found[group].all_p99
        is_well = is_undisturbed(options, figure, quiet[group].all_p99)
        is_met &= is_well
        cells.append(f"{figure:.1f}" if is_well else f"**{figure:.1f}**")
    failed = sum(found[group].failures() for group in ("reads", "writes"))
    told = f"| {name} | {callers} | {load.answers / seconds:.0f} | {load['statuses']} | {' | '.join(cells)} | {failed} |"
    return told, is_met and failed == 0
