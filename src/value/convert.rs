//! Conversions between types: `tolong`, `todatetime` and the rest.
