//! Order and equality of cells.
