// azure-kusto-data, unmodified: answers, the first version, parameters, commands and errors.
import assert from "node:assert/strict";
import { Client, ClientRequestProperties } from "azure-kusto-data";

const client = new Client(process.argv[2]);

async function rows(query, properties) {
    const table = (await client.execute("arg", query, properties)).primaryResults[0];
    return [...table.rows()].map((row) => row.toJSON());
}

async function refused(database, query, properties) {
    const error = await client.execute(database, query, properties).then(
        () => assert.fail(`no error: ${query}`),
        (error) => error,
    );
    return { status: error.response?.status, message: error.response?.data.error["@message"] ?? error.message };
}

const cells =
    "print b = true, i = int(7), r = 0.01, dec = decimal(2.5), s = 'a', d = datetime(2020-03-04T14:05:01.31Z), t = 1h," +
    " o = dynamic({'list': [1, 'v']}), none = long(null)";
const expected = {
    b: true,
    i: 7,
    r: 0.01,
    dec: "2.5",
    s: "a",
    d: new Date("2020-03-04T14:05:01.310Z"),
    t: 3600000,
    o: { list: [1, "v"] },
    none: null,
};
assert.deepEqual(await rows(cells), [expected]);
const first = await client.executeQueryV1("arg", cells);
assert.deepEqual([...first.primaryResults[0].rows()].map((row) => row.toJSON()), [expected]);

// Row by row, as its generator gives them.
let count = 0;
for (const row of (await client.execute("arg", "range x from 1 to 100000 step 1")).primaryResults[0].rows()) {
    count += 1;
    assert.equal(row.x, count);
}
assert.equal(count, 100000);

const properties = new ClientRequestProperties();
properties.setParameter("n", 21);
properties.setTimeout(60000);
properties.clientRequestId = "test;1";
assert.deepEqual(await rows("declare query_parameters(n: long); print n = n * 2", properties), [{ n: 42 }]);

const tables = (await rows(".show tables")).map((row) => row.TableName);
assert.deepEqual(tables, ["securityresources", "policyresources", "resourcecontainers", "resources"]);
assert.deepEqual(await rows(".show databases | project DatabaseName"), [{ DatabaseName: "arg" }]);

let error = await refused("arg", "resources | where lokation == 'x'");
assert.equal(error.status, 400);
assert.match(error.message, /SEM0100: `lokation` is not a column here \[line:position=1:18\]; did you mean `location`\?/);
error = await refused("nowhere", "print 1");
assert.equal(error.status, 404);
error = await refused("arg", ".create table T (a: int)");
assert.equal(error.status, 403);
const limited = new ClientRequestProperties();
limited.setOption("truncationmaxrecords", 2);
error = await refused("arg", "range x from 1 to 9 step 1", limited);
assert.match(error.message, /record count limit 2/);
limited.raw = true;
assert.equal((await client.execute("arg", "range x from 1 to 9 step 1", limited)).length, 5);
client.close();
console.log("azure-kusto-data (Node): well");
