//! IP addresses and their prefixes.
//!
//! An IPv4 address is four numbers without leading zeros; `/n` behind it masks it. Of two prefixes the shorter counts.
//! What is no address makes the result null (`""` for text), as documented.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::cells::{elements, long, text};
use crate::column::Out;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &PARSE_IPV4,
    &PARSE_IPV4_MASK,
    &FORMAT_IPV4,
    &FORMAT_IPV4_MASK,
    &IPV4_COMPARE,
    &IPV4_IS_MATCH,
    &IPV4_IS_IN_RANGE,
    &IPV4_IS_IN_ANY_RANGE,
    &IPV4_IS_PRIVATE,
    &IPV4_NETMASK_SUFFIX,
    &IPV4_RANGE_TO_CIDR_LIST,
    &PARSE_IPV6,
    &PARSE_IPV6_MASK,
    &IPV6_COMPARE,
    &IPV6_IS_MATCH,
    &IPV6_IS_IN_RANGE,
    &IPV6_IS_IN_ANY_RANGE,
    &HAS_IPV4,
    &HAS_ANY_IPV4,
    &HAS_IPV4_PREFIX,
    &HAS_ANY_IPV4_PREFIX,
];

/// An address of `width` bits and the prefix that counts of it.
#[derive(Clone, Copy)]
struct Address {
    bits: u128,
    prefix: u32,
    width: u32,
}

impl Address {
    /// `10.0.0.1` or `10.0.0.0/8`, with spaces around.
    fn v4(text: &str) -> Option<Address> {
        let (address, prefix) = parts(text, 32)?;
        let address: Ipv4Addr = address.parse().ok()?;
        Some(Address { bits: u32::from(address).into(), prefix, width: 32 })
    }

    /// As [`written`](Address::written), but four numbers behind `::` are an IPv4 address, too: so the documentation of
    /// `parse_ipv6_mask`, and so the engine compares them.
    fn v6(text: &str) -> Option<Address> {
        let address = Address::written(text)?;
        let v4 = text.contains('.') && address.bits >> 32 == 0;
        Some(Address { bits: if v4 { Address::MAPPED | address.bits } else { address.bits }, ..address })
    }

    /// Before the bits of an IPv4 address.
    const MAPPED: u128 = 0xffff << 32;

    /// An IPv6 address, perhaps with a zone, or an IPv4 one. A prefix behind four numbers (`::ffff:10.0.0.1/24`) counts from
    /// the 96 bits before them.
    fn written(text: &str) -> Option<Address> {
        if let Some(Address { bits, prefix, .. }) = Address::v4(text) {
            return Some(Address { bits: Address::MAPPED | bits, prefix: prefix + 96, width: 128 });
        }
        let before = if text.contains('.') { 96 } else { 0 };
        let (address, prefix) = parts(text, 128 - before)?;
        let address = address.split_once('%').map_or(address, |(address, _zone)| address);
        let address: Ipv6Addr = address.parse().ok()?;
        Some(Address { bits: address.into(), prefix: before + prefix, width: 128 })
    }

    /// With at most so long a prefix; `None` if there is no such prefix.
    fn shortened(self, prefix: i64) -> Option<Address> {
        let prefix = u32::try_from(prefix).ok().filter(|&prefix| prefix <= self.width)?;
        Some(Address { prefix: self.prefix.min(prefix), ..self })
    }

    /// The bits of the prefix, the others zero.
    fn network(self) -> u128 {
        self.cut(self.prefix)
    }

    fn cut(self, prefix: u32) -> u128 {
        let dropped = self.width - prefix;
        self.bits.checked_shr(dropped).and_then(|bits| bits.checked_shl(dropped)).unwrap_or_default()
    }

    /// The order of the bits that both prefixes leave.
    fn compare(self, other: Address) -> i64 {
        let prefix = self.prefix.min(other.prefix);
        self.cut(prefix).cmp(&other.cut(prefix)) as i64
    }

