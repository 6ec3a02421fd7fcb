"""Attacks what a running service publishes of random small countries: reads its public answers only.

Each country is a school year of one service, which this starts on a database of its own and fills by
SQL; publishing and reading are requests.
"""

import argparse
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

from attack import COUNTS, value
from engine import audit, counts, country

NAMES = {
    "pupils": "pupils", "pupils_girls_known": "girls_known", "girls": "girls", "girls_share": "girls_share",
    "pupils_priority_known": "priority_known", "priority_education_pupils": "priority",
    "priority_education_share": "priority_share", "internships_filled": "filled",
    "internship_fill_rate": "fill_rate", "internships_offered": "offered",
}  # fmt: skip
# Three academies of each of two regions.
REGIONS = [("region:84", ["academy:06", "academy:08", "academy:10"]), ("region:11", ["academy:01", "academy:24", "academy:25"])]
ACTIONS = ["class_talk", "company_visit", "career_forum", "mentoring"]
LEVELS = ["3e", "4e", "5e", "6e"]
MOMENTS = ["career_discovery", "pfmp", None]
TABLES = ["", "academic_region", "academy", "convention", "action_type", "level", "moment", "academy,convention", "academy,action_type", "academy,level"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    def __init__(self, program):
        self.program = program
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ree-audit-"))
        self.directory.chmod(0o755)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith("REE_")}, "REE_DATA_DIR": str(self.directory)}
        self.environment.pop("DATABASE_URL", None)
        arguments = [program, "serve", "--listen", f"127.0.0.1:{port}", "--admin-listen", f"127.0.0.1:{free_port()}"]
        with open(self.directory / "service.log", "wb") as log:
            self.process = subprocess.Popen(arguments, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the service did not start: {self.directory}/service.log")
            time.sleep(0.2)
        self.tokens = {}
        note = self.directory / "postgres.location"
        home = pathlib.Path(note.read_text().strip()) if note.exists() else self.directory
        self.socket = (home / "postgres/postmaster.pid").read_text().splitlines()[4]

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def token(self, role):
        made = subprocess.run([self.program, "token", "--role", role, "--ttl", "8h"], env=self.environment, capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def token_of(self, role):
        if role not in self.tokens:
            self.tokens[role] = self.token(role)
        return self.tokens[role]

    def sql(self, text):
        command = ["psql", "-h", self.socket, "-p", "5432", "-U", "ree", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "ree"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def ask(self, role, path, body=None):
        """Asked without a role, anyone asks."""
        head = {"content-type": "application/json"}
        if role:
            head["authorization"] = f"Bearer {self.token_of(role)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, head)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def values(self, query):
        cells, cursor = [], ""
        while True:
            answer = self.ask(None, f"/public/indicators/values?{query}{cursor}&limit=200")
            cells += answer["data"] or [{**answer["totals"], "key": {}}]
            if not answer["next_cursor"]:
                return cells
            cursor = f"&cursor={answer['next_cursor']}"

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Country:
    """A random country as a school year of the service."""

    def __init__(self, service, seed, year):
        self.service, self.year = service, f"{year}-{year + 1}"
        self.shape, self.editions = country(seed)
        places = [iter(REGIONS[region][1]) for region in range(2)]
        self.academies = [next(places[region], None) for region in self.shape.region_of]
        self.stored = {}

    def fits(self):
        return None not in self.academies

    def report(self, number):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.year} {number}"))

    def fill(self, lines, conventions):
        """Makes these lines those of the year: each is a report of its own."""
        wanted = {}
        for one in lines:
            content = json.dumps(one, sort_keys=True)
            place = sum(1 for key in wanted if key[0] == content)
            wanted[content, place] = one
        gone = [name for key, name in self.stored.items() if key not in wanted]
        new = {key: one for key, one in wanted.items() if key not in self.stored}
        text = "BEGIN;"
        for name in gone:
            text += f"UPDATE reports SET superseded = true WHERE id = '{name}';"
        self.stored = {key: name for key, name in self.stored.items() if key in wanted}
        for key, one in new.items():
            name = self.stored[key] = self.report(len(self.stored) + uuid.uuid4().int)
            academy = self.academies[one["academy"]]
            row = {
                "report_id": name, "place": 1, "academy": academy, "action_type": ACTIONS[one["values"][1]],
                "level": LEVELS[one["values"][2]], "moment": MOMENTS[one["values"][3]], "actions": 1, "pupils": one["x"],
                "girls": one["g"], "priority_education_pupils": one["p"], "internships_offered": one["offered"],
                "internships_filled": one["filled"],
            }  # fmt: skip
            report = {
                "id": name, "version": 1, "convention_id": conventions[one["values"][0]], "territory": academy, "reach": [academy, "FR"],
                "school_year": self.year, "number": 1, "status": "validated", "establishments": [], "narrative": {}, "authors": ["audit"],
                "superseded": False, "validated_at": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            }  # fmt: skip
            for table, values in (("reports", report), ("report_lines", row)):
                columns = ", ".join(values)
                text += f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $j${json.dumps(values)}$j$);"
        self.service.sql(text + "COMMIT;")

    def cell(self, key, conventions):
        """The auditor's name of a published cell."""
        academies = {name: place for place, name in enumerate(self.academies)}
        dimensions = {"convention": (0, conventions), "action_type": (1, ACTIONS), "level": (2, LEVELS), "moment": (3, MOMENTS)}
        names = set(key) - {"academy", "academic_region"}
        if "academic_region" in key:
            return ("region", [name for name, _ in REGIONS].index(key["academic_region"]))
        if not names:
            return ("academy", academies[key["academy"]]) if "academy" in key else ("total",)
        name = names.pop()
        dimension, values = dimensions[name]
        place = values.index(key[name])
        return ("cross", dimension, academies[key["academy"]], place) if "academy" in key else ("value", dimension, place)

    def publish(self, conventions, complaints, past):
        made = self.service.ask("ministry", "/v1/publications", {"school_year": self.year})
        told, all_values = {}, {}
        for table in TABLES:
            query = f"measures={','.join(NAMES)}&school_year={self.year}&publication={made['number']}"
            for cell in self.service.values(query + (f"&group_by={table}" if table else "")):
                name = self.cell(cell["key"], conventions)
                hidden = set(cell["suppressed"]) | set(cell["carried"])
                told[name] = {NAMES[m]: v for m, v in cell["values"].items() if m not in hidden}
                all_values[name] = cell["values"]
                for measure, number in cell["carried"].items():
                    if past.get(number, {}).get(name, {}).get(measure) != cell["values"][measure]:
                        complaints.append(f"{name} {measure}: not what publication {number} says")
                for measure in cell["suppressed"]:
                    shown = [one[name][measure] for one in past.values() if one.get(name, {}).get(measure) is not None]
                    if cell["values"][measure] is not None or shown:
                        complaints.append(f"{name} {measure}: hidden, and {cell['values'][measure]}, {shown}")
        past[made["number"]] = all_values
        return told

    def complaints(self, conventions):
        complaints, told, past = [], [], {}
        for lines in self.editions:
            self.fill(lines, conventions)
            if not lines:
                return []
            told.append(self.publish(conventions, complaints, past))
            found, _ = counts(self.shape, lines)
            for cell, measures in told[-1].items():
                for measure, terms in COUNTS.items():
                    if measure in measures and (measures[measure] or 0) != value(terms, found[cell]):
                        complaints.append(f"{measure} of {cell} is {value(terms, found[cell])}, told as {measures[measure]}")
        return complaints + audit(self.shape, self.editions, told)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="ree")
    parser.add_argument("--countries", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    service = Service(given.program)
    undone = 0
    begun = time.monotonic()
    try:
        # In this database alone: all reports of a convention are of the same territory and number.
        service.sql(
            "DO $$ DECLARE one regclass; BEGIN FOR one IN SELECT indexrelid FROM pg_index WHERE indrelid = 'reports'::regclass"
            " AND indisunique AND NOT indisprimary AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
            " LOOP EXECUTE format('DROP INDEX %s', one); END LOOP; END $$;"
            "DO $$ DECLARE one name; BEGIN FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = 'reports'::regclass AND contype = 'u'"
            " LOOP EXECUTE format('ALTER TABLE reports DROP CONSTRAINT %I CASCADE', one); END LOOP; END $$;"
        )
        partner = service.ask("ministry", "/v1/partners", {"legal_name": "Partenaire", "kind": "company"})["id"]
        conventions = [str(uuid.uuid4()) for _ in range(3)]
        for place, name in enumerate(conventions):
            service.sql(
                "INSERT INTO conventions (id, reference, status, title, kind, scope, reach, partner_ids, axes, action_types, levels, moments, starts_on,"
                " terms, publication, signatories, voided_signatures, signed_on, content_hash, created_at, updated_at)"
                f" VALUES ('{name}', 'CN-2015-{place}', 'signed', 'Convention', 'framework_cooperation', 'national', '{{}}', '{{{partner}}}', '{{}}', '{{}}', '{{}}',"
                " '{}', '2015-01-01', '{\"renewal\": {\"mode\": \"none\"}}', '{\"documents\": []}', '[]', '[]', '2015-01-01', '', now(), now())"
            )
        years = itertools.count(1950)
        seeds, done = itertools.count(given.first), 0
        while done < given.countries:
            seed = next(seeds)
            one = Country(service, seed, next(years))
            if not one.fits():
                continue
            done += 1
            complaints = one.complaints(conventions)
            undone += bool(complaints)
            for complaint in complaints[:5]:
                print(f"country {seed}: {complaint}", flush=True)
        print(f"{done} countries published by the service: {undone} undone; {time.monotonic() - begun:.0f} s")
    finally:
        service.stop()
    return 1 if undone else 0


if __name__ == "__main__":
    sys.exit(main())
