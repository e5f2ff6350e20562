// @azure/arm-resourcegraph, unmodified, over https: pages, formats, facets, scopes, shared queries, errors, and waiting.

import assert from "node:assert/strict";
import { ResourceGraphClient } from "@azure/arm-resourcegraph";

const [endpoint, what] = process.argv.slice(2);
const shop = "1b6c8d21-52e3-4f90-8b12-7d3eaf21f002";
const credential = { getToken: async () => ({ token: "any", expiresOnTimestamp: Date.now() + 3_600_000 }) };
const client = new ResourceGraphClient(credential, shop, { endpoint });

if (what === "wait") {
  const start = performance.now();
  for (let n = 0; n < 2; n++) {
    assert.deepEqual((await client.resources({ query: "print n = 1" })).data, [{ n: 1 }]);
  }
  const waited = performance.now() - start;
  assert.ok(waited > 1000 && waited < 10_000, `${waited} ms`);
  console.log("@azure/arm-resourcegraph: waits");
  process.exit();
}

const names = new Set();
let skipToken;
let pages = 0;
do {
  const page = await client.resources({ query: "resources | project id, name", options: { top: 20, skipToken } });
  assert.equal(page.totalRecords, 50);
  page.data.forEach((row) => names.add(row.name));
  ({ skipToken } = page);
  pages++;
} while (skipToken);
assert.deepEqual([pages, names.size], [3, 50]);

const table = await client.resources({
  query: "print t = datetime(2026-10-01), o = dynamic({'a': 1})",
  options: { resultFormat: "table" },
});
assert.deepEqual(table.data.columns, [
  { name: "t", type: "datetime" },
  { name: "o", type: "object" },
]);
assert.deepEqual(table.data.rows, [["2026-10-01T00:00:00.0000000Z", { a: 1 }]]);

const { facets } = await client.resources({
  query: "resources | project name, location",
  facets: [{ expression: "location", options: { top: 1 } }, { expression: "nonExistingColumn" }],
});
assert.deepEqual(facets[0].data, [{ location: "westeurope", count: 17 }]);
assert.equal(facets[1].errors[1].message, "Invalid column names: [nonExistingColumn].");

const policies = async (authorizationScopeFilter) => {
  const query = "policyresources | where type !endswith 'policystates' | count";
  const answer = await client.resources({ query, subscriptions: [shop], options: { authorizationScopeFilter } });
  return answer.data[0].Count;
};
assert.deepEqual(
  await Promise.all(["AtScopeAndBelow", "AtScopeExact", "AtScopeAndAbove", "AtScopeAboveAndBelow"].map(policies)),
  [9, 3, 16, 22],
);

await assert.rejects(client.resources({ query: "resources | wher x" }), (error) => {
  assert.equal(error.statusCode, 400);
  assert.equal(error.code, "BadRequest");
  assert.deepEqual(error.details.error.details.map(({ code }) => code).slice(0, 2), ["InvalidQuery", "ParserFailure"]);
  return true;
});

const shared = [];
for await (const query of client.graphQuery.list("any-group")) {
  shared.push(query.name);
}
assert.ok(shared.includes("exemptions-expired"));
const { query } = await client.graphQuery.get("any-group", "exemptions-expired");
assert.ok((await client.resources({ query })).count >= 0);
await assert.rejects(client.graphQuery.delete("any-group", "exemptions-expired"), { statusCode: 405 });

console.log("@azure/arm-resourcegraph: well");
