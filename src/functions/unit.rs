//! Units of measure: length, mass, speed and their like, by the names that Kusto has from UnitsNet.

use super::cells::real;
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &CONVERT_ANGLE,
    &CONVERT_ENERGY,
    &CONVERT_FORCE,
    &CONVERT_LENGTH,
    &CONVERT_MASS,
    &CONVERT_SPEED,
    &CONVERT_TEMPERATURE,
    &CONVERT_VOLUME,
];

/// What one of a unit is in the base unit: a factor, and what zero of it is.
#[derive(Clone, Copy)]
struct Scale {
    factor: f64,
    zero: f64,
}

/// Prepares a conversion; units that are not in the table are refused.
fn convert(
    args: &Args<'_>,
    units: &'static [(&'static str, f64)],
    zeros: &[(&str, f64)],
) -> Result<Kernel, ArgumentFault> {
    let scale = |index: usize| {
        let Some(name) = args.text(index) else { return Err(ArgumentFault::new(index, "the unit must be a constant")) };
        match units.iter().find(|(unit, _)| *unit == name) {
            Some(&(_, factor)) => {
                let zero = zeros.iter().find(|(unit, _)| *unit == name).map_or(0.0, |&(_, zero)| zero);
                Ok(Scale { factor, zero })
            }
            None => {
                let near = crate::diag::nearest(name, units.iter().map(|(unit, _)| *unit));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                Err(ArgumentFault {
                    help,
                    ..ArgumentFault::new(index, format!("the unit `{name}` is not implemented"))
                })
            }
        }
    };
    let (from, to) = (scale(1)?, scale(2)?);
    Ok(Box::new(move |cells, out| {
        let converted = real(cells[0]).map(|value| (value * from.factor + from.zero - to.zero) / to.factor);
        out.value(converted.map_or(ValueRef::Null, ValueRef::Real));
    }))
}

macro_rules! conversions {
    ($($constant:ident $name:literal $about:literal $query:literal => $result:literal [$($unit:literal $factor:expr),* $(,)?];)*) => {$(
        const $constant: Scalar = Scalar {
            name: $name,
            params: &[Param::new("value", Takes::Is(Type::Real)), string("from").constant(), string("to").constant()],
            returns: Returns::Is(Type::Real),
            about: $about,
            examples: &[Example { query: $query, result: $result }],
            kernel: KernelDef::Prepared(|args| convert(args, &[$(($unit, $factor)),*], &[])),
            ..Scalar::PLAIN
        };
    )*};
}

