// Verifies messages with the library of Standard Webhooks for JavaScript: a JSON line each, `secret`,
// `headers`, `body`. Each must be what its secret signed, and nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const lines = readFileSync(0, "utf8").trimEnd().split("\n");
for (const line of lines) {
  const { secret, headers, body } = JSON.parse(line);
  const verifier = new Webhook(secret);
  verifier.verify(body, headers);
  assert.throws(() => verifier.verify(`${body} `, headers));
}
console.log(lines.length);
