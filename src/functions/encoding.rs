//! Hashes, Base64 and compression of text.

use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::cells::{elements, long, text};
use crate::column::Out;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef, text_of};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &HASH,
    &HASH_XXHASH64,
    &HASH_MD5,
    &HASH_SHA1,
    &HASH_SHA256,
    &BASE64_ENCODE_TOSTRING,
    &BASE64_ENCODESTRING,
    &BASE64_DECODE_TOSTRING,
    &BASE64_DECODESTRING,
    &BASE64_DECODE_TOARRAY,
    &BASE64_ENCODE_FROMARRAY,
    &BASE64_DECODE_TOGUID,
    &BASE64_ENCODE_FROMGUID,
    &ZLIB_COMPRESS,
    &GZIP_COMPRESS,
    &ZLIB_DECOMPRESS,
    &GZIP_DECOMPRESS,
];

pub(crate) const HASH: Scalar = Scalar {
    name: "hash",
    params: &[any("source"), integer("modulo").optional()],
    returns: Returns::By(|types| match types[0] {
        Type::String | Type::Long | Type::Real | Type::DateTime | Type::TimeSpan => Ok(Type::Long),
        // Which bytes Kusto hashes of the others was not measured.
        ty => Err(format!("the hash of a {ty} is not known; hash its text, or the long it stands for")),
    }),
    about: "A number that is the same for the same `source`: its xxHash64, or the rest of that by `modulo`.",
    examples: &[Example { query: "print hash('World'), hash('World', 100)", result: "1846988464401551951, 51" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let hash = match cells[0] {
            ValueRef::String(text) => xxh64(text.as_bytes(), 0),
            ValueRef::Long(v) => xxh64(&v.to_le_bytes(), 0),
            ValueRef::Real(v) => xxh64(&v.to_le_bytes(), 0),
            ValueRef::DateTime(v) => xxh64(&v.ticks().to_le_bytes(), 0),
            ValueRef::TimeSpan(v) => xxh64(&v.ticks().to_le_bytes(), 0),
            _ => return out.null(),
        };
        match cells.get(1).map(|&cell| long(cell)) {
            None => out.long(hash.cast_signed()),
            Some(Some(modulo)) if modulo > 0 => out.long((hash % modulo.unsigned_abs()).cast_signed()),
            Some(_) => out.null(),
        }
    }),
    ..Scalar::PLAIN
};

const HASH_XXHASH64: Scalar = Scalar {
    name: "hash_xxhash64",
    examples: &[Example { query: "print hash_xxhash64('World')", result: "1846988464401551951" }],
    ..HASH
};

