"""Kqlmagic, unmodified, outside of a notebook: a connection without signing in, the schema, an answer."""

import os
import sys

# Nothing pops up, and tables are drawn by pandas: other drawing wants older releases of its libraries.
os.environ["KQLMAGIC_CONFIGURATION"] = "short_errors=False;auto_popup_schema=False;table_package='pandas'"

from Kqlmagic import kql  # noqa: E402

kql(f"azuredataexplorer://anonymous;cluster='{sys.argv[1]}';database='arg'")
answer = kql("resources | summarize n = count() by location | top 2 by n")
assert [list(row) for row in answer] == [["westeurope", 17], ["northeurope", 15]], answer
assert list(answer.to_dataframe().columns) == ["location", "n"]
drawn = kql("resources | summarize n = count() by location | render table with (title = 'places')")
assert (drawn.visualization_properties["Visualization"], drawn.visualization_properties["Title"]) == ("table", "places")
print("Kqlmagic: well")
