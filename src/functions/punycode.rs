//! Punycode, the ASCII form of names in other scripts (RFC 3492).

use super::cells::text;
use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&PUNYCODE_FROM_STRING, &PUNYCODE_TO_STRING, &PUNYCODE_DOMAIN_FROM_STRING, &PUNYCODE_DOMAIN_TO_STRING];

const PUNYCODE_FROM_STRING: Scalar = Scalar {
    name: "punycode_from_string",
    params: &[string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` in Punycode, the ASCII form of names in other scripts.",
    examples: &[Example { query: "print punycode_from_string('bücher')", result: "bcher-kva" }],
    kernel: KernelDef::Plain(|cells, out| out.string(&punycode(text(cells[0])).unwrap_or_default())),
    ..Scalar::PLAIN
};

const PUNYCODE_TO_STRING: Scalar = Scalar {
    name: "punycode_to_string",
    about: "The text that Punycode stands for; empty if it is none.",
    examples: &[Example { query: "print punycode_to_string('bcher-kva')", result: "bücher" }],
    kernel: KernelDef::Plain(|cells, out| out.string(&from_punycode(text(cells[0])).unwrap_or_default())),
    ..PUNYCODE_FROM_STRING
};

const PUNYCODE_DOMAIN_FROM_STRING: Scalar = Scalar {
    name: "punycode_domain_from_string",
    about: "A domain name whose labels in Punycode, which begin with `xn--`, are turned into their text.",
    examples: &[Example {
        query: "print punycode_domain_from_string('xn--bcher-kva.example')",
        result: "bücher.example",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let plain = |label: &str| match label.strip_prefix("xn--") {
            Some(code) => from_punycode(code),
            None => Some(label.to_owned()),
        };
        let labels: Option<Vec<String>> = text(cells[0]).split('.').map(plain).collect();
        out.string(&labels.unwrap_or_default().join("."));
    }),
    ..PUNYCODE_FROM_STRING
};

const PUNYCODE_DOMAIN_TO_STRING: Scalar = Scalar {
    name: "punycode_domain_to_string",
    about: "A domain name with those labels in Punycode, behind `xn--`, that are not ASCII.",
    examples: &[Example {
        query: "print punycode_domain_to_string('bücher.example')",
        result: "xn--bcher-kva.example",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let coded = |label: &str| match label.is_ascii() {
            true => Some(label.to_owned()),
            false => Some(format!("xn--{}", punycode(label)?)),
        };
        let labels: Option<Vec<String>> = text(cells[0]).split(DOTS).map(coded).collect();
        out.string(&labels.unwrap_or_default().join("."));
    }),
    ..PUNYCODE_FROM_STRING
};

/// What stands between labels, as people type it (RFC 3490).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// The weight of a digit at place `k` under a bias, and the bias after a number.
fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(1, 26)
}

fn adapted(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

fn digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, 36).expect("digits are below 36")
}

fn punycode(source: &str) -> Option<String> {
    let points: Vec<u32> = source.chars().map(u32::from).collect();
    let mut encoded: String = source.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(encoded.len()).ok()?;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut handled, mut least, mut delta, mut bias) = (basic, 128_u32, 0_u32, 72);
    while let Some(next) = points.iter().copied().filter(|&point| point >= least).min() {
        delta = delta.checked_add((next - least).checked_mul(handled + 1)?)?;
        for &point in &points {
            if point < next {
                delta = delta.checked_add(1)?;
            }
            if point != next {
                continue;
            }
            let (mut rest, mut k) = (delta, 36);
            loop {
                let weight = threshold(k, bias);
                if rest < weight {
                    break;
                }
                encoded.push(digit(weight + (rest - weight) % (36 - weight)));
                rest = (rest - weight) / (36 - weight);
                k += 36;
            }
            encoded.push(digit(rest));
            bias = adapted(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        least = next + 1;
    }
    Some(encoded)
}

fn from_punycode(source: &str) -> Option<String> {
    let (basic, code) = source.rsplit_once('-').unwrap_or(("", source));
    basic.is_ascii().then_some(())?;
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut point, mut at, mut bias) = (128_u32, 0_u32, 72);
    let mut digits = code.chars();
    while !digits.as_str().is_empty() {
        let (before, mut weight, mut k) = (at, 1_u32, 36);
        loop {
            let digit = digits.next()?.to_digit(36)?;
            let value = if digit >= 10 { digit - 10 } else { digit + 26 };
            at = at.checked_add(value.checked_mul(weight)?)?;
            let limit = threshold(k, bias);
            if value < limit {
                break;
            }
            weight = weight.checked_mul(36 - limit)?;
            k += 36;
        }
        let length = u32::try_from(decoded.len()).ok()? + 1;
        bias = adapted(at - before, length, before == 0);
        point = point.checked_add(at / length)?;
        at %= length;
        decoded.insert(usize::try_from(at).ok()?, char::from_u32(point)?);
        at += 1;
    }
    Some(decoded.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn punycode_goes_both_ways() {
        for (plain, code) in [
            ("bücher", "bcher-kva"),
            ("académie-française", "acadmie-franaise-npb1a"),
            ("艺术", "cqv902d"),
            ("abc", "abc-"),
        ] {
            assert_eq!(answer("punycode_from_string", &[text(plain)]), code);
            assert_eq!(answer("punycode_to_string", &[text(code)]), plain);
        }
        assert_eq!(answer("punycode_to_string", &[text("a-99999999999")]), "");
        let domain = answer("punycode_domain_from_string", &[text("xn--Ge-mia.Bulg.edu")]);
        assert_eq!(domain, "Gáe.Bulg.edu");
        // As documented.
        for (plain, code) in [
            ("Lê Lợi。Thuận Thiên。com", "xn--L Li-gpa4517b.xn--Thun Thin-s4a7194f.com"),
            ("Riðill｡Skáldskaparmál｡org", "xn--Riill-jta.xn--Skldskaparml-dbbj.org"),
            ("Kaledvoulc'h.Artorījos.edu", "Kaledvoulc'h.xn--Artorjos-ejb.edu"),
        ] {
            assert_eq!(answer("punycode_domain_to_string", &[text(plain)]), code);
        }
    }
}
