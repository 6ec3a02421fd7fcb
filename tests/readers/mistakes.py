"""Mistakes that a school or a rectorat makes in a spreadsheet of reports, saved by a spreadsheet program.

Those of tests/api/mistakes_by_file.ndjson, three hundred times, are typed into tables that LibreOffice reads as
a French program reads what is typed, and saves as workbooks and as CSV. Of 95 % the answer must name the cell and
the fix.
"""

import csv
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

address, token = sys.argv[1:3]
MISTAKES = pathlib.Path(__file__).parent.parent / "api" / "mistakes_by_file.ndjson"
MADE, LEAST, ROWS = 300, 0.95, 3
HEADS = [
    "Convention", "Territoire", "Année scolaire", "Type d'action", "Niveau", "Temps du parcours", "Axe de travail",
    "Académie", "Événement", "Actions", "Élèves", "Dont filles", "Établissements participants", "Résultats",
]  # fmt: skip
# Read with French numbers and days, as they are typed; saved in UTF-8, and as Windows does.
TYPED = "CSV:59,34,76,1,,1036,false,true"
SAVED = {
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "utf-8": ("csv:Text - txt - csv (StarCalc):59,34,76", "text/csv"),
    "windows": ("csv:Text - txt - csv (StarCalc):59,34,1", "text/csv; charset=windows-1252"),
}
CHOOSE = random.Random(20260601)


def asked(path, body=None, media_type=None):
    head = {"Authorization": f"Bearer {token}", **({"Content-Type": media_type} if body else {})}
    request = urllib.request.Request(address + path, data=body, headers=head)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def world():
    """A convention in force and schools of Lyon, and what is mistaken for them."""
    convention = asked("/v1/conventions?scope=national&effective_status=in_force&limit=1")["data"][0]["reference"]
    schools = [one["uai"] for one in asked(f"/v1/establishments?academy=academy:10&limit={ROWS}")["data"]]
    school = schools[0]
    words = {
        "reference": convention, "mistyped_reference": f"{convention[:-4]}0O{convention[-2:]}", "school": school,
        "mistyped_school": school[:-1] + ("Z" if school[-1] != "Z" else "Y"),
    }  # fmt: skip
    text = MISTAKES.read_text(encoding="utf-8")
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return convention, schools, [json.loads(line) for line in text.splitlines()]


def tables(directory, convention, schools, mistakes):
    """Writes the tables as they are typed; the mistakes of each row."""
    for number in range(MADE // ROWS):
        planted, rows = [], []
        for place, school in enumerate(schools):
            mistake = CHOOSE.choice(mistakes)
            pupils = str(30 + place)
            row = [convention, school, "2025-2026", "company_visit", "3e", "", "", "", "", "4", pupils, "12", "", ""]
            row[mistake["column"]] = mistake["typed"]
            rows.append(row)
            planted.append(mistake)
        file = directory / f"{number:03}.csv"
        with file.open("w", newline="", encoding="utf-8") as text:
            csv.writer(text, delimiter=";").writerows([HEADS, *rows])
        yield file, planted


def is_told(mistake, fault):
    if "nearest" in mistake:
        return fault["nearest"] == mistake["nearest"]
    if "accepted" in mistake:
        return mistake["accepted"] in fault["accepted"]
    # A program that has no such function keeps the error that it made of the formula.
    return fault["code"] in (mistake["code"], mistake.get("evaluated")) and len(fault["detail"]) > 30


def save(directory, form, files):
    """The files as LibreOffice saves them."""
    profile = f"-env:UserInstallation=file://{directory}/profile"
    command = ["soffice", profile, "--headless", f"--infilter={TYPED}", "--convert-to", SAVED[form][0]]
    subprocess.run([*command, "--outdir", directory / form, *files], capture_output=True, check=True, timeout=600)
    return sorted((directory / form).iterdir())


def main():
    if not shutil.which("soffice"):
        return print("LibreOffice is not here: no mistake was saved by it")
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        written = list(tables(directory, *world()))
        missed = []
        for place, form in enumerate(SAVED):
            part = written[place :: len(SAVED)]
            for file, (_, planted) in zip(save(directory, form, [file for file, _ in part]), part, strict=True):
                verdict = asked("/v1/reports/batch?dry_run=true", file.read_bytes(), SAVED[form][1])
                for row, mistake in enumerate(planted):
                    cell = f"{chr(ord('A') + mistake['column'])}{row + 2}"
                    errors = verdict["items"][row]["errors"]
                    if not any(one["cell"] == cell and is_told(mistake, one) for one in errors):
                        missed.append(f"{form} {cell} {mistake['typed']!r}: {json.dumps(errors, ensure_ascii=False)[:300]}")
    print(f"{MADE - len(missed)} of {MADE} mistakes saved by LibreOffice told with their cell and their fix")
    if len(missed) > MADE * (1 - LEAST):
        sys.exit("\n".join(missed))


if __name__ == "__main__":
    main()
