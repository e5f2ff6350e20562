//! The beta distribution and what is computed by it.

use super::cells::real;
use crate::column::Out;
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&BETA_CDF, &BETA_INV, &BETA_PDF, &WELCH_TEST];

const BETA_CDF: Scalar = Scalar {
    name: "beta_cdf",
    params: &[number("x"), number("alpha"), number("beta")],
    returns: Returns::Is(Type::Real),
    about: "The share of the beta distribution that is at most `x`, which is from 0 to 1.",
    examples: &[Example { query: "print round(beta_cdf(0.25, 2, 2), 10)", result: "0.15625" }],
    kernel: KernelDef::Plain(|cells, out| {
        numbers(cells, out, |[x, alpha, beta]| {
            let known = inside(x, alpha, beta) && alpha.max(beta) <= MOST;
            if known { share(x, alpha, beta) } else { f64::NAN }
        });
    }),
    ..Scalar::PLAIN
};

const BETA_INV: Scalar = Scalar {
    name: "beta_inv",
    params: &[number("probability"), number("alpha"), number("beta")],
    returns: Returns::Is(Type::Real),
    about: "The value that a share of `probability` of the beta distribution does not exceed; null if that is not from 0 to 1.",
    examples: &[Example { query: "print round(beta_inv(0.1, 10.0, 20.0), 10)", result: "0.2264150224" }],
    kernel: KernelDef::Plain(|cells, out| {
        let probability = cells.first().and_then(|&cell| real(cell)).unwrap_or(f64::NAN);
        if probability.is_nan() || !(0.0..=1.0).contains(&probability) {
            return out.null();
        }
        numbers(cells, out, |[p, alpha, beta]| if inside(p, alpha, beta) { inverse(p, alpha, beta) } else { f64::NAN });
    }),
    ..Scalar::PLAIN
};

const BETA_PDF: Scalar = Scalar {
    name: "beta_pdf",
    params: BETA_CDF.params,
    returns: Returns::Is(Type::Real),
    about: "The density of the beta distribution at `x`, which is between 0 and 1.",
    examples: &[Example { query: "print round(beta_pdf(0.5, 2, 2), 10)", result: "1.5" }],
    kernel: KernelDef::Plain(|cells, out| {
        numbers(cells, out, |[x, alpha, beta]| {
            let known = inside(x, alpha, beta) && 0.0 < x && x < 1.0;
            if known { density(x, alpha, beta) } else { f64::NAN }
        });
    }),
    ..Scalar::PLAIN
};

const WELCH_TEST: Scalar = Scalar {
    name: "welch_test",
    params: &[
        number("mean1"),
        number("variance1"),
        number("count1"),
        number("mean2"),
        number("variance2"),
        number("count2"),
    ],
    returns: Returns::Is(Type::Real),
    about: "How likely two samples differ as much as these do in their means, or more, although what they are of has one mean: the p-value of Welch's test.",
    examples: &[Example { query: "print round(welch_test(20.4, 9.0, 15, 22.3, 4.0, 14), 6)", result: "0.054564" }],
    kernel: KernelDef::Plain(|cells, out| {
        numbers(cells, out, |[mean1, variance1, count1, mean2, variance2, count2]| {
            let (first, second) = (variance1 / count1, variance2 / count2);
            let t2 = (mean1 - mean2).powi(2) / (first + second);
            let freedom =
                (first + second).powi(2) / (first * first / (count1 - 1.0) + second * second / (count2 - 1.0));
            let x = freedom / (freedom + t2);
            if inside(x, freedom, 1.0) { share(x, freedom / 2.0, 0.5) } else { f64::NAN }
        });
    }),
    ..Scalar::PLAIN
};

