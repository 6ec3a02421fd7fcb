"""Attacks what `crates/disclosure` decides of random small countries, without a service."""

import argparse
import random
import subprocess
import sys
import time

from attack import COUNTS, HIDDEN, MEASURES, PRIORITY_OF_PUPILS, GIRLS_OF_PUPILS, Attack, Shape, value


def line(rng, shape, report):
    academy = rng.randrange(len(shape.region_of))
    values = [min(rng.randrange(n), rng.randrange(n)) for n, _, _ in shape.dimensions]
    x = None if rng.random() < 0.05 else rng.choice([rng.randrange(0, 5), rng.randrange(1, 12), rng.randrange(5, 60), rng.randrange(20, 90)])
    most = 9 if x is None else x

    def part():
        kind = rng.randrange(6)
        return None if kind == 0 else 0 if kind == 1 else most if kind == 2 else rng.randrange(0, most + 1)

    offered = rng.choice([None, rng.randrange(0, 30)])
    filled = rng.choice([None, rng.randrange(0, 1 + (20 if offered is None else offered))])
    return dict(report=report, academy=academy, values=values, x=x, g=part(), p=part(), offered=offered, filled=filled)


def kinds_of(line):
    found = [0] * 14 + [1]
    x, g, p = line["x"], line["g"], line["p"]
    if x is None:
        found[10], found[11] = g or 0, p or 0
    elif g is None and p is None:
        found[0] = x
    elif g is None:
        found[1], found[2] = p, x - p
    elif p is None:
        found[3], found[6] = g, x - g
    else:
        both = min(g, p, max(g + p - x, g * p // x if x else 0))
        found[4], found[5], found[7], found[8] = both, g - both, p - both, x - g - p + both
    if line["filled"] is not None:
        if line["offered"] is None:
            found[12] = line["filled"]
        else:
            found[9], found[13] = line["filled"], line["offered"] - line["filled"]
    return found


def country(seed):
    rng = random.Random(seed)
    academies = rng.randint(1, 4)
    regions = sorted(rng.randrange(2) for _ in range(academies))
    names = sorted(set(regions))
    shape = Shape([names.index(r) for r in regions], [
        (rng.randint(1, 3), True, True), (rng.randint(1, 4), True, False), (rng.randint(1, 3), True, False), (rng.randint(1, 3), False, False),
    ])  # fmt: skip
    number = [0]

    def report():
        number[0] += 1
        return [line(rng, shape, number[0]) for _ in range(rng.randint(1, 3))]

    lines = [one for _ in range(rng.randint(3, 25)) for one in report()]
    editions = [list(lines)]
    for _ in range(rng.randint(1, 6) - 1):
        kind = rng.random()
        if kind < 0.35:
            # A correction, or a report withdrawn.
            gone = rng.choice([one["report"] for one in lines]) if lines else None
            if rng.random() < 0.5:
                fresh = []
                for one in lines:
                    if one["report"] == gone and one["x"] is not None and rng.random() < 0.7:
                        x = max(0, one["x"] + rng.randint(-4, 4))
                        g = None if one["g"] is None else min(x, one["g"])
                        p = None if one["p"] is None else min(x, one["p"])
                        one = {**one, "x": x, "g": g, "p": p, "report": one["report"] + 0.001 * len(editions)}
                    fresh.append(one)
                lines = fresh
            else:
                lines = [one for one in lines if one["report"] != gone]
        if kind > 0.2:
            lines = lines + [one for _ in range(rng.choice([1, 1, 2, 6])) for one in report()]
        editions.append(list(lines))
    return shape, editions


def counts(shape, lines):
    found = {cell: [0] * 15 for cell in shape.cells}
    reports = {cell: set() for cell in shape.cells}
    for place, one in enumerate(lines):
        own = kinds_of(one)
        for cell in shape.of_line(one["academy"], one["values"]):
            reports[cell].add(tuple(sorted((k, str(v)) for k, v in one.items())))
            for kind, more in enumerate(own):
                found[cell][kind] += more
    return found, reports


def encode(shape, editions, threshold=5):
    out = [threshold, max(shape.region_of) + 1, len(shape.region_of), *shape.region_of, len(shape.dimensions)]
    for values, by_academy, headline in shape.dimensions:
        out += [values, int(by_academy), int(headline)]
    out.append(len(editions))
    for lines in editions:
        found, _ = counts(shape, lines)
        for cell in shape.cells:
            out += found[cell]
    return " ".join(map(str, out))


def truth_of(shape, editions):
    """Of each edition: the kinds of each cell, and what everyone can tell of its reports, whose heads
    are public: which cells have any, which have those of the edition before, which have others besides."""
    truth, counted, same, grown, before = [], [], [], [], {}
    for lines in editions:
        found, reports = counts(shape, lines)
        truth.append(found)
        counted.append({cell for cell in shape.cells if reports[cell]})
        same.append({cell for cell in shape.cells if reports[cell] == before.get(cell)})
        grown.append({cell for cell in shape.cells if before.get(cell, set()) <= reports[cell]} - same[-1])
        before = reports
    return truth, counted, same, grown


def told_of(found, untold):
    """What is told of the cells of an edition by the program's own account."""
    told = {}
    for cell, kinds in found.items():
        values = {name: value(terms, kinds) for name, terms in COUNTS.items()}
        if values["girls_known"]:
            values["girls_share"] = value(GIRLS_OF_PUPILS, kinds) / values["girls_known"]
        if values["priority_known"]:
            values["priority_share"] = value(PRIORITY_OF_PUPILS, kinds) / values["priority_known"]
        if kinds[9] + kinds[13]:
            values["fill_rate"] = kinds[9] / (kinds[9] + kinds[13])
        told[cell] = {n: v for n, v in values.items() if not untold[cell] >> MEASURES.index(n) & 1}
    return told


def is_narrow(interval):
    low, high = interval
    return low is None or high is None or high - low < 3.999


def audit(shape, editions, told):
    """What can be found by whoever reads what is told: a list of complaints."""
    truth, counted, same, grown = truth_of(shape, editions)
    attack = Attack(shape, told, counted, same, grown)
    if not attack.is_possible():
        return ["the truth contradicts what the attacker supposes"]
    complaints = []
    for e in range(len(editions)):
        for cell in sorted(counted[e]):
            for name, (measure, terms) in HIDDEN.items():
                number = value(terms, truth[e][cell])
                is_hidden = measure not in told[e][cell] and (number > 0 or name != "boys")
                if is_hidden and is_narrow(found := attack.hidden(e, cell, name)):
                    complaints.append(f"edition {e}: {name} of {cell} is {number}, between {found}")
                if 0 < number < 5 and not is_hidden:
                    complaints.append(f"edition {e}: {name} of {cell} is told, and {number}")
                for since in range(e):
                    change = number - value(terms, truth[since][cell])
                    if 1 <= abs(change) <= 4 and is_narrow(found := attack.change(e, since, cell, name)):
                        complaints.append(f"edition {e}: {name} of {cell} moved by {change} since {since}, between {found}")
    return complaints


def run(program, seeds, show, options=()):
    """How many countries of these are undone."""
    countries = {seed: country(seed) for seed in seeds}
    text = "\n".join(encode(*one) for one in countries.values())
    ended = subprocess.run([program, *options], input=text, stdout=subprocess.PIPE, text=True, check=True)
    lines = iter(ended.stdout.splitlines())
    undone = held = unproved = number = 0
    begun = time.monotonic()
    for seed, (shape, editions) in countries.items():
        told = []
        is_proved = True
        for e, _ in enumerate(editions):
            _, is_held, lack, *untold = next(lines).split()
            number, held = number + 1, held + int(is_held)
            is_proved = is_proved and lack == "0"
            told.append(told_of(counts(shape, editions[e])[0], dict(zip(shape.cells, map(int, untold)))))
        if not is_proved:
            # The service says so in its log.
            unproved += 1
            continue
        complaints = audit(shape, editions, told)
        undone += bool(complaints)
        for one in complaints[: show if undone <= show else 0]:
            print(f"country {seed}: {one}")
    seconds = time.monotonic() - begun
    print(f"{len(countries)} countries, {number} publications: {undone} undone, {held} publications held, {unproved} countries said to lack a proof; {seconds:.0f} s", flush=True)
    return undone


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the example `decide` of crates/disclosure")
    parser.add_argument("--countries", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--tell-bases", action="store_true", help="a program that tells bases must be undone")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.countries)
    undone = run(given.program, seeds, given.show, ["--tell-bases"] if given.tell_bases else [])
    return 0 if (undone > 0) == given.tell_bases else 1


if __name__ == "__main__":
    sys.exit(main())
