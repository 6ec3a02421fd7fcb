"""What the guides of docs/fr/ show, as their readers would run it.

The blocks of a guide whose fence says `run` (```bash run, python, r, sql) are run in their order, in one
directory: bash in one shell with `set -euo pipefail`, the others each as a program. Python has pandas, SQL
is DuckDB's (the versions of tests/readers/requirements.txt); R runs where the machine has it, and its
absence is said.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import demo

GUIDES = demo.ROOT / "docs" / "fr"
BLOCK = re.compile(r"^```(\w+) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# As the guides write it.
ADDRESS = "http://127.0.0.1:8080"
LIMIT = 300
# A guide shows how to try webhooks on one's own machine.
SETTINGS = {"REE_WEBHOOKS_ALLOW_PRIVATE": "true"}


def tools():
    """The Python that the guides' readers have."""
    return demo.python_tools(demo.ROOT / "tests" / "readers" / "requirements.txt") / "python"


def blocks(page, section=None):
    """The blocks of a guide, or of the section with this heading: each its language and its text."""
    text = (GUIDES / f"{page}.md").read_text()
    if section is not None:
        found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if not found:
            sys.exit(f"{page}.md has no section {section!r}")
        text = found[1]
    return BLOCK.findall(text)


def command(language, file, python):
    """The line of the script that runs a block which is no bash."""
    match language:
        case "python":
            return f"'{python}' '{file}'"
        case "sql":
            ask = "import duckdb, pathlib, sys; print(duckdb.sql(pathlib.Path(sys.argv[1]).read_text()))"
            return f"'{python}' -c '{ask}' '{file}'"
        case "r" if shutil.which("Rscript"):
            return f"Rscript --vanilla '{file}'"
        case "r":
            return f"echo 'left out: there is no R here ({file.name})'"
        case other:
            sys.exit(f"nothing here runs {other}")


def script(blocks, address, directory, python):
    """Blocks as one script, beside which the others' files are."""
    lines = ["set -euo pipefail"]
    for number, (language, text) in enumerate(blocks):
        text = text.replace(ADDRESS, address)
        if language == "bash":
            lines.append(text)
            continue
        file = directory / f"{number}.{language}"
        file.write_text(text)
        lines.append(command(language, file, python))
    return "\n".join(lines) + "\n"


def programs(service):
    """A directory with the program under the name that the guides call it by."""
    directory = service.directory / "programs"
    directory.mkdir()
    (directory / "ree").symlink_to(pathlib.Path(demo.program()).resolve())
    return directory


def run(name, blocks, service, programs, python):
    """Runs blocks in a directory of this name: the exit status, and what they said."""
    directory = service.directory / name
    directory.mkdir()
    file = directory / "guide.sh"
    file.write_text(script(blocks, service.address, directory, python))
    variables = {**service.environment, "PATH": f"{programs}:{service.environment['PATH']}"}
    ran = subprocess.run(
        ["bash", "-v", file], cwd=directory, env=variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
    )  # fmt: skip
    return ran.returncode, ran.stdout.decode(errors="replace")
