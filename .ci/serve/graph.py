"""azure-mgmt-resourcegraph, unmodified, over https: pages, formats, facets, scopes, errors, and waiting when told to."""

import sys
import time
from collections import namedtuple

from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import FacetRequest, FacetRequestOptions, QueryRequest, QueryRequestOptions

SHOP = "1b6c8d21-52e3-4f90-8b12-7d3eaf21f002"


class Credential:
    def get_token(self, *scopes, **options):
        return namedtuple("AccessToken", "token expires_on")("any", int(time.time()) + 3600)


server, what = sys.argv[1:]
client = ResourceGraphClient(Credential(), base_url=server)


def ask(query, facets=None, subscriptions=None, management_groups=None, **options):
    return client.resources(
        QueryRequest(
            query=query,
            facets=facets,
            subscriptions=subscriptions,
            management_groups=management_groups,
            options=QueryRequestOptions(**options),
        )
    )


if what == "wait":
    # One request in two seconds: the second one is refused, waits as long as it is told, and comes again.
    start = time.monotonic()
    assert [ask("print n = 1").data[0]["n"] for _ in range(2)] == [1, 1]
    assert 1 < time.monotonic() - start < 10, time.monotonic() - start
    print("azure-mgmt-resourcegraph: waits")
    sys.exit()

# Pages, as az and Search-AzGraph ask for them: with a `$skip` of 0 beside each token.
names, token, pages = [], None, 0
while True:
    page = ask("resources | project id, name", top=20, skip=0, skip_token=token, result_format="objectArray")
    assert (page.total_records, page.result_truncated) == (50, "false")
    names += [row["name"] for row in page.data]
    token, pages = page.skip_token, pages + 1
    if token is None:
        break
assert (pages, len(names), len(set(names))) == (3, 50, 50), (pages, names)

# Columns and rows.
table = ask("print s = 'a', n = 1, share = 0.5, b = true, o = dynamic({'a': [1]})", result_format="table")
columns = [(column["name"], column["type"]) for column in table.data["columns"]]
assert columns == [("s", "string"), ("n", "integer"), ("share", "number"), ("b", "boolean"), ("o", "object")], columns
assert table.data["rows"] == [["a", 1, 0.5, True, {"a": [1]}]], table.data

# Facets.
facets = ask(
    "resources | project name, location",
    facets=[
        FacetRequest(expression="location", options=FacetRequestOptions(top=2, sort_order="desc")),
        FacetRequest(expression="nonExistingColumn"),
    ],
).facets
assert (facets[0].result_type, facets[0].total_records, facets[0].count) == ("FacetResult", 4, 2)
assert facets[0].data == [{"location": "westeurope", "count": 17}, {"location": "northeurope", "count": 15}]
assert facets[1].result_type == "FacetError"
assert [error.code for error in facets[1].errors] == ["NoValidColumns", "InvalidColumnNames"]

# Scopes.
assert ask("resources | count", subscriptions=[SHOP]).data == [{"Count": 12}]
assert ask("resources | count", management_groups=["fjord-apps"]).data == [{"Count": 38}]

# Errors.
try:
    ask("resources\n| where lokation == 'x'")
    raise AssertionError("no error")
except HttpResponseError as error:
    assert (error.status_code, error.error.code) == (400, "BadRequest")
    first, second = error.model.error.details
    said = second.additional_properties
    assert first.code == "InvalidQuery"
    assert (second.code, second.message) == ("AQ1001", "`lokation` is not a column here")
    assert (said["line"], said["characterPositionInLine"], said["token"]) == (2, 8, "lokation")
    assert said["help"] == "did you mean `location`?"

# What belongs to it.
assert "Microsoft.ResourceGraph/resources/read" in [operation.name for operation in client.operations.list()]
print("azure-mgmt-resourcegraph: well")