conversions! {
    CONVERT_ANGLE "convert_angle" "`value` in another unit of angle."
    "print round(convert_angle(180, 'Degree', 'Radian'), 6)" => "3.141593" [
        "Radian" 1.0, "Degree" std::f64::consts::PI / 180.0, "Gradian" std::f64::consts::PI / 200.0,
        "Arcminute" std::f64::consts::PI / 10_800.0, "Arcsecond" std::f64::consts::PI / 648_000.0,
        "Revolution" std::f64::consts::TAU, "Milliradian" 1e-3, "Microradian" 1e-6, "Nanoradian" 1e-9,
        "Centiradian" 1e-2, "Deciradian" 1e-1,
        "Millidegree" std::f64::consts::PI / 180e3, "Microdegree" std::f64::consts::PI / 180e6,
        "Nanodegree" std::f64::consts::PI / 180e9, "NatoMil" std::f64::consts::PI / 3200.0,
    ];
    CONVERT_ENERGY "convert_energy" "`value` in another unit of energy."
    "print convert_energy(1.5, 'KilowattHour', 'Joule')" => "5400000.0" [
        "Joule" 1.0, "Kilojoule" 1e3, "Megajoule" 1e6, "Gigajoule" 1e9, "Terajoule" 1e12, "Millijoule" 1e-3,
        "WattHour" 3600.0, "KilowattHour" 3.6e6, "MegawattHour" 3.6e9, "GigawattHour" 3.6e12, "TerawattHour" 3.6e15,
        "Calorie" 4.184, "Kilocalorie" 4184.0, "BritishThermalUnit" 1_055.055_852_62, "ElectronVolt" 1.602_176_565e-19,
        "Erg" 1e-7, "FootPound" 1.355_817_948_331_400_4,
        "Megacalorie" 4.184e6, "KilobritishThermalUnit" 1_055_055.852_62, "MegabritishThermalUnit" 1.055_055_852_62e9,
        "GigabritishThermalUnit" 1.055_055_852_62e12, "KiloelectronVolt" 1.602_176_565e-16,
        "MegaelectronVolt" 1.602_176_565e-13, "GigaelectronVolt" 1.602_176_565e-10,
        "TeraelectronVolt" 1.602_176_565e-7, "WattDay" 86_400.0, "KilowattDay" 8.64e7, "MegawattDay" 8.64e10,
        "GigawattDay" 8.64e13, "TerawattDay" 8.64e16, "ThermEc" 105_505_585.262, "ThermImperial" 105_505_585.257_348,
        "ThermUs" 105_480_400.0, "DecathermEc" 1_055_055_852.62, "DecathermImperial" 1_055_055_852.573_48,
        "DecathermUs" 1_054_804_000.0,
    ];
    CONVERT_FORCE "convert_force" "`value` in another unit of force."
    "print convert_force(25, 'Newton', 'Decanewton')" => "2.5" [
        "Newton" 1.0, "Decanewton" 10.0, "Kilonewton" 1e3, "Meganewton" 1e6, "Micronewton" 1e-6, "Millinewton" 1e-3,
        "Dyn" 1e-5, "KilogramForce" 9.806_65, "TonneForce" 9806.65, "PoundForce" 4.448_221_615_260_5,
        "OunceForce" 0.278_013_850_953_781_2, "Poundal" 0.138_254_954_376,
        "KiloPond" 9.806_65, "KilopoundForce" 4_448.221_615_260_5, "ShortTonForce" 8_896.443_230_521,
    ];
    CONVERT_LENGTH "convert_length" "`value` in another unit of length."
    "print convert_length(3, 'Kilometer', 'Meter')" => "3000.0" [
        "Meter" 1.0, "Kilometer" 1e3, "Hectometer" 1e2, "Decameter" 10.0, "Decimeter" 0.1, "Centimeter" 0.01,
        "Millimeter" 1e-3, "Micrometer" 1e-6, "Nanometer" 1e-9, "Angstrom" 1e-10, "Inch" 0.0254, "Foot" 0.3048,
        "Yard" 0.9144, "Mile" 1609.344, "NauticalMile" 1852.0, "Fathom" 1.8288, "Mil" 2.54e-5, "Hand" 0.1016,
        "AstronomicalUnit" 149_597_870_700.0, "LightYear" 9_460_730_472_580_800.0, "Chain" 20.1168,
        "KilolightYear" 9.460_730_472_580_8e18, "MegalightYear" 9.460_730_472_580_8e21, "DataMile" 1828.8,
        "Microinch" 2.54e-8, "DtpPica" 0.0254 / 6.0, "DtpPoint" 0.0254 / 72.0, "PrinterPoint" 0.0254 / 72.27,
        "Shackle" 27.432, "Twip" 0.0254 / 1440.0, "UsSurveyFoot" 1200.0 / 3937.0,
    ];
    CONVERT_MASS "convert_mass" "`value` in another unit of mass."
    "print convert_mass(2, 'Kilogram', 'Gram')" => "2000.0" [
        "Kilogram" 1.0, "Gram" 1e-3, "Milligram" 1e-6, "Microgram" 1e-9, "Nanogram" 1e-12, "Hectogram" 0.1,
        "Decagram" 0.01, "Decigram" 1e-4, "Centigram" 1e-5, "Tonne" 1e3, "Kilotonne" 1e6, "Megatonne" 1e9,
        "Pound" 0.453_592_37, "Ounce" 0.028_349_523_125, "Stone" 6.350_293_18, "Grain" 6.479_891e-5,
        "ShortTon" 907.184_74, "LongTon" 1_016.046_908_8,
        "Kilopound" 453.592_37, "Megapound" 453_592.37, "LongHundredweight" 50.802_345_44,
        "ShortHundredweight" 45.359_237,
    ];
    CONVERT_SPEED "convert_speed" "`value` in another unit of speed."
    "print convert_speed(1.5, 'MeterPerSecond', 'CentimeterPerHour')" => "540000.0" [
        "MeterPerSecond" 1.0, "MeterPerMinute" 1.0 / 60.0, "MeterPerHour" 1.0 / 3600.0,
        "KilometerPerSecond" 1e3, "KilometerPerMinute" 1e3 / 60.0, "KilometerPerHour" 1.0 / 3.6,
        "CentimeterPerSecond" 1e-2, "CentimeterPerMinute" 1e-2 / 60.0, "CentimeterPerHour" 1e-2 / 3600.0,
        "MillimeterPerSecond" 1e-3, "MillimeterPerMinute" 1e-3 / 60.0, "MillimeterPerHour" 1e-3 / 3600.0,
        "FootPerSecond" 0.3048, "FootPerMinute" 0.3048 / 60.0, "FootPerHour" 0.3048 / 3600.0,
        "InchPerSecond" 0.0254, "InchPerMinute" 0.0254 / 60.0, "InchPerHour" 0.0254 / 3600.0,
        "YardPerSecond" 0.9144, "YardPerMinute" 0.9144 / 60.0, "YardPerHour" 0.9144 / 3600.0,
        "MilePerHour" 0.447_04, "Knot" 1852.0 / 3600.0,
        "DecimeterPerSecond" 0.1, "DecimeterPerMinute" 0.1 / 60.0, "MicrometerPerSecond" 1e-6,
        "MicrometerPerMinute" 1e-6 / 60.0, "NanometerPerSecond" 1e-9, "NanometerPerMinute" 1e-9 / 60.0,
        "UsSurveyFootPerSecond" 1200.0 / 3937.0, "UsSurveyFootPerMinute" 20.0 / 3937.0,
        "UsSurveyFootPerHour" 1.0 / 3.0 / 3937.0,
    ];
    CONVERT_VOLUME "convert_volume" "`value` in another unit of volume."
    "print convert_volume(2, 'CubicMeter', 'Liter')" => "2000.0" [
        "CubicMeter" 1.0, "CubicKilometer" 1e9, "CubicDecimeter" 1e-3, "CubicCentimeter" 1e-6, "CubicMillimeter" 1e-9,
        "Liter" 1e-3, "Hectoliter" 0.1, "Kiloliter" 1.0, "Deciliter" 1e-4, "Centiliter" 1e-5, "Milliliter" 1e-6,
        "Microliter" 1e-9, "CubicInch" 1.638_706_4e-5, "CubicFoot" 0.028_316_846_592, "CubicYard" 0.764_554_857_984,
        "UsGallon" 0.003_785_411_784, "ImperialGallon" 0.004_546_09, "UsOunce" 2.957_352_956_25e-5,
        "AcreFoot" 1.0 / 0.000_810_714, "AuTablespoon" 2e-5, "BoardFoot" 0.002_359_737_216, "CubicHectometer" 1e6,
        "CubicMicrometer" 1e-18, "CubicMile" 4_168_181_825.440_579_4, "Decaliter" 0.01, "Megaliter" 1e3,
        "DeciusGallon" 3.785_411_784e-4, "DecausGallon" 0.037_854_117_84, "HectousGallon" 0.378_541_178_4,
        "KilousGallon" 3.785_411_784, "MegausGallon" 3_785.411_784, "KiloimperialGallon" 4.546_09,
        "MegaimperialGallon" 4_546.09, "HectocubicFoot" 2.831_684_659_2, "KilocubicFoot" 28.316_846_592,
        "MegacubicFoot" 28_316.846_592, "HectocubicMeter" 100.0, "KilocubicMeter" 1e3,
        "ImperialBeerBarrel" 0.163_659_24, "ImperialOunce" 2.841_306_25e-5, "ImperialPint" 5.682_612_5e-4,
        "MetricCup" 2.5e-4, "MetricTeaspoon" 5e-6, "OilBarrel" 0.158_987_294_928, "UkTablespoon" 1.5e-5,
        "UsBeerBarrel" 0.117_347_765_304, "UsCustomaryCup" 2.365_882_365e-4, "UsLegalCup" 2.4e-4,
        "UsPint" 4.731_764_73e-4, "UsQuart" 9.463_529_46e-4, "UsTablespoon" 1.478_676_478_125e-5,
        "UsTeaspoon" 4.928_921_593_75e-6,
    ];
}