    /// The address as text, without a prefix.
    fn text(self) -> String {
        match u32::try_from(self.network()) {
            Ok(bits) if self.width == 32 => Ipv4Addr::from(bits).to_string(),
            _ => {
                let groups = Ipv6Addr::from(self.network()).segments().map(|group| format!("{group:04x}"));
                groups.join(":")
            }
        }
    }
}

/// Networks by number, to look addresses up in.
pub(crate) struct Networks {
    parse: fn(&str) -> Option<Address>,
    /// Numbers by prefix and the bits that it leaves.
    numbers: BTreeMap<(u32, u128), Vec<u32>>,
    prefixes: BTreeSet<u32>,
}

impl Networks {
    /// Of the old kind.
    pub(crate) fn v4() -> Networks {
        Networks { parse: Address::v4, numbers: BTreeMap::new(), prefixes: BTreeSet::new() }
    }

    /// Of both kinds.
    pub(crate) fn v6() -> Networks {
        Networks { parse: Address::v6, ..Networks::v4() }
    }

    /// Adds what is a network.
    pub(crate) fn add(&mut self, text: &str, number: u32) {
        if let Some(address) = (self.parse)(text) {
            self.prefixes.insert(address.prefix);
            self.numbers.entry((address.prefix, address.network())).or_default().push(number);
        }
    }

    /// The numbers, in order, of the networks that an address equals under the shorter prefix.
    pub(crate) fn matching(&self, text: &str) -> Vec<u32> {
        let Some(address) = (self.parse)(text) else { return Vec::new() };
        let mut found = Vec::new();
        for &prefix in &self.prefixes {
            let first = address.cut(prefix.min(address.prefix));
            let free = address.width - prefix.min(address.prefix);
            let last = first | 1_u128.checked_shl(free).map_or(u128::MAX, |above| above - 1);
            let range = (prefix, first)..=(prefix, if prefix <= address.prefix { first } else { last });
            self.numbers.range(range).for_each(|(_, numbers)| found.extend_from_slice(numbers));
        }
        found.sort_unstable();
        found
    }
}

fn parts(text: &str, width: u32) -> Option<(&str, u32)> {
    let text = text.trim();
    let Some((address, prefix)) = text.split_once('/') else { return Some((text, width)) };
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|&prefix: &u32| digits && prefix <= width)?;
    Some((address, prefix))
}

fn put_long(value: Option<u128>, out: &mut Out) {
    let value = value.and_then(|value| i64::try_from(value).ok());
    out.value(value.map_or(ValueRef::Null, ValueRef::Long));
}

fn put_text(value: Option<String>, out: &mut Out) {
    out.string(&value.unwrap_or_default());
}

fn put_bool(value: Option<bool>, out: &mut Out) {
    out.value(value.map_or(ValueRef::Null, ValueRef::Bool));
}

const PARSE_IPV4: Scalar = Scalar {
    name: "parse_ipv4",
    params: &[string("ip")],
    returns: Returns::Is(Type::Long),
    about: "The IPv4 address `ip` as a number, masked by its prefix if it has one; null if it is none.",
    examples: &[Example { query: "print parse_ipv4('192.168.1.1/24')", result: "3232235776" }],
    kernel: KernelDef::Plain(|cells, out| put_long(Address::v4(text(cells[0])).map(Address::network), out)),
    ..Scalar::PLAIN
};

const PARSE_IPV4_MASK: Scalar = Scalar {
    name: "parse_ipv4_mask",
    params: &[string("ip"), integer("prefix")],
    returns: Returns::Is(Type::Long),
    about: "The IPv4 address `ip` as a number, masked by `prefix`; null if it is none.",
    examples: &[Example { query: "print parse_ipv4_mask('127.0.0.1', 24)", result: "2130706432" }],
    kernel: KernelDef::Plain(|cells, out| put_long(masked(cells).map(Address::network), out)),
    ..Scalar::PLAIN
};