/// A digest of the text of any value, in hexadecimal; of nothing, nothing (measured on Kusto).
const fn digest(
    name: &'static str,
    about: &'static str,
    examples: &'static [Example],
    prepare: fn(&Args<'_>) -> Result<Kernel, ArgumentFault>,
) -> Scalar {
    Scalar {
        name,
        params: const { &[any("source")] },
        returns: Returns::Is(Type::String),
        about,
        examples,
        strict: false,
        kernel: KernelDef::Prepared(prepare),
        ..Scalar::PLAIN
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every preparation")]
fn digested<D: Digest>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let ty = args.types[0];
    Ok(Box::new(move |cells, out| {
        let text = text_of(ty, &cells[0]);
        if text.is_empty() {
            return out.string("");
        }
        out.write(|to| D::digest(text.as_bytes()).iter().for_each(|&byte| push_hex(to, byte)));
    }))
}

/// Two hexadecimal digits.
fn push_hex(to: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        to.push(char::from_digit(digit.into(), 16).expect("half a byte is one digit"));
    }
}

const HASH_MD5: Scalar = digest(
    "hash_md5",
    "The MD5 of the text of `source`, in hexadecimal.",
    &[Example { query: "print hash_md5('World')", result: "f5a7924e621e84c9280a9a27e1bcb7f6" }],
    digested::<Md5>,
);

const HASH_SHA1: Scalar = digest(
    "hash_sha1",
    "The SHA-1 of the text of `source`, in hexadecimal.",
    &[Example { query: "print hash_sha1('World')", result: "70c07ec18ef89c5309bbb0937f3a6342411e1fdd" }],
    digested::<Sha1>,
);

const HASH_SHA256: Scalar = digest(
    "hash_sha256",
    "The SHA-256 of the text of `source`, in hexadecimal.",
    &[Example {
        query: "print hash_sha256('World')",
        result: "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524",
    }],
    digested::<Sha256>,
);

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

const BASE64_ENCODE_TOSTRING: Scalar = Scalar {
    name: "base64_encode_tostring",
    params: &[string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` in Base64.",
    examples: &[Example { query: "print base64_encode_tostring('Kusto')", result: "S3VzdG8=" }],
    kernel: KernelDef::Plain(|cells, out| out.write(|to| BASE64.encode_string(text(cells[0]), to))),
    ..Scalar::PLAIN
};

/// The old name of `base64_encode_tostring`.
const BASE64_ENCODESTRING: Scalar = Scalar { name: "base64_encodestring", legacy: true, ..BASE64_ENCODE_TOSTRING };

const BASE64_DECODE_TOSTRING: Scalar = Scalar {
    name: "base64_decode_tostring",
    params: &[string("base64")],
    returns: Returns::Is(Type::String),
    about: "The text that `base64` stands for; empty if it is none.",
    examples: &[Example { query: "print base64_decode_tostring('S3VzdG8=')", result: "Kusto" }],
    kernel: KernelDef::Plain(|cells, out| {
        let decoded = decoded(text(cells[0])).and_then(|bytes| String::from_utf8(bytes).ok());
        out.string(&decoded.unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

/// The old name of `base64_decode_tostring`.
const BASE64_DECODESTRING: Scalar = Scalar { name: "base64_decodestring", legacy: true, ..BASE64_DECODE_TOSTRING };

const BASE64_DECODE_TOARRAY: Scalar = Scalar {
    name: "base64_decode_toarray",
    params: &[string("base64")],
    returns: Returns::Is(Type::Dynamic),
    about: "The bytes that `base64` stands for, as numbers.",
    examples: &[Example { query: "print base64_decode_toarray('S3VzdG8=')", result: "[75,117,115,116,111]" }],
    kernel: KernelDef::Plain(|cells, out| match decoded(text(cells[0])) {
        Some(bytes) => {
            out.owned(Value::Array(Arc::new(bytes.into_iter().map(|byte| Value::Long(byte.into())).collect())))
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const BASE64_ENCODE_FROMARRAY: Scalar = Scalar {
    name: "base64_encode_fromarray",
    params: &[dynamic("bytes")],
    returns: Returns::Is(Type::String),
    about: "An array of bytes, as numbers, in Base64.",
    examples: &[Example {
        query: "print base64_encode_fromarray(dynamic([75, 117, 115, 116, 111]))",
        result: "S3VzdG8=",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let byte = |item: &Value| long(item.as_ref()).and_then(|item| u8::try_from(item).ok());
        let bytes = elements(cells[0]).and_then(|items| items.iter().map(byte).collect::<Option<Vec<u8>>>());
        out.string(&bytes.map(|bytes| BASE64.encode(bytes)).unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

const BASE64_DECODE_TOGUID: Scalar = Scalar {
    name: "base64_decode_toguid",
    params: &[string("base64")],
    returns: Returns::Is(Type::Guid),
    about: "The guid whose bytes, in the order of .NET, `base64` stands for.",
    examples: &[Example {
        query: "print base64_decode_toguid('AQIDBAUGBwgJCgsMDQ4PEA==')",
        result: "04030201-0605-0807-090a-0b0c0d0e0f10",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let bytes = decoded(text(cells[0])).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        out.value(bytes.map_or(ValueRef::Null, |bytes| ValueRef::Guid(Uuid::from_bytes_le(bytes))));
    }),
    ..Scalar::PLAIN
};

const BASE64_ENCODE_FROMGUID: Scalar = Scalar {
    name: "base64_encode_fromguid",
    params: &[Param::new("guid", Takes::Is(Type::Guid))],
    returns: Returns::Is(Type::String),
    about: "The bytes of `guid`, in the order of .NET, in Base64.",
    examples: &[Example {
        query: "print base64_encode_fromguid(toguid('ae3133f2-6e22-49ae-b06a-16e6a9b212eb'))",
        result: "8jMxriJurkmwahbmqbIS6w==",
    }],
    kernel: KernelDef::Plain(|cells, out| match cells[0] {
        ValueRef::Guid(guid) => out.write(|to| BASE64.encode_string(guid.to_bytes_le(), to)),
        _ => out.null(),
    }),
    ..Scalar::PLAIN
};

const ZLIB_COMPRESS: Scalar = Scalar {
    name: "zlib_compress_to_base64_string",
    params: &[string("source")],
    returns: Returns::Is(Type::String),
    about: "`source` packed by zlib, in Base64. Other programs may pack it to other bytes of the same meaning.",
    examples: &[Example {
        query: "print zlib_decompress_from_base64_string(zlib_compress_to_base64_string('abcabcabc'))",
        result: "abcabcabc",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let packed = packed(text(cells[0]).as_bytes(), |bytes, level| Box::new(ZlibEncoder::new(bytes, level)));
        out.write(|to| BASE64.encode_string(&packed, to));
    }),
    ..Scalar::PLAIN
};

const GZIP_COMPRESS: Scalar = Scalar {
    name: "gzip_compress_to_base64_string",
    about: "`source` packed by gzip, in Base64. Other programs may pack it to other bytes of the same meaning.",
    examples: &[Example {
        query: "print gzip_decompress_from_base64_string(gzip_compress_to_base64_string('abcabcabc'))",
        result: "abcabcabc",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let mut packed = packed(text(cells[0]).as_bytes(), |bytes, level| Box::new(GzEncoder::new(bytes, level)));
        // How hard the packer tried is not said in the head, as Kusto does not (measured).
        packed.iter_mut().skip(8).take(1).for_each(|flag| *flag = 0);
        out.write(|to| BASE64.encode_string(&packed, to));
    }),
    ..ZLIB_COMPRESS
};

/// Bytes that do not become fewer are stored as they are, as Kusto does (measured).
fn packed<'a>(bytes: &'a [u8], pack: fn(&'a [u8], Compression) -> Box<dyn Read + 'a>) -> Vec<u8> {
    let at_level = |level| {
        let mut packed = Vec::new();
        pack(bytes, level).read_to_end(&mut packed).expect("memory can be read");
        packed
    };
    let packed = at_level(Compression::fast());
    if packed.len() < bytes.len() { packed } else { at_level(Compression::none()) }
}

/// No text that was unpacked is larger: a few bytes can stand for gigabytes.
const LARGEST: u64 = 64 << 20;

fn unpacked(cells: &[ValueRef<'_>], read: impl FnOnce(&[u8], &mut String) -> std::io::Result<usize>, out: &mut Out) {
    let mut unpacked = String::new();
    let read = decoded(text(cells[0])).is_some_and(|bytes| read(&bytes, &mut unpacked).is_ok());
    out.string(if read { &unpacked } else { "" });
}

const ZLIB_DECOMPRESS: Scalar = Scalar {
    name: "zlib_decompress_from_base64_string",
    params: &[string("base64")],
    returns: Returns::Is(Type::String),
    about: "The text that zlib packed into `base64`; empty if there is none.",
    examples: &[Example {
        query: "print zlib_decompress_from_base64_string('eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=')",
        result: "Test string 123",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        unpacked(cells, |bytes, to| flate2::read::ZlibDecoder::new(bytes).take(LARGEST).read_to_string(to), out);
    }),
    ..Scalar::PLAIN
};

const GZIP_DECOMPRESS: Scalar = Scalar {
    name: "gzip_decompress_from_base64_string",
    about: "The text that gzip packed into `base64`; empty if there is none.",
    examples: &[Example { query: "print gzip_decompress_from_base64_string('x0x0')", result: "" }],
    kernel: KernelDef::Plain(|cells, out| {
        unpacked(cells, |bytes, to| flate2::read::GzDecoder::new(bytes).take(LARGEST).read_to_string(to), out);
    }),
    ..ZLIB_DECOMPRESS
};

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn hashes_of_text_and_ticks() {
        assert_eq!(answer("hash", &[text("World")]), "1846988464401551951");
        assert_eq!(answer("hash", &[text("World"), long(100)]), "51");
        assert_eq!(answer("hash", &[moment("2015-01-01")]), "1380966698541616202");
        assert_eq!(answer("hash_md5", &[moment("2020-01-01")]), "786c530672d1f8db31fee25ea8a9390b");
        assert_eq!(answer("hash_sha1", &[text("")]), "");
        assert!(refusal("hash", &[bool(true)]).contains("bool"));
    }

    #[test]
    fn what_is_no_base64_of_text_is_empty() {
        let decoded = |source| answer("base64_decode_tostring", &[text(source)]);
        assert_eq!(decoded("S3VzdG8="), "Kusto");
        assert_eq!(decoded("U3RyaW5n0KHR0tGA0L7Rh9C60LA="), "");
        assert_eq!(decoded("!"), "");
        assert_eq!(answer("zlib_decompress_from_base64_string", &[text("x0x0x0")]), "");
    }
}
