"""Who knows all that is public of a year, and nothing of how it was chosen: a linear program over the
people behind the published cells, solved by HiGHS.

People are cut into the same kinds as any line of a report can cut them: pupils by whether one knows
that they are girls, and in priority education; girls, and pupils in priority education, of lines that
do not say how many pupils there were; placements filled of lines that say or do not say how many were
offered. A kind's tables are a star around the academies, hence the margins of some data whenever their
sums agree: variables of the leaves (academy and value, or value alone) are as strong as variables of
single lines.
"""

import itertools

import highspy

KINDS = 14
MEASURES = ("pupils", "girls_known", "girls", "girls_share", "priority_known", "priority", "priority_share", "filled", "fill_rate")


def kinds(test):
    return {kind: 1.0 for kind in range(KINDS) if test(kind)}


PUPILS = kinds(lambda k: k < 9)
GIRLS_KNOWN = kinds(lambda k: 3 <= k < 9)
GIRLS = kinds(lambda k: 3 <= k < 6 or k == 10)
BOYS = {**kinds(lambda k: 6 <= k < 9), 10: -1.0}
PRIORITY_KNOWN = kinds(lambda k: k < 9 and k % 3 != 0)
PRIORITY = kinds(lambda k: (k < 9 and k % 3 == 1) or k == 11)
FILLED = {9: 1.0, 12: 1.0}
# Numerators of shares.
GIRLS_OF_PUPILS = kinds(lambda k: 3 <= k < 6)
PRIORITY_OF_PUPILS = kinds(lambda k: k < 9 and k % 3 == 1)

COUNTS = {
    "pupils": PUPILS, "girls_known": GIRLS_KNOWN, "girls": GIRLS, "priority_known": PRIORITY_KNOWN,
    "priority": PRIORITY, "filled": FILLED,
}  # fmt: skip
# What must not be found where a measure is not told.
HIDDEN = {**{name: (name, terms) for name, terms in COUNTS.items()}, "boys": ("girls", BOYS)}
# A zero of these is shown, unless one of those is hidden.
ABOVE = {
    "pupils": (), "girls_known": ("pupils",), "girls": ("pupils", "girls_known"), "priority_known": ("pupils",),
    "priority": ("pupils", "priority_known"), "filled": ("pupils",),
}  # fmt: skip


def value(terms, counts):
    return round(sum(weight * counts[kind] for kind, weight in terms.items()))


class Shape:
    """The cells: ("total",), ("region", r), ("academy", a), ("value", d, v), ("cross", d, a, v)."""

    def __init__(self, region_of, dimensions):
        self.region_of = region_of
        self.dimensions = dimensions  # (number of values, by academy, headline)
        regions = max(region_of) + 1
        self.cells = [("total",)]
        self.cells += [("region", r) for r in range(regions)]
        self.cells += [("academy", a) for a in range(len(region_of))]
        for d, (values, by_academy, _) in enumerate(dimensions):
            self.cells += [("value", d, v) for v in range(values)]
            if by_academy:
                self.cells += [("cross", d, a, v) for a in range(len(region_of)) for v in range(values)]

    def leaves(self, cell, dimension=0):
        """The leaves that a cell is the sum of."""
        academies = range(len(self.region_of))
        values = range(self.dimensions[dimension][0])
        match cell:
            case ("total",):
                if not self.dimensions[dimension][1]:
                    return [("value", dimension, v) for v in values]
            case ("region", r):
                academies = [a for a in academies if self.region_of[a] == r]
            case ("academy", a):
                academies = [a]
            case ("value", d, v):
                if not self.dimensions[d][1]:
                    return [cell]
                return [("cross", d, a, v) for a in academies]
            case ("cross", *_):
                return [cell]
        return [("cross", dimension, a, v) for a in academies for v in values]

    def all_leaves(self):
        return [cell for cell in self.cells if cell[0] == "cross" or (cell[0] == "value" and not self.dimensions[cell[1]][1])]

    def of_line(self, academy, values):
        cells = [("total",), ("region", self.region_of[academy]), ("academy", academy)]
        for d, v in enumerate(values):
            cells.append(("value", d, v))
            if self.dimensions[d][1]:
                cells.append(("cross", d, academy, v))
        return cells


