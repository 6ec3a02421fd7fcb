// A program that uses the service as an integrator's does: through types that are generated from the
// document, every answer read by attribute. What is said of a value here is checked by tsc; that it is
// there, by running it against `ree serve --demo`.
//
//     node main.js ADDRESS TOKEN PORTAL
//
// TOKEN is the ministry's, PORTAL that of the partner of the example data.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Problem = Schemas["Problem"];

const [address, token, portal] = process.argv.slice(2);
assert(address && token && portal, "node main.js ADDRESS TOKEN PORTAL");

/** A client with this token; lists in addresses are separated by commas. */
function clientOf(token: string) {
  return createClient<paths>({
    baseUrl: address as string,
    headers: { Authorization: `Bearer ${token}` },
    querySerializer: { array: { style: "form", explode: false } },
  });
}

/** The id of an object of the example data, as the document's examples have it. */
function example(end: string): string {
  return `0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e${end}`;
}

const client = clientOf(token);
const id = example("01");
const convention = { id: example("03") };
const uai = "0660522J";

/** What was answered, which is a success and JSON: asked for otherwise, lists are texts (CSV, NDJSON). */
async function told<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<Exclude<T, string | undefined>> {
  const { data, error } = await answer;
  assert(data !== undefined && typeof data !== "string", JSON.stringify(error));
  return data as Exclude<T, string | undefined>;
}

/** The first item of a list that has one. */
async function first<T>(answer: Promise<{ data?: string | { data: T[] }; error?: unknown }>): Promise<T> {
  const [item] = (await told(answer)).data;
  assert(item !== undefined, "an empty list");
  return item;
}

/** Why it was refused. */
async function refused(answer: Promise<{ data?: unknown; error?: Problem }>): Promise<Problem> {
  const { error } = await answer;
  assert(error !== undefined, "a success");
  return error;
}

async function readEveryList(): Promise<void> {
  const query = { limit: 2 };
  const partners = await told(client.GET("/v1/partners", { params: { query } }));
  assert(partners.next_cursor);
  const cursor = partners.next_cursor;
  const next = await first(client.GET("/v1/partners", { params: { query: { ...query, cursor } } }));
  assert.notEqual(next.id, partners.data[0]?.id);
  const sectors = { sector: ["metal_industry" as const, "crafts" as const] };
  assert((await first(client.GET("/v1/partners", { params: { query: sectors } }))).sectors.length > 0);

  const path = { id };
  assert((await first(client.GET("/v1/partners/{id}/representatives", { params: { path } }))).territories);
  assert((await first(client.GET("/public/conventions"))).reference);
  assert((await first(client.GET("/public/publications"))).number);
  assert((await first(client.GET("/public/indicators"))).code);
  assert((await first(client.GET("/v1/conventions"))).starts_on);
  assert.equal((await first(client.GET("/v1/conventions/{id}/amendments", { params: { path: convention } }))).number, 1);
  assert((await first(client.GET("/v1/conventions/{id}/history", { params: { path: convention } }))).action);
  assert.equal((await first(client.GET("/v1/declinations"))).convention_id, convention.id);
  const declination = { path: { id: example("05") } };
  assert((await first(client.GET("/v1/declinations/{id}/history", { params: declination }))).occurred_at);
  assert.equal((await first(client.GET("/v1/partners/{id}/syncs", { params: { path } }))).id, example("07"));
  const batches = { path: { id, sync_id: example("07") } };
  assert((await first(client.GET("/v1/partners/{id}/pushes", { params: { path } }))).id);
  assert((await first(client.GET("/v1/partners/{id}/syncs/{sync_id}/batches", { params: batches }))).id);
  const near = { query: { territory: [`uai:${uai}`], level: ["3e" as const] } };
  assert((await first(client.GET("/v1/interventions", { params: near }))).external_id);
  assert((await first(client.GET("/v1/partners/{id}/interventions", { params: { path } }))).external_id);
  assert.equal((await first(client.GET("/v1/solicitations"))).uai, uai);
  assert((await first(client.GET("/v1/contacts"))).role);
  assert((await first(client.GET("/v1/campaigns"))).due_on);
  const campaign = { path: { id: example("0c") } };
  assert((await first(client.GET("/v1/campaigns/{id}/expected-reports", { params: campaign }))).state);
  assert((await first(client.GET("/v1/establishments", { params: { query } }))).uai);
  const school = { path: { uai } };
  assert((await first(client.GET("/v1/establishments/{uai}/opportunities", { params: school }))).partner.id);
  assert((await first(client.GET("/v1/territories", { params: { query } }))).code);
  assert((await first(client.GET("/v1/nomenclatures"))).entries.length > 0);
  assert((await first(client.GET("/v1/reports"))).school_year);
  const report = { path: { id: example("0b") } };
  assert.equal((await first(client.GET("/v1/reports/{id}/versions", { params: report }))).id, example("0b"));
  assert((await first(client.GET("/v1/reports/lines"))).action_type);
  assert((await first(client.GET("/v1/indicators"))).code);
  const publication = await first(client.GET("/v1/publications"));
  assert.equal(publication.number, 1);
  const published = { path: { id: publication.id } };
  const moved = await told(client.GET("/v1/publications/{id}/changes", { params: published }));
  // It is the first of its year: nothing has moved since another one.
  assert.deepEqual(moved.data.map((change) => change.measure), []);
  assert((await first(client.GET("/v1/deadlines", { params: { query: { within_days: 3660 } } }))).due_on);
  assert((await first(client.GET("/v1/todo"))).url);
  assert((await first(client.GET("/v1/coverage"))).academies.length);
  assert.equal((await first(client.GET("/v1/clients"))).partner_id, id);
  const asked = await told(client.GET("/v1/me/requests"));
  // They are kept a second later.
  assert(asked.data.every((one) => one.status >= 200 && one.duration_ms >= 0));
  assert((await first(client.GET("/v1/changes"))).cursor);
  const webhook = await first(client.GET("/v1/webhooks"));
  assert.equal(webhook.status, "paused");
  const sent = await told(client.GET("/v1/webhooks/{id}/deliveries", { params: { path: { id: webhook.id } } }));
  // It has waited since it was made.
  assert.deepEqual(sent.data.map((delivery) => delivery.outcome), []);
}

