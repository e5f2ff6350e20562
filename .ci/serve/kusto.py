"""azure-kusto-data, unmodified: answers, streams, parameters, data frames, commands and errors."""

import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError, KustoMultiApiError, KustoServiceError
from azure.kusto.data.helpers import dataframe_from_result_table

server = sys.argv[1]
client = KustoClient(server)


def first(query, properties=None):
    return client.execute("arg", query, properties).primary_results[0]


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


# Cells, as the client makes them Python's.
row = first(
    "print b = true, i = int(7), l = 9223372036854775807, r = 0.01, nan = real(nan), dec = decimal(2.5), s = 'a',"
    " d = datetime(2020-03-04T14:05:01.3109960Z), t = 1d + 4.5s, g = guid(123e27de-1e4e-49d9-b579-fe0b331d3642),"
    " o = dynamic({'list': [1, 'v']}), none = long(null)"
)[0]
assert (row["b"], row["i"], row["l"], row["r"], row["nan"]) == (True, 7, 9223372036854775807, 0.01, "NaN")
assert (row["dec"], row["s"], row["none"]) == (Decimal("2.5"), "a", None)
assert row["d"] == datetime(2020, 3, 4, 14, 5, 1, 310996, timezone.utc)
assert row["t"] == timedelta(days=1, seconds=4.5)
assert (row["g"], row["o"]) == ("123e27de-1e4e-49d9-b579-fe0b331d3642", {"list": [1, "v"]})

# Several statements, and what `render` says.
both = client.execute("arg", "print a = 1; print b = 2 | render card")
assert [table[0][0] for table in both.primary_results] == [1, 2]
assert [row["TableId"] for row in both["@ExtendedProperties"]] == [1, 2]

# A data frame.
frame = dataframe_from_result_table(first("resources | summarize n = count() by location | top 3 by n"))
assert list(frame.columns) == ["location", "n"] and len(frame) == 3 and str(frame["n"].dtype) == "Int64"

# A stream.
streamed = client.execute_streaming_query("arg", "range x from 1 to 200000 step 1 | extend s = tostring(x)")
rows = 0
for table in streamed.iter_primary_results():
    for row in table:
        rows += 1
assert rows == 200000 and row.to_list() == [200000, "200000"]

# Parameters and properties.
properties = ClientRequestProperties()
properties.set_parameter("n", 2)
properties.set_parameter("name", "it's; a 'text'")
properties.set_option("servertimeout", timedelta(minutes=2))
properties.set_option("queryconsistency", "weakconsistency")
properties.client_request_id = "test;1"
query = "declare query_parameters(n: long, name: string); print n * 21, name"
assert first(query, properties)[0].to_list() == [42, "it's; a 'text'"]

# Commands.
tables = [row["TableName"] for row in client.execute_mgmt("arg", ".show tables").primary_results[0]]
assert tables == ["securityresources", "policyresources", "resourcecontainers", "resources"]
piped = client.execute_mgmt("arg", ".show tables | where TableName startswith 'resource' | count")
assert piped.primary_results[0][0]["Count"] == 2
assert client.execute_mgmt("arg", ".show version").primary_results[0][0]["ServiceType"] == "Engine"

# Errors.
error = raises(KustoApiError, lambda: first("resources | where lokation == 'x'"))
assert error.is_semantic_error() and "did you mean `location`?" in str(error), error
assert error.get_api_error().code == "General_BadRequest"
error = raises(KustoApiError, lambda: first("resources |"))
assert not error.is_semantic_error() and "Syntax error" in str(error)
assert raises(KustoServiceError, lambda: client.execute("nowhere", "print 1")).http_response.status_code == 404
error = raises(KustoApiError, lambda: first(".drop table resources"))
assert error.http_response.status_code == 403

limited = ClientRequestProperties()
limited.set_option("truncationmaxrecords", 2)
error = raises(KustoMultiApiError, lambda: first("range x from 1 to 9 step 1", limited))
assert error.get_api_errors()[0].code == "LimitsExceeded"
limited.set_option("deferpartialqueryfailures", True)
deferred = client.execute("arg", "range x from 1 to 9 step 1", limited)
assert len(deferred.primary_results[0]) == 2 and deferred.errors_count == 1
unknown = ClientRequestProperties()
unknown.set_option("truncationmaxrecord", 2)
assert "`truncationmaxrecords`" in str(raises(KustoApiError, lambda: first("print 1", unknown)))

# A client that was given a way to sign in asks how, and learns that there is no need.
signed = KustoConnectionStringBuilder.with_aad_application_token_authentication(server, "token")
assert KustoClient(signed).execute("arg", "print 1").primary_results[0][0][0] == 1
print("azure-kusto-data (Python): well")
