//! What KQL has and argql does not run, so that it is refused as such and not as unknown.

use super::Position;

/// Names that are refused for one reason.
pub(crate) struct Refused {
    pub(crate) kind: RefusedKind,
    /// Why it is so, if argql is not only lacking it: lower case, no full stop.
    pub(crate) why: Option<&'static str>,
    pub(crate) names: &'static [&'static str],
}

/// What the names would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedKind {
    Function,
    Aggregate,
    Plugin,
    Operator(Position),
}

impl RefusedKind {
    /// As listings say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            RefusedKind::Aggregate => "aggregate",
            other => other.text(),
        }
    }

    /// As messages say it; aggregates are functions there.
    pub(crate) fn text(self) -> &'static str {
        match self {
            RefusedKind::Function | RefusedKind::Aggregate => "function",
            RefusedKind::Plugin => "plugin",
            RefusedKind::Operator(_) => "operator",
        }
    }
}

/// What is said of a refused name, if it is one.
pub(crate) fn refusal(name: &str) -> Option<&'static Refused> {
    REFUSED.iter().find(|refused| refused.names.contains(&name))
}

/// Where an operator would stand that is refused by its name.
pub(crate) fn refused_operator(name: &str) -> Option<Position> {
    match refusal(name)?.kind {
        RefusedKind::Operator(position) => Some(position),
        _ => None,
    }
}

const SERVICE: Option<&str> = Some("queries reach nothing but what was loaded");
const CODE: Option<&str> = Some("argql runs no other language");
const HASHES: Option<&str> =
    Some("how Kusto mixes hashes is documented nowhere, and no way that is known gives its one published answer");
const INTERNAL: Option<&str> = Some("it is for Kusto's own use, and what it does is documented nowhere");
const RULES: Option<&str> = Some("its answers depend on the edition of a list of rules, which Kusto does not name");
const GROUPS: Option<&str> =
    Some("there are no stored groups; write its databases out: `macro-expand entity_group [database('a'), …]`");
const NOBODY: Option<&str> = Some("nobody signs in to ask");
const WRITTEN: Option<&str> =
    Some("exports do not say when rows were written; `history(…)` has the moment of each snapshot of a store");
const KEPT: Option<&str> = Some("graphs that last are kept by a service: make one of tables with `make-graph`");
const CLUSTER: Option<&str> = Some("it is about a cluster, and there is none");

#[cfg(not(feature = "geo"))]
const GEO: Option<&str> = Some("it is part of builds with the feature `geo`, as the command is");

/// The functions of the feature `geo`.
#[cfg(any(test, not(feature = "geo")))]
pub(crate) const GEO_FUNCTIONS: &[&str] = &[
    "geo_angle",
    "geo_azimuth",
    "geo_closest_point_on_line",
    "geo_closest_point_on_polygon",
    "geo_distance_2points",
    "geo_distance_point_to_line",
    "geo_distance_point_to_polygon",
    "geo_from_wkt",
    "geo_geohash_neighbors",
    "geo_geohash_to_central_point",
    "geo_geohash_to_polygon",
    "geo_h3cell_children",
    "geo_h3cell_level",
    "geo_h3cell_neighbors",
    "geo_h3cell_parent",
    "geo_h3cell_rings",
    "geo_h3cell_to_central_point",
    "geo_h3cell_to_polygon",
    "geo_intersection_2lines",
    "geo_intersection_2polygons",
    "geo_intersection_line_with_polygon",
    "geo_intersects_2lines",
    "geo_intersects_2polygons",
    "geo_intersects_line_with_polygon",
    "geo_line_buffer",
    "geo_line_centroid",
    "geo_line_densify",
    "geo_line_interpolate_point",
    "geo_line_length",
    "geo_line_locate_point",
    "geo_line_simplify",
    "geo_line_to_s2cells",
    "geo_point_buffer",
    "geo_point_in_circle",
    "geo_point_in_polygon",
    "geo_point_to_geohash",
    "geo_point_to_h3cell",
    "geo_point_to_s2cell",
    "geo_polygon_area",
    "geo_polygon_buffer",
    "geo_polygon_centroid",
    "geo_polygon_densify",
    "geo_polygon_perimeter",
    "geo_polygon_simplify",
    "geo_polygon_to_h3cells",
    "geo_polygon_to_s2cells",
    "geo_s2cell_neighbors",
    "geo_s2cell_to_central_point",
    "geo_s2cell_to_polygon",
    "geo_simplify_polygons_array",
    "geo_union_lines_array",
    "geo_union_polygons_array",
];