/// The IPv4 address of the first argument under the prefix of the second.
fn masked(cells: &[ValueRef<'_>]) -> Option<Address> {
    Address::v4(text(cells[0]))?.shortened(long(cells[1])?)
}

const FORMAT_IPV4: Scalar = Scalar {
    name: "format_ipv4",
    params: &[any("ip"), integer("prefix").optional()],
    returns: Returns::Is(Type::String),
    about: "The IPv4 address `ip`, text or a number, masked by `prefix`.",
    examples: &[Example {
        query: "print format_ipv4('192.168.1.255', 24), format_ipv4(3232236031)",
        result: "192.168.1.0, 192.168.1.255",
    }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| put_text(formatted(cells).map(Address::text), out)),
    ..Scalar::PLAIN
};

const FORMAT_IPV4_MASK: Scalar = Scalar {
    name: "format_ipv4_mask",
    about: "The IPv4 address `ip`, text or a number, masked by `prefix`, with its prefix behind it.",
    examples: &[Example { query: "print format_ipv4_mask('192.168.1.255', 24)", result: "192.168.1.0/24" }],
    kernel: KernelDef::Plain(|cells, out| {
        put_text(formatted(cells).map(|address| format!("{}/{}", address.text(), address.prefix)), out);
    }),
    ..FORMAT_IPV4
};

fn formatted(cells: &[ValueRef<'_>]) -> Option<Address> {
    let address = match cells[0] {
        ValueRef::String(text) => Address::v4(text)?,
        number => Address { bits: u32::try_from(long(number)?).ok()?.into(), prefix: 32, width: 32 },
    };
    match cells.get(1) {
        Some(&prefix) => address.shortened(long(prefix)?),
        None => Some(address),
    }
}

/// How two addresses compare under the shortest of their prefixes and a third argument.
fn compared(cells: &[ValueRef<'_>], parse: fn(&str) -> Option<Address>) -> Option<i64> {
    let (a, b) = (parse(text(cells[0]))?, parse(text(cells[1]))?);
    match cells.get(2) {
        // For addresses that are both of the old kind, the prefix is too.
        Some(&prefix) => {
            let old = a.width == 128 && [cells[0], cells[1]].iter().all(|&cell| Address::v4(text(cell)).is_some());
            let prefix = long(prefix)?;
            let prefix = if old { (0..=32).contains(&prefix).then_some(prefix + 96)? } else { prefix };
            Some(a.shortened(prefix)?.compare(b))
        }
        None => Some(a.compare(b)),
    }
}

const IPV4_COMPARE: Scalar = Scalar {
    name: "ipv4_compare",
    params: &[string("a"), string("b"), integer("prefix").optional()],
    returns: Returns::Is(Type::Long),
    about: "0 if two IPv4 addresses are equal under the shortest of their prefixes and `prefix`, -1 if `a` is less, or 1.",
    examples: &[Example { query: "print ipv4_compare('10.1.2.3/24', '10.1.2.9')", result: "0" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(compared(cells, Address::v4).map_or(ValueRef::Null, ValueRef::Long))
    }),
    ..Scalar::PLAIN
};

const IPV4_IS_MATCH: Scalar = Scalar {
    name: "ipv4_is_match",
    returns: Returns::Is(Type::Bool),
    about: "Whether two IPv4 addresses are equal under the shortest of their prefixes and `prefix`.",
    examples: &[Example { query: "print ipv4_is_match('10.1.2.3', '10.1.2.9', 24)", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| put_bool(compared(cells, Address::v4).map(|order| order == 0), out)),
    ..IPV4_COMPARE
};

/// Whether an address lies in a range, which is an address with a prefix.
fn in_range(ip: &str, range: &str, parse: fn(&str) -> Option<Address>) -> Option<bool> {
    Some(parse(ip)?.compare(parse(range)?) == 0)
}

const IPV4_IS_IN_RANGE: Scalar = Scalar {
    name: "ipv4_is_in_range",
    params: &[string("ip"), string("range")],
    returns: Returns::Is(Type::Bool),
    about: "Whether an IPv4 address lies in a range such as `10.0.0.0/8`.",
    examples: &[Example { query: "print ipv4_is_in_range('10.1.2.3', '10.0.0.0/8')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| put_bool(in_range(text(cells[0]), text(cells[1]), Address::v4), out)),
    ..Scalar::PLAIN
};

const IPV4_IS_IN_ANY_RANGE: Scalar = Scalar {
    name: "ipv4_is_in_any_range",
    params: &[string("ip"), any("range").repeated()],
    returns: Returns::Is(Type::Bool),
    about: "Whether an IPv4 address lies in one of several ranges, which may come in an array.",
    examples: &[Example {
        query: "print ipv4_is_in_any_range('10.1.2.3', dynamic(['192.168.0.0/16', '10.0.0.0/8']))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| in_any_range(cells, Address::v4, out)),
    ..Scalar::PLAIN
};

fn in_any_range(cells: &[ValueRef<'_>], parse: fn(&str) -> Option<Address>, out: &mut Out) {
    let Some(ip) = parse(text(cells[0])) else { return out.null() };
    let inside = |range: &str| parse(range).map(|range| ip.compare(range) == 0);
    let found: Vec<Option<bool>> = texts(&cells[1..]).iter().map(|range| inside(range)).collect();
    let known = found.iter().any(Option::is_some);
    put_bool(known.then(|| found.contains(&Some(true))), out);
}

/// The texts of arguments, arrays by their elements.
fn texts(cells: &[ValueRef<'_>]) -> Vec<Arc<str>> {
    let mut texts = Vec::new();
    for &cell in cells {
        match elements(cell) {
            Some(items) => texts.extend(items.into_iter().filter_map(|item| match item {
                Value::String(text) => Some(text),
                _ => None,
            })),
            None => texts.push(text(cell).into()),
        }
    }
    texts
}

const IPV4_IS_PRIVATE: Scalar = Scalar {
    name: "ipv4_is_private",
    params: &[string("ip")],
    returns: Returns::Is(Type::Bool),
    about: "Whether an IPv4 address is one for private networks: `10.0.0.0/8`, `172.16.0.0/12` or `192.168.0.0/16`.",
    examples: &[Example {
        query: "print ipv4_is_private('192.168.1.1/24'), ipv4_is_private('127.0.0.1')",
        result: "True, False",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let private = |ip: Address| {
            // A prefix shorter than the network's reaches beyond it.
            let inside = |bits, prefix| ip.prefix >= prefix && ip.cut(prefix) == bits;
            inside(0x0a00_0000, 8) || inside(0xac10_0000, 12) || inside(0xc0a8_0000, 16)
        };
        put_bool(Address::v4(text(cells[0])).map(private), out);
    }),
    ..Scalar::PLAIN
};

const IPV4_NETMASK_SUFFIX: Scalar = Scalar {
    name: "ipv4_netmask_suffix",
    params: &[string("ip")],
    returns: Returns::Is(Type::Long),
    about: "The prefix of an IPv4 address, 32 if it has none.",
    examples: &[Example { query: "print ipv4_netmask_suffix('10.0.0.0/8')", result: "8" }],
    kernel: KernelDef::Plain(|cells, out| {
        put_long(Address::v4(text(cells[0])).map(|address| address.prefix.into()), out)
    }),
    ..Scalar::PLAIN
};

const IPV4_RANGE_TO_CIDR_LIST: Scalar = Scalar {
    name: "ipv4_range_to_cidr_list",
    params: &[string("first"), string("last")],
    returns: Returns::Is(Type::Dynamic),
    about: "The fewest prefixes that cover the IPv4 addresses from `first` to `last`.",
    examples: &[Example {
        query: "print ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
        result: r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let ends = [cells[0], cells[1]].map(|cell| Address::v4(text(cell)).map(|address| address.bits));
        let [Some(mut first), Some(last)] = ends else { return out.null() };
        let mut ranges = Vec::new();
        while first <= last {
            // As many addresses as begin here and do not go beyond the last.
            let mut free = first.trailing_zeros().min(32);
            while first + (1_u128 << free) - 1 > last {
                free -= 1;
            }
            let address = Address { bits: first, prefix: 32 - free, width: 32 };
            ranges.push(Value::from(format!("{}/{}", address.text(), address.prefix).as_str()));
            first += 1_u128 << free;
        }
        out.owned(Value::Array(Arc::new(ranges)));
    }),
    ..Scalar::PLAIN
};

const PARSE_IPV6: Scalar = Scalar {
    name: "parse_ipv6",
    params: &[string("ip")],
    returns: Returns::Is(Type::String),
    about: "An IPv6 or IPv4 address in full, eight groups of four hexadecimal digits, masked by its prefix.",
    examples: &[Example { query: "print parse_ipv6('127.0.0.1')", result: "0000:0000:0000:0000:0000:ffff:7f00:0001" }],
    kernel: KernelDef::Plain(|cells, out| put_text(Address::written(text(cells[0])).map(Address::text), out)),
    ..Scalar::PLAIN
};

const PARSE_IPV6_MASK: Scalar = Scalar {
    name: "parse_ipv6_mask",
    params: &[string("ip"), integer("prefix")],
    returns: Returns::Is(Type::String),
    about: "An IPv6 or IPv4 address in full, masked by `prefix`, which for an IPv4 address counts from the 96 bits before.",
    examples: &[Example {
        query: "print parse_ipv6_mask('fe80::85d:e82c:9446:7994', 120)",
        result: "fe80:0000:0000:0000:085d:e82c:9446:7900",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let address =
            Address::v6(text(cells[0])).zip(long(cells[1])).and_then(|(address, prefix)| address.shortened(prefix));
        put_text(address.map(Address::text), out);
    }),
    ..Scalar::PLAIN
};

const IPV6_COMPARE: Scalar = Scalar {
    name: "ipv6_compare",
    about: "0 if two IPv6 or IPv4 addresses are equal under the shortest of their prefixes and `prefix`, -1 if `a` is less, or 1.",
    examples: &[Example { query: "print ipv6_compare('fe80::1/64', 'fe80::2')", result: "0" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(compared(cells, Address::v6).map_or(ValueRef::Null, ValueRef::Long))
    }),
    ..IPV4_COMPARE
};

const IPV6_IS_MATCH: Scalar = Scalar {
    name: "ipv6_is_match",
    about: "Whether two IPv6 or IPv4 addresses are equal under the shortest of their prefixes and `prefix`.",
    examples: &[Example { query: "print ipv6_is_match('fe80::1', 'fe80::2', 64)", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| put_bool(compared(cells, Address::v6).map(|order| order == 0), out)),
    ..IPV4_IS_MATCH
};

const IPV6_IS_IN_RANGE: Scalar = Scalar {
    name: "ipv6_is_in_range",
    about: "Whether an IPv6 or IPv4 address lies in a range such as `fe80::/10`.",
    examples: &[Example { query: "print ipv6_is_in_range('fe80::1', 'fe80::/10')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| put_bool(in_range(text(cells[0]), text(cells[1]), Address::v6), out)),
    ..IPV4_IS_IN_RANGE
};

const IPV6_IS_IN_ANY_RANGE: Scalar = Scalar {
    name: "ipv6_is_in_any_range",
    about: "Whether an IPv6 or IPv4 address lies in one of several ranges, which may come in an array.",
    examples: &[Example { query: "print ipv6_is_in_any_range('fe80::1', 'ff00::/8', 'fe80::/10')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| in_any_range(cells, Address::v6, out)),
    ..IPV4_IS_IN_ANY_RANGE
};

const HAS_IPV4: Scalar = Scalar {
    name: "has_ipv4",
    params: &[string("source"), string("ip")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `source` has the IPv4 address `ip`, with no letter or digit beside it.",
    examples: &[Example { query: "print has_ipv4('05:04 127.0.0.1 GET', '127.0.0.1')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| {
        let ip = text(cells[1]);
        out.bool(ip.parse::<Ipv4Addr>().is_ok() && occurs(text(cells[0]), ip, true));
    }),
    ..Scalar::PLAIN
};

const HAS_ANY_IPV4: Scalar = Scalar {
    name: "has_any_ipv4",
    params: &[string("source"), any("ip").repeated()],
    about: "Whether `source` has one of several IPv4 addresses, which may come in an array.",
    examples: &[Example {
        query: "print has_any_ipv4('at 127.0.0.1', dynamic(['10.0.0.1', '127.0.0.1']))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let has = |ip: &Arc<str>| ip.parse::<Ipv4Addr>().is_ok() && occurs(text(cells[0]), ip, true);
        out.bool(texts(&cells[1..]).iter().any(has));
    }),
    ..HAS_IPV4
};

const HAS_IPV4_PREFIX: Scalar = Scalar {
    name: "has_ipv4_prefix",
    params: &[string("source"), string("prefix")],
    about: "Whether `source` has an IPv4 address that begins with `prefix`, an address or the first numbers and a dot.",
    examples: &[Example { query: "print has_ipv4_prefix('at 192.168.1.1', '192.168.')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| out.bool(has_prefix(text(cells[0]), text(cells[1])))),
    ..HAS_IPV4
};

const HAS_ANY_IPV4_PREFIX: Scalar = Scalar {
    name: "has_any_ipv4_prefix",
    params: &[string("source"), any("prefix").repeated()],
    about: "Whether `source` has an IPv4 address that begins with one of several prefixes, which may come in an array.",
    examples: &[Example { query: "print has_any_ipv4_prefix('at 192.168.1.1', '10.', '192.168.')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.bool(texts(&cells[1..]).iter().any(|prefix| has_prefix(text(cells[0]), prefix)));
    }),
    ..HAS_IPV4
};

fn has_prefix(source: &str, prefix: &str) -> bool {
    let numbers: Vec<&str> = prefix.trim_end_matches('.').split('.').collect();
    let whole = numbers.len() == 4 && !prefix.ends_with('.');
    let valid = (numbers.len() < 4 && prefix.ends_with('.')) || whole;
    valid && numbers.iter().all(|number| number.parse::<u8>().is_ok()) && occurs(source, prefix, whole)
}

/// Whether `wanted` stands in `source` at the beginning of an address, or is all of it if `whole`. An address has no
/// letter or digit beside it, nor a dot with a digit behind it.
fn occurs(source: &str, wanted: &str, whole: bool) -> bool {
    source.match_indices(wanted).any(|(at, _)| {
        let free = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let before = source[..at].chars().next_back();
        let length = source[at..].find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(source.len() - at);
        let address = source[at..at + length].trim_end_matches('.');
        let behind = source[at + length..].chars().next();
        let clear = before != Some('.') && free(before) && (free(behind) || source[at..at + length].ends_with('.'));
        clear && address.parse::<Ipv4Addr>().is_ok() && (!whole || address == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    fn yes(name: &str, args: &[&str]) -> String {
        answer(name, &args.iter().map(|arg| text(arg)).collect::<Vec<_>>())
    }

    #[test]
    fn an_address_is_masked_by_its_prefix() {
        assert_eq!(yes("parse_ipv4", &["192.168.1.1"]), "3232235777");
        assert_eq!(yes("parse_ipv4", &["192.168.1.1/24"]), "3232235776");
        assert_eq!(yes("parse_ipv4", &["255.255.255.255/31"]), "4294967294");
        assert_eq!(yes("parse_ipv4", &[" 0.0.0.1 "]), "1");
        assert_eq!(yes("parse_ipv4", &["1.2.3.4/0"]), "0");
        for none in ["", "1.2.3", "01.2.3.4", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/+8", "::1"] {
            assert_eq!(yes("parse_ipv4", &[none]), "null", "{none}");
        }
    }

    #[test]
    fn the_shortest_prefix_decides() {
        assert_eq!(yes("ipv4_compare", &["192.168.1.1/30", "192.168.1.255/24"]), "0");
        assert_eq!(yes("ipv4_compare", &["192.168.1.1", "192.168.1.255"]), "-1");
        assert_eq!(yes("ipv4_is_match", &["192.168.1.1", "192.168.2.1/24"]), "False");
        assert_eq!(yes("ipv4_is_in_range", &["10.0.1.5", "10.0.0.0/16"]), "True");
        assert_eq!(yes("ipv4_is_in_range", &["x", "10.0.0.0/16"]), "null");
        assert_eq!(yes("ipv4_is_private", &["172.32.0.1"]), "False");
        assert_eq!(yes("ipv4_is_private", &["172.31.0.1"]), "True");
        assert_eq!(yes("ipv4_is_private", &["10.0.0.0/4"]), "False");
        let with = |prefix| answer("ipv4_is_match", &[text("192.168.1.1"), text("192.168.1.0"), long(prefix)]);
        assert_eq!(with(31), "True");
        assert_eq!(with(32), "False");
        assert_eq!(with(33), "null");
    }

    #[test]
    fn the_new_kind_takes_the_old_one_in() {
        assert_eq!(yes("parse_ipv6", &["127.0.0.1"]), "0000:0000:0000:0000:0000:ffff:7f00:0001");
        assert_eq!(yes("parse_ipv6", &["127.0.0.1/24"]), "0000:0000:0000:0000:0000:ffff:7f00:0000");
        assert_eq!(yes("parse_ipv6", &["::1:2"]), "0000:0000:0000:0000:0000:0000:0001:0002");
        assert_eq!(yes("parse_ipv6", &["nonsense"]), "");
        assert_eq!(yes("ipv6_is_match", &["192.168.1.1/24", "192.168.1.255"]), "True");
        assert_eq!(yes("ipv6_is_match", &["fe80::85d:e82c:9446:7994/120", "fe80::85d:e82c:9446:7998"]), "True");
        let old = answer("ipv6_is_match", &[text("192.168.1.1"), text("192.168.1.0"), long(31)]);
        assert_eq!(old, "True");
    }

    #[test]
    fn an_address_in_text_has_nothing_beside_it() {
        let source = "05:04:54 127.0.0.1 GET /favicon.ico";
        assert_eq!(yes("has_ipv4", &[source, "127.0.0.1"]), "True");
        assert_eq!(yes("has_ipv4", &[source, "27.0.0.1"]), "False");
        assert_eq!(yes("has_ipv4", &["54127.0.0.1", "127.0.0.1"]), "False");
        assert_eq!(yes("has_ipv4", &["at 127.0.0.256", "127.0.0.256"]), "False");
        assert_eq!(yes("has_ipv4", &["at 127.0.0.1.", "127.0.0.1"]), "True");
        assert_eq!(yes("has_ipv4_prefix", &[source, "127.0."]), "True");
        assert_eq!(yes("has_ipv4_prefix", &[source, "127.0"]), "False");
        assert_eq!(yes("has_any_ipv4", &[source, "10.0.0.1", "127.0.0.1"]), "True");
    }

    #[test]
    fn masks_come_with_the_text() {
        let mask = |ip, prefix| answer("format_ipv4_mask", &[text(ip), long(prefix)]);
        assert_eq!(mask("192.168.1.1/24", 32), "192.168.1.0/24");
        assert_eq!(mask("192.168.1.1", -1), "");
        assert_eq!(answer("format_ipv4", &[long(3_232_236_031), long(24)]), "192.168.1.0");
        assert_eq!(yes("ipv4_range_to_cidr_list", &["0.0.0.0", "255.255.255.255"]), r#"["0.0.0.0/0"]"#);
        assert_eq!(yes("ipv4_range_to_cidr_list", &["10.0.0.1", "10.0.0.2"]), r#"["10.0.0.1/32","10.0.0.2/32"]"#);
    }
}
