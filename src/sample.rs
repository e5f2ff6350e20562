//! stub
pub(crate) fn tables() -> &'static [(&'static str, &'static [u8])] { &[] }
