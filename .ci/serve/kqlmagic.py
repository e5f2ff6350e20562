"""Kqlmagic, unmodified, outside of a notebook: a connection without signing in, the schema, an answer."""

import os
import sys

# Nothing is drawn and nothing pops up: its drawing wants older releases of its libraries.
os.environ["KQLMAGIC_CONFIGURATION"] = "short_errors=False;auto_popup_schema=False;suppress_results=True;table_package='pandas'"

from Kqlmagic import kql  # noqa: E402

kql(f"azuredataexplorer://anonymous;cluster='{sys.argv[1]}';database='arg'")
answer = kql("resources | summarize n = count() by location | top 2 by n")
assert [list(row) for row in answer] == [["westeurope", 17], ["northeurope", 15]], answer
assert list(answer.to_dataframe().columns) == ["location", "n"]
drawn = kql("resources | summarize n = count() by location | render barchart with (title = 'places')")
assert (drawn.visualization_properties["Visualization"], drawn.visualization_properties["Title"]) == ("barchart", "places")
print("Kqlmagic: well")
