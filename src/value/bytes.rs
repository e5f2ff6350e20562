//! Values as bytes that say all of them: for rows between machines.

use std::sync::Arc;

use uuid::Uuid;

use super::{Bag, DateTime, Decimal, TimeSpan, Value, ValueRef};

/// Appends a value: a letter for what it is, then what it holds. Numbers are little-endian; texts and lists begin with
/// their length.
pub(crate) fn encode_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    fn text(out: &mut Vec<u8>, letter: u8, text: &str) {
        out.push(letter);
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    let mut fixed = |letter: u8, bytes: &[u8]| {
        out.push(letter);
        out.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => fixed(b'0', &[]),
        ValueRef::Bool(value) => fixed(b'b', &[u8::from(value)]),
        ValueRef::Int(value) => fixed(b'i', &value.to_le_bytes()),
        ValueRef::Long(value) => fixed(b'l', &value.to_le_bytes()),
        ValueRef::Real(value) => fixed(b'r', &value.to_le_bytes()),
        ValueRef::Decimal(value) => fixed(b'd', &value.to_bytes()),
        ValueRef::DateTime(value) => fixed(b't', &value.ticks().to_le_bytes()),
        ValueRef::TimeSpan(value) => fixed(b'n', &value.ticks().to_le_bytes()),
        ValueRef::Guid(value) => fixed(b'g', value.as_bytes()),
        ValueRef::String(value) => text(out, b's', value),
        ValueRef::Json(value) => text(out, b'j', value),
        ValueRef::Array(items) => {
            fixed(b'a', &(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| encode_value(out, item.as_ref()));
        }
        ValueRef::Bag(bag) => {
            fixed(b'm', &(bag.len() as u64).to_le_bytes());
            for (key, value) in bag {
                text(out, b's', key);
                encode_value(out, value.as_ref());
            }
        }
    }
}

/// Hands over the value that these bytes say, and none else; none if they are no value.
pub(crate) fn decode_value<T>(bytes: &[u8], take: impl FnOnce(ValueRef<'_>) -> T) -> Option<T> {
    let mut rest = bytes;
    // The text of most values is taken from where it lies.
    let made = match rest.first()? {
        b's' | b'j' => {
            let letter = letter(&mut rest)?;
            let text = text(&mut rest)?;
            take(if letter == b's' { ValueRef::String(text) } else { ValueRef::Json(text) })
        }
        _ => take(value(&mut rest, 0)?.as_ref()),
    };
    rest.is_empty().then_some(made)
}

fn taken<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    Some(taken)
}

fn letter(rest: &mut &[u8]) -> Option<u8> {
    taken(rest, 1)?.first().copied()
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    taken(rest, N)?.try_into().ok()
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(array(rest)?)).ok()
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = length(rest)?;
    std::str::from_utf8(taken(rest, len)?).ok()
}

/// Deeper than any value is nested.
const DEPTH: usize = 4096;

fn value(rest: &mut &[u8], depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    Some(match letter(rest)? {
        b'0' => Value::Null,
        b'b' => Value::Bool(letter(rest)? != 0),
        b'i' => Value::Int(i32::from_le_bytes(array(rest)?)),
        b'l' => Value::Long(i64::from_le_bytes(array(rest)?)),
        b'r' => Value::Real(f64::from_le_bytes(array(rest)?)),
        b'd' => Value::Decimal(Decimal::from_bytes(array(rest)?)?),
        b't' => Value::DateTime(DateTime::from_ticks(i64::from_le_bytes(array(rest)?))),
        b'n' => Value::TimeSpan(TimeSpan::from_ticks(i64::from_le_bytes(array(rest)?))),
        b'g' => Value::Guid(Uuid::from_bytes(array(rest)?)),
        b's' => text(rest)?.into(),
        b'j' => super::parse_json_text(text(rest)?)?,
        b'a' => {
            let len = length(rest)?;
            let items: Option<Vec<Value>> = (0..len).map(|_| value(rest, depth + 1)).collect();
            Value::Array(Arc::new(items?))
        }
        b'm' => {
            let (len, mut bag) = (length(rest)?, Bag::default());
            for _ in 0..len {
                if letter(rest)? != b's' {
                    return None;
                }
                let key = text(rest)?.into();
                bag.insert(key, value(rest, depth + 1)?);
            }
            Value::Bag(Arc::new(bag))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_none_and_nothing_may_stand_behind_one() {
        let mut bytes = Vec::new();
        encode_value(&mut bytes, Value::Array(vec![Value::Int(1), Value::from("x")].into()).as_ref());
        let read = |bytes: &[u8]| decode_value(bytes, |value| value.to_value());
        assert_eq!(read(&bytes), Some(Value::Array(vec![Value::Int(1), Value::from("x")].into())));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None);
        }
        bytes.push(b'0');
        assert_eq!(read(&bytes), None);
    }
}
