//! Exact decimal numbers, as wide as .NET's `SqlDecimal`, whose literals Kusto's are (page of the data type).

use std::cmp::Ordering;
use std::error;
use std::fmt::{self, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use decimal_rs::Decimal as Wide;

/// Digits that a decimal has at most, wherever its point is.
const DIGITS: u8 = 38;

/// The first number of more digits.
const END: u128 = 10_u128.pow(DIGITS as u32);

/// An exact decimal number of up to 38 digits, up to 38 of them behind its point.
///
/// What an operation gives of more digits is rounded, a half away from zero; what would have more digits before its point
/// is null in a query. Numbers are equal by value, and keep how many digits were written: `1.50` is `1.5`.
///
/// ```
/// use argql::Decimal;
///
/// let price: Decimal = "1.50".parse()?;
/// assert_eq!(price, Decimal::from_parts(15, 1).expect("two digits fit"));
/// assert_eq!((price.digits(), price.scale(), price.to_string().as_str()), (150, 2, "1.50"));
/// assert!("1e38".parse::<Decimal>().is_err(), "39 digits");
/// # Ok::<(), argql::DecimalError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Decimal(Wide);

/// A text that is no decimal number, or one of more than 38 digits.
///
/// ```
/// let error = "1,5".parse::<argql::Decimal>().expect_err("the point is a point");
/// assert_eq!(error.to_string(), "no decimal number of up to 38 digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecimalError;

impl Display for DecimalError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "no decimal number of up to {DIGITS} digits")
    }
}

impl error::Error for DecimalError {}

/// A number before it is fitted to the digits that there are.
struct Unfitted {
    negative: bool,
    digits: u128,
    /// Digits behind the point; fewer than none where zeros follow.
    scale: i64,
    /// Whether it was rounded already.
    rounded: bool,
}

impl Unfitted {
    fn of(value: Wide) -> Unfitted {
        let (digits, scale, negative) = value.into_parts();
        Unfitted { negative, digits, scale: scale.into(), rounded: false }
    }

    /// A sign or none, digits with a point among them or not, an exponent or none.
    fn read(text: &str) -> Option<Unfitted> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (number, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (mut digits, mut left_out, mut half, mut rounded) = (0_u128, 0_i64, false, false);
        for digit in all().map(|byte| byte - b'0') {
            if left_out == 0 && digits < END / 10 {
                digits = digits * 10 + u128::from(digit);
            } else {
                half |= left_out == 0 && digit >= 5;
                rounded |= digit > 0;
                left_out += 1;
            }
        }
        let behind = i64::try_from(fraction.len()).ok()?;
        Some(Unfitted {
            negative: text.starts_with('-'),
            digits: digits + u128::from(half),
            scale: behind - i64::from(exponent) - left_out,
            rounded,
        })
    }

    /// As many digits as there are room for; none if there is no room before the point.
    fn fit(mut self) -> Option<(Decimal, bool)> {
        if self.digits == 0 {
            return Some((Decimal::ZERO, self.rounded));
        }
        while self.scale < 0 || self.digits >= END {
            if self.scale > 0 {
                self.lose(1);
            } else if self.digits < END / 10 && self.scale < 0 {
                self.digits *= 10;
                self.scale += 1;
            } else {
                return None;
            }
        }
        self.lose((self.scale - i64::from(DIGITS)).max(0));
        let scale = i16::try_from(self.scale).ok()?;
        Wide::from_parts(self.digits, scale, self.negative).ok().map(|value| (Decimal(value), self.rounded))
    }

    /// Rounds so many digits away.
    fn lose(&mut self, count: i64) {
        self.scale -= count;
        let unit = u32::try_from(count).ok().and_then(|count| 10_u128.checked_pow(count));
        // Of fewer digits than go, nothing is left.
        let (kept, rest) = unit.map_or((0, 0), |unit| (self.digits / unit, self.digits % unit));
        self.rounded |= kept == 0 || rest > 0;
        self.digits = kept + u128::from(unit.is_some_and(|unit| rest > 0 && rest >= unit.div_ceil(2)));
    }
}

impl Decimal {
    pub(crate) const ZERO: Decimal = Decimal(Wide::ZERO);

    /// `digits` with `scale` of them behind the point; none if one of both is beyond 38.
    ///
    /// ```
    /// use argql::Decimal;
    ///
    /// assert_eq!(Decimal::from_parts(-5, 3).map(|value| value.to_string()).as_deref(), Some("-0.005"));
    /// assert_eq!(Decimal::from_parts(1, 39), None);
    /// ```
    pub fn from_parts(digits: i128, scale: u8) -> Option<Decimal> {
        if scale > DIGITS || digits.unsigned_abs() >= END {
            return None;
        }
        Wide::from_parts(digits.unsigned_abs(), scale.into(), digits < 0).ok().map(Decimal)
    }

