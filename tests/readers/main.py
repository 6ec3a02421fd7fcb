"""Reads the forms of every list that the document names; see scripts/readers.

main.py DOCUMENT ADDRESS TOKEN
"""

import csv
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import duckdb
import frictionless
import openpyxl
import pandas
import pyshacl

document = json.loads(pathlib.Path(sys.argv[1]).read_text())
shapes, address, token = sys.argv[2:5]


def written(part):
    """A parameter, where it is written once for many operations."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def in_address(value):
    text = ",".join(value) if isinstance(value, list) else str(value)
    return urllib.parse.quote(text, safe=":,")


def lists():
    """The addresses with a form each, with the values of the document's examples."""
    for path, item in document["paths"].items():
        parameters = [written(one) for one in item.get("get", {}).get("parameters", [])]
        # A template is a workbook to fill in, and no list.
        if not any(one["name"] == "format" for one in parameters) or path.endswith("/template"):
            continue
        is_paged = any(one["name"] in ("cursor", "after") for one in parameters)
        plain = "&labels=none" if any(one["name"] == "labels" for one in parameters) else ""
        needed = [one for one in parameters if one.get("required")]
        for one in needed:
            if one["in"] == "path":
                path = path.replace("{" + one["name"] + "}", in_address(one["example"]))
        query = "&".join(f"{one['name']}={in_address(one['example'])}" for one in needed if one["in"] == "query")
        if path == OWN_REQUESTS:
            query = "refused=true"
        yield path, query, is_paged, plain


# A list that grows as it is read, but for what was refused.
OWN_REQUESTS = "/v1/me/requests"


def be_refused():
    """Asks for what there is not, and waits until that is told of."""
    try:
        fetched("/v1/nothing", "")
    except urllib.error.HTTPError as refused:
        assert refused.code == 404, refused.code
    until = time.monotonic() + 30
    while not rows_of(OWN_REQUESTS, "refused=true"):
        assert time.monotonic() < until, "no refusal is told of"
        time.sleep(0.2)


def headers(path):
    return {} if path.startswith("/public/") else {"Authorization": f"Bearer {token}"}


def fetched(path, query):
    request = urllib.request.Request(f"{address}{path}?{query}", headers=headers(path))
    with urllib.request.urlopen(request, timeout=60) as answer:
        name = answer.headers.get_filename()
        return answer.read(), name


def rows_of(path, query):
    """The rows of a list, page by page."""
    rows, cursor = [], ""
    name = "after" if path.endswith("/changes") else "cursor"
    while True:
        page = json.loads(fetched(path, f"{query}&limit=200{cursor}")[0])
        rows += page["data"]
        if not page["next_cursor"] or (name == "after" and not page["data"]):
            return rows
        cursor = f"&{name}={urllib.parse.quote(page['next_cursor'])}"


def check_codes(path, rows, frame):
    """A text that is a member of a row reads as it is."""
    for name in frame.columns:
        for row, cell in zip(rows, frame[name]):
            value = row.get(name) if isinstance(row, dict) else None
            if isinstance(value, str) and value and value[0] not in "=+-@'\t\r\n＝＋－＠":
                assert cell == value, f"{path} {name}: {cell!r} for {value!r}"


def check_described(path, query, plain, file):
    """Each row is what the list's Table Schema says of its columns."""
    if not plain:
        return
    described = json.loads(fetched(path, f"{query}&format=table-schema")[0])
    schema = frictionless.Schema.from_descriptor(described)
    report = frictionless.Resource(path=file.name, basepath=str(file.parent), schema=schema).validate()
    assert report.valid, f"{path}: {report.flatten(['fieldName', 'rowNumber', 'note'])[:5]}"


def check_catalogue():
    """The catalogue is what the published shapes of DCAT-AP ask for; one without a title is not."""
    body = fetched("/public/catalog.jsonld", "")[0].decode()
    forms = {"data_graph_format": "json-ld", "shacl_graph": shapes, "shacl_graph_format": "json-ld"}
    valid, _, said = pyshacl.validate(body, **forms)
    assert valid, said
    broken = body.replace('"dct:title"', '"dct:alternative"', 1)
    assert not pyshacl.validate(broken, **forms)[0]
    return len(json.loads(body)["dcat:dataset"])


