// Verifies messages with the function that the guide shows: a JSON line each, `secret`, `headers`, `body`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { estAuthentique } from "./guide.js";

const lines = readFileSync(0, "utf8").trimEnd().split("\n");
for (const line of lines) {
  const { secret, headers, body } = JSON.parse(line);
  assert.equal(estAuthentique(body, headers, secret), true);
  assert.equal(estAuthentique(`${body} `, headers, secret), false);
}
console.log(lines.length);