fn numbers<const N: usize>(cells: &[ValueRef<'_>], out: &mut Out, compute: impl FnOnce([f64; N]) -> f64) {
    let mut numbers = [f64::NAN; N];
    for (number, &cell) in numbers.iter_mut().zip(cells) {
        *number = real(cell).unwrap_or(f64::NAN);
    }
    out.real(compute(numbers));
}

/// The largest alpha and beta that `beta_cdf` knows (Kusto's page of it).
const MOST: f64 = 10_000.0;

/// Whether there is such a distribution, and `x` is in it.
fn inside(x: f64, alpha: f64, beta: f64) -> bool {
    (0.0..=1.0).contains(&x) && alpha > 0.0 && beta > 0.0 && alpha.is_finite() && beta.is_finite()
}

/// The logarithm of the beta function.
fn log_beta(alpha: f64, beta: f64) -> f64 {
    libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta)
}

fn density(x: f64, alpha: f64, beta: f64) -> f64 {
    // At the ends a power of zero is zero, one or without bounds.
    if x == 0.0 || x == 1.0 {
        return x.powf(alpha - 1.0) * (1.0 - x).powf(beta - 1.0) / log_beta(alpha, beta).exp();
    }
    ((alpha - 1.0) * x.ln() + (beta - 1.0) * (-x).ln_1p() - log_beta(alpha, beta)).exp()
}

/// The regularized incomplete beta function, by its continued fraction, which converges fast below the mean.
fn share(x: f64, alpha: f64, beta: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let factor = (alpha * x.ln() + beta * (-x).ln_1p() - log_beta(alpha, beta)).exp();
    if x < (alpha + 1.0) / (alpha + beta + 2.0) {
        factor * fraction(x, alpha, beta) / alpha
    } else {
        1.0 - factor * fraction(1.0 - x, beta, alpha) / beta
    }
}

/// The continued fraction, evaluated from its head by Lentz's method.
fn fraction(x: f64, alpha: f64, beta: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (alpha + beta) * x / (alpha + 1.0));
    let mut value = d;
    for step in 1..10_000_u32 {
        let m = f64::from(step);
        let even = m * (beta - m) * x / ((alpha + 2.0 * m - 1.0) * (alpha + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2.0 * m) * (alpha + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// Halves the interval until no number is between its ends.
fn inverse(probability: f64, alpha: f64, beta: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    if probability == 0.0 || probability == 1.0 {
        return probability;
    }
    for _ in 0..1100 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if share(middle, alpha, beta) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    fn near(name: &str, args: &[f64], expected: f64) {
        let args: Vec<Arg> = args.iter().map(|&arg| real(arg)).collect();
        let found: f64 = answer(name, &args).parse().unwrap();
        assert!((found - expected).abs() <= expected.abs() * 1e-12, "{name}: {found}, not {expected}");
    }

    #[test]
    fn shares_densities_and_their_inverse() {
        // Of whole parameters the share is a sum of binomials: 3x² - 2x³ for 2 and 2, 1 - (1-x)⁴ for 1 and 4.
        near("beta_cdf", &[0.25, 2.0, 2.0], 0.156_25);
        near("beta_cdf", &[0.9, 1.0, 4.0], 0.9999);
        near("beta_inv", &[0.156_25, 2.0, 2.0], 0.25);
        near("beta_inv", &[0.9999, 1.0, 4.0], 0.9);
        near("beta_pdf", &[0.25, 2.0, 2.0], 1.125);
        // With 2 degrees of freedom the tail of Student's distribution is 1 - t / √(2 + t²): here t = -2.
        near("welch_test", &[0.0, 1.0, 2.0, 2.0, 1.0, 2.0], 1.0 - 2.0 / 6.0_f64.sqrt());
    }

    #[test]
    fn what_is_outside_is_no_number() {
        assert_eq!(answer("beta_cdf", &[real(1.5), real(1.0), real(1.0)]), "NaN");
        assert_eq!(answer("beta_pdf", &[real(0.5), real(-1.0), real(1.0)]), "NaN");
        assert_eq!(answer("beta_inv", &[real(1.5), real(1.0), real(1.0)]), "null");
        assert_eq!(answer("beta_inv", &[real(0.1), real(-1.0), real(20.0)]), "NaN");
        assert_eq!(answer("beta_inv", &[real(1.0), real(2.0), real(20.0)]), "1.0");
    }
}