async function decodeAnAmendment(): Promise<void> {
  const path = { ...convention, amendment_id: example("04") };
  const amendment = await told(client.GET("/v1/conventions/{id}/amendments/{amendment_id}", { params: { path } }));
  const words = amendment.changes.map((change) => {
    switch (change.op) {
      case "set_axes":
        return change.axes.join(" ");
      case "text":
        return change.article;
      default:
        return change.op;
    }
  });
  assert.match(words[0] ?? "", /apprenticeship/);
  assert.equal(words[1], "Article 4");
}

async function surviveAnUnknownCode(): Promise<void> {
  const partner: Schemas["Partner"] = await told(client.GET("/v1/partners/{id}", { params: { path: { id } } }));
  // A code of next year is a text like the others.
  const read: Schemas["Partner"] = { ...partner, kind: "space_agency" };
  const label = read.kind === "company" ? "entreprise" : read.kind;
  assert.equal(label, "space_agency");
}

async function decodeEveryProblem(): Promise<void> {
  const documented = await told(client.GET("/problems"));
  assert(documented.data.length > 30);
  for (const one of documented.data) {
    const problem = one.example as unknown as Problem;
    assert.equal(problem.code, one.code);
    assert(Array.isArray(problem.errors));
  }
  const path = { id };
  const stranger = clientOf("nobody").GET("/v1/partners/{id}", { params: { path } });
  assert.equal((await refused(stranger)).code, "invalid_token");
  const missing = client.GET("/v1/partners/{id}", { params: { path: { id: crypto.randomUUID() } } });
  assert.equal((await refused(missing)).code, "not_found");
  const lost = client.GET("/v1/partners", { params: { query: { cursor: "of another list" } } });
  assert.equal((await refused(lost)).code, "invalid_cursor");
  const late = client.PATCH("/v1/partners/{id}", {
    params: { path, header: { "If-Match": '"0.x"' } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { acronym: "UIMM" },
  });
  assert.equal((await refused(late)).code, "precondition_failed");
  const faulty = client.POST("/v1/partners", { body: { legal_name: " ", kind: "company", siren: "552049448" } });
  const faults = (await refused(faulty)).errors.map((fault) => [fault.pointer, fault.code]);
  assert.deepEqual(faults, [["/legal_name", "blank"], ["/siren", "invalid_checksum"]]);
}

async function pushABatch(): Promise<void> {
  const offer = (external_id: string): Schemas["PushedIntervention"] => ({
    external_id,
    convention_id: convention.id,
    title: "Visite d'un atelier",
    action_type: "company_visit",
    levels: ["3e"],
    modality: "in_person",
    territories: ["department:066"],
  });
  const verdict = await told(
    clientOf(portal as string).POST("/v1/partners/{id}/interventions/batch", {
      params: { path: { id } },
      body: { items: [offer("typescript-1"), offer("typescript 2")] },
    }),
  );
  assert.equal(verdict.counts.rejected, 1);
  const [taken, faulty] = verdict.items;
  assert.equal(taken?.status, "published");
  assert.equal(faulty?.errors[0]?.code, "invalid_format");
}

await readEveryList();
await decodeAnAmendment();
await surviveAnUnknownCode();
await decodeEveryProblem();
await pushABatch();
