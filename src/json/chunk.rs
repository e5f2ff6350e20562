//! Bytes looked through 32 or 64 at a time.

/// The first quote, backslash or control character from `at` on, or the end; also bytes beyond ASCII if `ASCII`.
#[inline]
pub(super) fn skip<const ASCII: bool>(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "AVX2 is there; nothing else is asked of the caller")]
        let stop = unsafe { skip_avx2::<ASCII>(bytes, &mut at) };
        if stop {
            return at;
        }
    }
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let stops = stops::<ASCII>(chunk);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += 32;
    }
    while let Some(&byte) = bytes.get(at) {
        if is_stop::<ASCII>(byte) {
            break;
        }
        at += 1;
    }
    at
}

pub(super) fn is_stop<const ASCII: bool>(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20 || ASCII && byte >= 0x80
}

/// Moves `at` to the next of these bytes by steps of 64; false if it came near the end first.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn skip_avx2<const ASCII: bool>(bytes: &[u8], at: &mut usize) -> bool {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };
    let stops = |bytes: __m256i| {
        let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x22));
        let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x5c));
        let outside = match ASCII {
            // Bytes beyond ASCII are negative.
            true => _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes),
            false => _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes),
        };
        let stops = _mm256_or_si256(_mm256_or_si256(quote, backslash), outside);
        u64::from(_mm256_movemask_epi8(stops).cast_unsigned())
    };
    while let Some(chunk) = bytes.get(*at..).and_then(<[u8]>::first_chunk::<64>) {
        #[expect(unsafe_code, reason = "both loads lie within the 64 bytes of `chunk`, and need no alignment")]
        let (low, high) = unsafe {
            let from = chunk.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
        };
        let found = stops(low) | stops(high) << 32;
        if found != 0 {
            *at += found.trailing_zeros() as usize;
            return true;
        }
        *at += 64;
    }
    false
}

/// How many of the bytes are plain ASCII without quotes and backslashes, as far as one look at 32 of them tells, and where
/// all of these are so, another one; none if there are fewer.
#[inline]
pub(crate) fn glance(bytes: &[u8]) -> Option<usize> {
    let plain = |chunk: &[u8; 32]| stops::<true>(chunk).trailing_zeros() as usize;
    let (first, behind) = bytes.split_first_chunk()?;
    Some(match (plain(first), behind.first_chunk()) {
        (32, Some(next)) => 32 + plain(next),
        (plain, _) => plain,
    })
}

/// A bit for each byte that is a quote, a backslash, a control character or, if `ASCII`, beyond ASCII.
#[cfg(target_arch = "x86_64")]
#[inline]
fn stops<const ASCII: bool>(chunk: &[u8; 32]) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    #[inline]
    #[target_feature(enable = "sse2")]
    fn half<const ASCII: bool>(bytes: __m128i) -> u32 {
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
        let outside = match ASCII {
            // Bytes beyond ASCII are negative.
            true => _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
            false => _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes),
        };
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), outside)).cast_unsigned()
    }
    #[expect(unsafe_code, reason = "SSE2 is part of every x86-64; both loads lie within the 32 bytes of `chunk`")]
    let (low, high) = unsafe {
        let from = chunk.as_ptr().cast::<__m128i>();
        (half::<ASCII>(_mm_loadu_si128(from)), half::<ASCII>(_mm_loadu_si128(from.add(1))))
    };
    low | high << 16
}

/// A bit for each byte at which strings are not plain, without SIMD.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn stops<const ASCII: bool>(chunk: &[u8; 32]) -> u32 {
    let bits = chunk.iter().enumerate().map(|(bit, &byte)| u32::from(is_stop::<ASCII>(byte)) << bit);
    bits.fold(0, |all, bit| all | bit)
}

/// Bytes that come from memory at once.
pub(crate) const LINE: usize = 64;

/// Asks for the line of the cache with the byte at `at`, there or not, which will be wanted soon.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn fetch(bytes: &[u8], at: usize) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    #[expect(unsafe_code, reason = "SSE is part of every x86-64; a hint reads nothing, whatever is at the address")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T1>(bytes.as_ptr().wrapping_add(at).cast());
    }
}

/// Other processors find out by themselves.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) fn fetch(_: &[u8], _: usize) {}

/// Whether `bytes` stand `here`, where the mask is all ones.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn masked_eq(here: &[u8; 32], bytes: &[u8; 32], mask: &[u8; 32]) -> bool {
    use std::arch::x86_64::{__m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};
    #[expect(unsafe_code, reason = "SSE2 is part of every x86-64; all loads lie within the 32 bytes of each")]
    unsafe {
        let half = |number: usize| {
            let load = |from: &[u8; 32]| _mm_loadu_si128(from.as_ptr().cast::<__m128i>().add(number));
            _mm_cmpeq_epi8(_mm_and_si128(load(here), load(mask)), load(bytes))
        };
        _mm_movemask_epi8(_mm_and_si128(half(0), half(1))) == 0xffff
    }
}

/// Whether `bytes` stand `here`, where the mask is all ones: without SIMD.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) fn masked_eq(here: &[u8; 32], bytes: &[u8; 32], mask: &[u8; 32]) -> bool {
    here.iter().zip(mask).zip(bytes).all(|((here, mask), byte)| here & mask == *byte)
}