const CONVERT_TEMPERATURE: Scalar = Scalar {
    name: "convert_temperature",
    params: &[Param::new("value", Takes::Is(Type::Real)), string("from").constant(), string("to").constant()],
    returns: Returns::Is(Type::Real),
    about: "`value` in another unit of temperature.",
    examples: &[Example {
        query: "print round(convert_temperature(1.2, 'Kelvin', 'DegreeCelsius'), 2)",
        result: "-271.95",
    }],
    kernel: KernelDef::Prepared(|args| {
        const UNITS: &[(&str, f64)] = &[
            ("Kelvin", 1.0),
            ("DegreeCelsius", 1.0),
            ("DegreeFahrenheit", 5.0 / 9.0),
            ("DegreeRankine", 5.0 / 9.0),
            ("DegreeDelisle", -2.0 / 3.0),
            ("DegreeNewton", 100.0 / 33.0),
            ("DegreeReaumur", 1.25),
            ("DegreeRoemer", 40.0 / 21.0),
            ("MillidegreeCelsius", 1e-3),
        ];
        const ZEROS: &[(&str, f64)] = &[
            ("DegreeCelsius", 273.15),
            ("DegreeFahrenheit", 459.67 * 5.0 / 9.0),
            ("DegreeDelisle", 373.15),
            ("DegreeNewton", 273.15),
            ("DegreeReaumur", 273.15),
            ("DegreeRoemer", 273.15 - 7.5 * 40.0 / 21.0),
            ("MillidegreeCelsius", 273.15),
        ];
        convert(args, UNITS, ZEROS)
    }),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    fn converted(name: &str, value: f64, from: &str, to: &str) -> f64 {
        match call(name, &[real(value), text(from), text(to)]).unwrap() {
            (_, crate::value::Value::Real(value)) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn units_convert_by_way_of_the_base_unit() {
        for (name, value, from, to, wanted) in [
            ("convert_energy", 1.2, "Joule", "BritishThermalUnit", 0.001_137_380_544_375_98),
            ("convert_length", 1.2, "Meter", "Foot", 3.937_007_874_015_75),
            ("convert_speed", 1.2, "MeterPerSecond", "CentimeterPerHour", 432_000.0),
            ("convert_force", 1.2, "Newton", "Decanewton", 0.12),
            ("convert_temperature", 1.2, "Kelvin", "DegreeCelsius", -271.95),
            ("convert_angle", 1.2, "Degree", "Arcminute", 72.0),
            ("convert_angle", 6400.0, "NatoMil", "Revolution", 1.0),
            ("convert_mass", 1.2, "Kilogram", "Pound", 2.645_547_146_218_53),
            ("convert_volume", 1.2, "CubicMeter", "AcreFoot", 0.000_972_856_8),
            ("convert_volume", 1.0, "UsQuart", "UsTeaspoon", 192.0),
            ("convert_volume", 1.0, "CubicMile", "CubicYard", 1760.0 * 1760.0 * 1760.0),
            ("convert_volume", 1.0, "UsBeerBarrel", "UsGallon", 31.0),
            ("convert_volume", 1.0, "OilBarrel", "UsGallon", 42.0),
            ("convert_volume", 1.0, "ImperialPint", "ImperialOunce", 20.0),
            ("convert_volume", 1.0, "CubicFoot", "BoardFoot", 12.0),
            ("convert_length", 1.0, "Shackle", "Fathom", 15.0),
            ("convert_length", 1.0, "Inch", "Twip", 1440.0),
            ("convert_length", 1.0, "DtpPica", "DtpPoint", 12.0),
            ("convert_mass", 1.0, "LongTon", "LongHundredweight", 20.0),
            ("convert_mass", 1.0, "ShortTon", "ShortHundredweight", 20.0),
            ("convert_force", 1.0, "ShortTonForce", "KilopoundForce", 2.0),
            ("convert_energy", 1.0, "ThermEc", "BritishThermalUnit", 100_000.0),
            ("convert_energy", 1.0, "KilowattDay", "KilowattHour", 24.0),
            ("convert_speed", 3937.0, "UsSurveyFootPerHour", "MeterPerHour", 1200.0),
            ("convert_temperature", 150.0, "DegreeDelisle", "DegreeCelsius", 0.0),
            ("convert_temperature", 80.0, "DegreeReaumur", "DegreeCelsius", 100.0),
            ("convert_temperature", 60.0, "DegreeRoemer", "DegreeCelsius", 100.0),
            ("convert_temperature", 33.0, "DegreeNewton", "DegreeCelsius", 100.0),
            ("convert_temperature", 212.0, "DegreeFahrenheit", "DegreeCelsius", 100.0),
            ("convert_temperature", -40.0, "DegreeCelsius", "DegreeFahrenheit", -40.0),
        ] {
            let found = converted(name, value, from, to);
            assert!((found - wanted).abs() <= wanted.abs() * 1e-12 + 1e-12, "{name}: {found}");
        }
    }

    #[test]
    fn an_unknown_unit_is_refused() {
        let wrong = refusal("convert_length", &[real(1.0), text("Meter"), text("Feet")]);
        assert_eq!(wrong, "the unit `Feet` is not implemented");
    }
}