# The first sheet of a workbook as CSV in UTF-8, each cell as it is shown.
SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
# Each file as R reads it: how many rows and columns, and the digest of all cells, one after the other.
IN_R = """
for (file in commandArgs(trailingOnly = TRUE)) {
  read <- read.csv(file, colClasses = "character", na.strings = character(), check.names = FALSE, encoding = "UTF-8")
  cells <- unlist(lapply(read, function(column) sum(nchar(column, type = "bytes"))))
  cat(basename(file), nrow(read), ncol(read), sum(cells), "\n")
}
"""


def check_in_r(directory):
    """R reads as many rows, columns and bytes as are there."""
    if not shutil.which("Rscript"):
        return "R is not here: not asked"
    files = sorted(directory.glob("*.csv"))
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(directory)}
    ran = subprocess.run(["Rscript", "-e", IN_R, *files], env=environment, capture_output=True, text=True, check=True)
    for line, file in zip(ran.stdout.splitlines(), files, strict=True):
        frame = pandas.read_csv(file, dtype=str, keep_default_na=False)
        size = sum(len(cell.replace("\r\n", "\n").encode()) for name in frame.columns for cell in frame[name])
        name, rows, columns, told = line.split()
        assert (name, int(rows), int(columns)) == (file.name, *frame.shape), line
        assert abs(int(told) - size) <= file.read_bytes().count(b"\r\n"), f"{line}: {size}"
    return f"R read {len(files)} files"


def check_in_a_spreadsheet(directory):
    """LibreOffice shows of each workbook what openpyxl reads: codes keep their zeros."""
    if not shutil.which("soffice"):
        return "LibreOffice is not here: not asked"
    files = sorted(directory.glob("*.xlsx"))
    shown = directory / "shown"
    profile = f"-env:UserInstallation=file://{directory}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", SHEET, "--outdir", shown, *files]
    subprocess.run(command, capture_output=True, check=True, timeout=600)
    cells = 0
    for file in files:
        converted = next(shown.glob(f"{file.stem}*.csv"))
        with converted.open(newline="", encoding="utf-8") as text:
            rows = list(csv.reader(text))
        sheet = openpyxl.load_workbook(file, read_only=True)["Données"]
        for row, seen in zip(sheet.iter_rows(values_only=True), rows, strict=True):
            for cell, told in zip(row, seen):
                if isinstance(cell, str):
                    assert told.replace("\r\n", "\n") == cell.replace("\r\n", "\n"), f"{file.name}: {told!r} for {cell!r}"
                    cells += 1
    return f"LibreOffice showed {cells} texts of {len(files)} workbooks"


def read(path, query, is_paged, plain, directory):
    url = f"{address}{path}?{query}&format=csv"
    frame = pandas.read_csv(url, dtype=str, keep_default_na=False, storage_options=headers(path) or None)
    body, name = fetched(path, f"{query}&format=csv")
    file = directory / name
    file.write_bytes(body)
    check_described(path, query, plain, file)
    asked = "SELECT count(*) FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"', strict_mode = true)"
    counted = duckdb.execute(asked, [str(file)]).fetchone()[0]
    body, name = fetched(path, f"{query}&format=xlsx{plain}")
    (directory / name).write_bytes(body)
    workbook = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    sheet = list(workbook["Données"].iter_rows(values_only=True))
    heads = [str(head).removesuffix("]").rsplit("[", 1)[-1] for head in sheet[0]]
    assert heads == list(frame.columns), f"{path}: {heads} for {list(frame.columns)}"
    assert len(sheet) - 1 == counted == len(frame), f"{path}: {len(sheet) - 1} {counted} {len(frame)}"
    assert workbook["Définitions"].max_row == len(heads) + 1, path
    # Without a grouping, figures are one row, which JSON tells apart.
    if is_paged and not path.endswith("/values"):
        rows = rows_of(path, query)
        assert len(rows) == len(frame), f"{path}: {len(frame)} of {len(rows)}"
        check_codes(path, rows, frame)
        cells = [dict(zip(heads, (cell if cell is not None else "" for cell in row))) for row in sheet[1:]]
        check_codes(path, rows, pandas.DataFrame(cells, columns=heads))
    return len(frame)


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        be_refused()
        read_rows = {path: read(path, *how, directory) for path, *how in lists()}
        print(check_in_r(directory))
        print(check_in_a_spreadsheet(directory))
    assert len(read_rows) > 25, read_rows
    print(f"{len(read_rows)} lists read by pandas, DuckDB, openpyxl and frictionless, {sum(read_rows.values())} rows")
    print(f"{check_catalogue()} datasets in a catalogue that is DCAT-AP")


if __name__ == "__main__":
    main()