    /// `digits` with `scale` of them behind the point, or zeros behind them; zeros at the end may go, and no other digit.
    pub(crate) fn exact(digits: i128, scale: i8) -> Option<Decimal> {
        let value =
            Unfitted { negative: digits < 0, digits: digits.unsigned_abs(), scale: scale.into(), rounded: false };
        value.fit().filter(|(_, rounded)| !rounded).map(|(value, _)| value)
    }

    /// All digits, as if there were no point; below 0 for what is below 0.
    ///
    /// ```
    /// assert_eq!("-1.50".parse::<argql::Decimal>()?.digits(), -150);
    /// # Ok::<(), argql::DecimalError>(())
    /// ```
    pub fn digits(self) -> i128 {
        let (digits, _, negative) = self.0.into_parts();
        // Fewer than 2^127 by how it was made.
        let digits = i128::try_from(digits).unwrap_or(i128::MAX);
        if negative { -digits } else { digits }
    }

    /// How many digits are behind the point.
    ///
    /// ```
    /// assert_eq!("1.50".parse::<argql::Decimal>()?.scale(), 2);
    /// # Ok::<(), argql::DecimalError>(())
    /// ```
    pub fn scale(self) -> u8 {
        u8::try_from(self.0.scale()).unwrap_or_default()
    }

    /// The nearest `real`.
    ///
    /// ```
    /// assert_eq!("0.1".parse::<argql::Decimal>()?.to_f64(), 0.1);
    /// # Ok::<(), argql::DecimalError>(())
    /// ```
    pub fn to_f64(self) -> f64 {
        // By its text, which Rust reads to the nearest.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The number that a text says, rounded where it has more digits than there are.
    pub(crate) fn nearest(text: &str) -> Option<Decimal> {
        Some(Unfitted::read(text)?.fit()?.0)
    }

    /// Without what is behind the point.
    pub(crate) fn whole(self) -> i128 {
        let (digits, unit) = (self.digits(), 10_i128.checked_pow(self.scale().into()));
        unit.map_or(0, |unit| digits / unit)
    }

    /// Without what is behind the point, if 64 bits hold it.
    pub(crate) fn to_i64(self) -> Option<i64> {
        i64::try_from(self.whole()).ok()
    }

    pub(crate) fn is_integer(self) -> bool {
        !self.0.has_fract()
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Without zeros at the end of its fraction.
    pub(crate) fn shortest(self) -> Decimal {
        Decimal(self.0.normalize())
    }

    pub(crate) fn abs(self) -> Decimal {
        Decimal(self.0.abs())
    }

    pub(crate) fn floor(self) -> Decimal {
        Decimal(self.0.floor())
    }

    pub(crate) fn ceil(self) -> Decimal {
        Decimal(self.0.ceil())
    }

    /// With so many digits behind the point at most (before it, if negative), a half away from zero; none if that has one
    /// digit too many.
    pub(crate) fn round(self, digits: i64) -> Option<Decimal> {
        let mut value = Unfitted::of(self.0);
        value.lose((value.scale - digits).max(0));
        Some(value.fit()?.0)
    }

    pub(crate) fn checked_add(self, other: Decimal) -> Option<Decimal> {
        Decimal::fitted(self.0.checked_add(other.0)?)
    }

    pub(crate) fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        Decimal::fitted(self.0.checked_sub(other.0)?)
    }

    pub(crate) fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        Decimal::fitted(self.0.checked_mul(other.0)?)
    }

    /// None by zero, as for [`checked_rem`](Decimal::checked_rem).
    pub(crate) fn checked_div(self, other: Decimal) -> Option<Decimal> {
        Decimal::fitted(self.0.checked_div(other.0)?.normalize())
    }

    /// What is left, from zero up.
    pub(crate) fn checked_rem(self, other: Decimal) -> Option<Decimal> {
        let rest = Decimal::fitted(self.0.checked_rem(other.0)?)?;
        if rest < Decimal::ZERO { rest.checked_add(other.abs()) } else { Some(rest) }
    }

    fn fitted(value: Wide) -> Option<Decimal> {
        Some(Unfitted::of(value).fit()?.0)
    }

    /// Bytes that say it with all its digits.
    pub(crate) fn to_bytes(self) -> [u8; Decimal::BYTES] {
        let mut bytes = [self.scale(); Decimal::BYTES];
        bytes[1..].copy_from_slice(&self.digits().to_le_bytes());
        bytes
    }