/// Everything that is refused by its name. A few of the operators are read all the same, and refused when they are bound.
#[rustfmt::skip]
pub(crate) const REFUSED: &[Refused] = &[
    Refused {
        kind: RefusedKind::Function,
        why: None,
        names: &[
            "__geo_length_to_s2cell_level", "__geo_line_s2cell_covering_level",
            "__geo_line_validate", "__geo_polygon_s2cell_covering_level", "__geo_polygon_validate",
        ],
    },
    #[cfg(not(feature = "geo"))]
    Refused {
        kind: RefusedKind::Function,
        why: GEO,
        names: GEO_FUNCTIONS,
    },
    #[cfg(not(feature = "geo"))]
    Refused {
        kind: RefusedKind::Plugin,
        why: GEO,
        names: &["geo_line_lookup", "geo_polygon_lookup"],
    },
    Refused {
        kind: RefusedKind::Function,
        why: HASHES,
        names: &[
            "hash_combine", "hash_many",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: CLUSTER,
        names: &[
            "cluster", "current_cursor", "current_database", "current_node_id",
            "cursor_after", "cursor_before_or_at", "cursor_current", "extent_id", "extent_tags", "extentid",
            "materialized_view", "row_id", "rowstore_ordinal_range", "stored_query_result",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: SERVICE,
        names: &[
            "external_table", "geo_info_from_ip_address",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: KEPT,
        names: &[
            "graph",
        ],
    },
    Refused {
        kind: RefusedKind::Plugin,
        why: CLUSTER,
        names: &[
            "estimate_rows_count", "execute_query", "execute_show_command",
        ],
    },
    Refused {
        kind: RefusedKind::Plugin,
        why: CODE,
        names: &[
            "csharp", "python", "r",
        ],
    },
    Refused {
        kind: RefusedKind::Plugin,
        why: SERVICE,
        names: &[
            "ai_chat_completion", "ai_chat_completion_prompt", "ai_embed_text", "ai_embeddings",
            "azure_digital_twins_query_request", "cosmosdb_sql_request", "dax_request",
            "external_datatable", "http_request", "http_request_post", "infer_storage_schema",
            "infer_storage_schema_with_suggestions", "mysql_request", "postgresql_request", "sql_request",
        ],
    },
    Refused {
        kind: RefusedKind::Operator(Position::Piped),
        why: INTERNAL,
        names: &[
            "__executeAndCache", "__partitionby",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: INTERNAL,
        names: &[
            "__cast", "__hash_crc32", "__hash_djb2", "__hash_many_crc32", "__hash_xxh64", "__hll_normalize",
            "__invoke", "__ipv6_lookup_ranges", "__lz4_compress_dynamic_array_to_base64_string", "hll_isvalid",
            "tdigest_isvalid",
        ],
    },
    Refused {
        kind: RefusedKind::Aggregate,
        why: INTERNAL,
        names: &[
            "passthrough",
        ],
    },
    Refused {
        kind: RefusedKind::Plugin,
        why: INTERNAL,
        names: &[
            "identity", "identity_v3",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: RULES,
        names: &[
            "parse_user_agent",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: GROUPS,
        names: &[
            "entity_group",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: NOBODY,
        names: &[
            "current_principal", "current_principal_details", "current_principal_is_member_of",
        ],
    },
    Refused {
        kind: RefusedKind::Function,
        why: WRITTEN,
        names: &[
            "ingestion_time",
        ],
    },
];