class Attack:
    """`told[e][cell]` has the value of each measure told; `counted[e]` the cells that have reports;
    `same[e]` the cells whose reports are those of the edition before, `grown[e]` those that have
    others besides, and no other change."""

    def __init__(self, shape, told, counted, same, grown):
        self.shape, self.told, self.counted = shape, told, counted
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("presolve", "off")
        self.highs.setOptionValue("solver", "simplex")
        self.highs.setOptionValue("simplex_strategy", 4)
        self.columns = {}
        for e in range(len(told)):
            for leaf in shape.all_leaves():
                if leaf in counted[e]:
                    for kind in range(KINDS):
                        self.columns[e, leaf, kind] = len(self.columns)
        count = len(self.columns)
        inf = highspy.kHighsInf
        self.highs.addVars(count, [0.0] * count, [inf] * count)
        for e in range(len(told)):
            self.knows_sums(e)
            self.knows_told(e)
            if e:
                self.knows_changes(e, same[e], grown[e])

    def row(self, low, high, terms):
        merged = {}
        for column, weight in terms:
            merged[column] = merged.get(column, 0.0) + weight
        merged = {column: weight for column, weight in merged.items() if weight}
        if merged or low > 0 or high < 0:
            self.highs.addRow(float(low), float(high), len(merged), list(merged), list(merged.values()))

    def terms(self, e, cell, weights, sign=1.0, dimension=0):
        found = []
        for leaf in self.shape.leaves(cell, dimension):
            for kind, weight in weights.items():
                column = self.columns.get((e, leaf, kind))
                if column is not None:
                    found.append((column, sign * weight))
        return found

    def knows_sums(self, e):
        """All tables have the academies in common, or at least the total."""
        for d, (_, by_academy, _) in enumerate(self.shape.dimensions):
            if d == 0:
                continue
            wholes = [("academy", a) for a in range(len(self.shape.region_of))] if by_academy else [("total",)]
            for whole, kind in itertools.product(wholes, range(KINDS)):
                self.row(0, 0, self.terms(e, whole, {kind: 1.0}) + self.terms(e, whole, {kind: 1.0}, -1.0, d))

    def knows_told(self, e):
        for cell in self.counted[e]:
            told = self.told[e].get(cell, {})
            for measure, weights in COUNTS.items():
                if measure in told:
                    number = told[measure] or 0
                    self.row(number, number, self.terms(e, cell, weights))
                    continue
                was_hidden = e > 0 and cell in self.counted[e - 1] and measure not in self.told[e - 1].get(cell, {})
                if not was_hidden and all(above in told for above in ABOVE[measure]):
                    self.row(1, highspy.kHighsInf, self.terms(e, cell, weights))
            for share, base, numerator in (
                ("girls_share", "girls_known", GIRLS_OF_PUPILS), ("priority_share", "priority_known", PRIORITY_OF_PUPILS),
            ):  # fmt: skip
                if told.get(share) is not None and told.get(base) is not None:
                    low, high = ((told[share] + off) * told[base] for off in (-0.00005, 0.00005))
                    self.row(low - 1e-6, high + 1e-6, self.terms(e, cell, numerator))
            if told.get("offered") is not None:
                self.row(-highspy.kHighsInf, told["offered"], self.terms(e, cell, {9: 1.0, 13: 1.0}))
            if told.get("fill_rate") is not None:
                low, high = told["fill_rate"] - 0.00005, told["fill_rate"] + 0.00005
                self.row(0, highspy.kHighsInf, self.terms(e, cell, {9: 1.0 - low, 13: -low}))
                self.row(-highspy.kHighsInf, 0, self.terms(e, cell, {9: 1.0 - high, 13: -high}))

    def knows_changes(self, e, same, grown):
        for cell in self.counted[e] | self.counted[e - 1]:
            if cell not in same and cell not in grown:
                continue
            for kind in range(KINDS):
                change = self.terms(e, cell, {kind: 1.0}) + self.terms(e - 1, cell, {kind: 1.0}, -1.0)
                self.row(0, 0 if cell in same else highspy.kHighsInf, change)

    def is_possible(self):
        return self.solve([], highspy.ObjSense.kMinimize) is not None

    def solve(self, terms, sense):
        highs = self.highs
        weights = {}
        for column, weight in terms:
            weights[column] = weights.get(column, 0.0) + weight
        for column, weight in weights.items():
            highs.changeColCost(column, weight)
        highs.changeObjectiveSense(sense)
        highs.run()
        status = highs.getModelStatus()
        found = highs.getInfo().objective_function_value
        for column in weights:
            highs.changeColCost(column, 0.0)
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return float("inf") if sense == highspy.ObjSense.kMaximize else float("-inf")
        return found if status == highspy.HighsModelStatus.kOptimal else None

    def interval(self, terms):
        low = self.solve(terms, highspy.ObjSense.kMinimize)
        high = self.solve(terms, highspy.ObjSense.kMaximize)
        return low, high

    def hidden(self, e, cell, name):
        measure, weights = HIDDEN[name]
        return self.interval(self.terms(e, cell, weights))

    def change(self, e, since, cell, name):
        measure, weights = HIDDEN[name]
        return self.interval(self.terms(e, cell, weights) + self.terms(since, cell, weights, -1.0))