    /// None if the bytes are none of a decimal.
    pub(crate) fn from_bytes(bytes: [u8; Decimal::BYTES]) -> Option<Decimal> {
        let [scale, digits @ ..] = bytes;
        Decimal::from_parts(i128::from_le_bytes(digits), scale)
    }

    /// How many bytes say one.
    pub(crate) const BYTES: usize = 17;
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Digits with a point among them or not, with a sign or without, and an exponent such as `e-3` or none.
    fn from_str(text: &str) -> Result<Decimal, DecimalError> {
        let (value, rounded) = Unfitted::read(text).and_then(Unfitted::fit).ok_or(DecimalError)?;
        if rounded { Err(DecimalError) } else { Ok(value) }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal(value.into())
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Decimal {
        Decimal(value.into())
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (digits, scale) = (self.digits(), usize::from(self.scale()));
        let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = text.split_at(text.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        f.pad_integral(digits >= 0, "", &format!("{whole}{point}{fraction}"))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.0 == other.0
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::nearest(text).unwrap_or_else(|| panic!("{text}"))
    }

    const NINES: &str = "99999999999999999999999999999999999999";

    #[test]
    fn texts_have_a_sign_digits_with_a_point_and_an_exponent() {
        for (text, as_read) in [
            ("1.50", "1.50"),
            ("-.5", "-0.5"),
            ("+7.", "7"),
            ("007", "7"),
            ("1e5", "100000"),
            ("1.25E-3", "0.00125"),
            ("-0.0", "0"),
            ("20231115000000010000000000000000", "20231115000000010000000000000000"),
            (NINES, NINES),
        ] {
            assert_eq!(text.parse::<Decimal>().map(|value| value.to_string()).as_deref(), Ok(as_read), "{text}");
        }
        for text in ["", ".", "-", "1_0", " 1", "1e", "e5", "1e38", "0x1F", "nan", "1.2.3", "--1", "1e99999999999"] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError), "{text}");
        }
    }

    #[test]
    fn more_digits_than_there_are_are_rounded_and_no_exact_text() {
        let long = format!("0.{NINES}9");
        assert_eq!(decimal(&long).to_string(), "1.0000000000000000000000000000000000000");
        assert_eq!(long.parse::<Decimal>(), Err(DecimalError));
        assert_eq!(format!("{NINES}.0").parse::<Decimal>().map(|value| value.to_string()).as_deref(), Ok(NINES));
        assert_eq!(decimal("1e-39").to_string(), "0");
        assert_eq!(decimal("5e-39").to_string(), "0.00000000000000000000000000000000000001");
        assert_eq!(decimal("1e-99").to_string(), "0");
        assert_eq!(Decimal::nearest(&format!("{NINES}.5")), None);
    }

    #[test]
    fn operations_are_exact_as_far_as_there_are_digits() {
        let show = |value: Option<Decimal>| value.map(|value| value.to_string());
        assert_eq!(show(decimal("0.1").checked_add(decimal("0.20"))).as_deref(), Some("0.30"));
        assert_eq!(show(decimal(NINES).checked_add(Decimal::from(1_i64))), None);
        assert_eq!(show(decimal("1.5").checked_mul(decimal("-2"))).as_deref(), Some("-3.0"));
        assert_eq!(show(decimal("1e20").checked_mul(decimal("1e20"))), None);
        assert_eq!(show(Decimal::from(1_i64).checked_div(decimal("3"))), Some(format!("0.{}", "3".repeat(38))));
        assert_eq!(show(Decimal::from(10_i64).checked_div(decimal("4"))).as_deref(), Some("2.5"));
        assert_eq!(show(decimal("1").checked_div(Decimal::ZERO)), None);
        assert_eq!(show(decimal("-7.5").checked_rem(decimal("2"))).as_deref(), Some("0.5"));
    }

    #[test]
    fn parts_of_numbers() {
        let value = decimal("-2.50");
        assert_eq!((value.digits(), value.scale(), value.to_i64()), (-250, 2, Some(-2)));
        assert_eq!([value.floor(), value.ceil(), value.abs()], [decimal("-3"), decimal("-2"), decimal("2.5")]);
        assert_eq!([0, 1, -1].map(|digits| value.round(digits)), ["-3", "-2.5", "0"].map(|text| Some(decimal(text))));
        assert_eq!(decimal(NINES).round(-1), None, "one digit more");
        assert_eq!(decimal("1e20").to_i64(), None);
        assert_eq!(Decimal::from_bytes(value.to_bytes()).map(|value| value.to_string()).as_deref(), Some("-2.50"));
        assert_eq!(Decimal::from_bytes([0xff; Decimal::BYTES]), None);
    }

    #[test]
    fn a_cell_is_no_larger_for_it() {
        assert_eq!(size_of::<super::super::ValueRef<'_>>(), 24);
    }
}
