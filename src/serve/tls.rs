//! The certificate of https: made for this machine when it is first needed, and kept.
//!
//! An authority of its own signs one certificate and is then forgotten: what clients are told to trust can never vouch for
//! another name.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{DateTime, Error};

const AUTHORITY: &str = "ca.pem";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
/// The names it is for and the day it ends, a line each.
const ABOUT: &str = "about.txt";

/// Days for which it is good: the most that browsers take.
const GOOD_FOR: i64 = 397;
/// Days before its end from which it is made anew.
const RENEWED: i64 = 30;
/// Ticks of a day.
const DAY: i64 = 864_000_000_000;

pub(super) struct Certificate {
    /// What clients are told to trust.
    pub(super) authority: PathBuf,
    pub(super) config: Arc<ServerConfig>,
}

/// The certificate kept in a folder, or a new one.
pub(super) fn certificate(folder: &Path, address: IpAddr) -> Result<Certificate, Error> {
    let names = names(address);
    // What is not there, or does not serve, is made.
    let config = match read(folder, &names) {
        Some(config) => config,
        None => {
            make(folder, &names).map_err(|error| {
                let message = format!("no certificate can be made in `{}`: {error}", folder.display());
                Error::usage(message, "make the folder writable, or go without https: leave out `--tls-port`")
            })?;
            read(folder, &names).ok_or_else(|| {
                let message = format!("the certificate in `{}` cannot be read again", folder.display());
                Error::usage(message, "remove the folder; it is made anew")
            })?
        }
    };
    Ok(Certificate { authority: folder.join(AUTHORITY), config })
}

fn names(address: IpAddr) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !address.is_loopback() && !address.is_unspecified() {
        names.push(address.to_string());
    }
    names
}

/// What was kept, if it is for these names and good for some time.
fn read(folder: &Path, names: &[String]) -> Option<Arc<ServerConfig>> {
    let about = fs::read_to_string(folder.join(ABOUT)).ok()?;
    let (until, kept) = about.split_once('\n')?;
    if kept.lines().ne(names) || DateTime::parse(until)?.ticks() - RENEWED * DAY < DateTime::now().ticks() {
        return None;
    }
    if !folder.join(AUTHORITY).exists() {
        return None;
    }
    let chain = CertificateDer::pem_file_iter(folder.join(CERTIFICATE)).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
    let key = PrivateKeyDer::from_pem_file(folder.join(KEY)).ok()?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .ok()?;
    Some(Arc::new(config))
}

fn make(folder: &Path, names: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let now = DateTime::now();
    let until = DateTime::try_from_ticks(now.ticks() + GOOD_FOR * DAY).ok_or("the clock is wrong")?;
    let day = |moment: DateTime| -> Result<_, Box<dyn std::error::Error>> {
        let text = moment.to_string();
        let mut parts = text.split(['-', 'T']).map(str::parse::<u16>);
        let mut next = || parts.next().ok_or("the clock is wrong")?.map_err(|_| "the clock is wrong");
        let (year, month, day) = (next()?, next()?, next()?);
        Ok(rcgen::date_time_ymd(year.into(), u8::try_from(month)?, u8::try_from(day)?))
    };
    // Clocks of other machines may be behind by some hours.
    let from = day(DateTime::try_from_ticks(now.ticks() - DAY).ok_or("the clock is wrong")?)?;

    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "argql on this machine");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    (authority.not_before, authority.not_after) = (from, day(until)?);
    let authority_certificate = authority.self_signed(&authority_key)?;

    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(names.to_vec())?;
    server.distinguished_name.push(DnType::CommonName, "argql serve");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    (server.not_before, server.not_after) = (from, day(until)?);
    let certificate = server.signed_by(&key, &Issuer::from_params(&authority, &authority_key))?;

    fs::create_dir_all(folder)?;
    write(&folder.join(KEY), &key.serialize_pem(), true)?;
    write(&folder.join(CERTIFICATE), &certificate.pem(), false)?;
    write(&folder.join(AUTHORITY), &authority_certificate.pem(), false)?;
    write(&folder.join(ABOUT), &format!("{until}\n{}\n", names.join("\n")), false)?;
    Ok(())
}

/// Writes a file as a whole; a secret one is nobody else's from the beginning.
fn write(path: &Path, text: &str, secret: bool) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        if secret {
            options.mode(0o600);
        }
    }
    let _ = fs::remove_file(&beside);
    options.open(&beside)?.write_all(text.as_bytes())?;
    #[cfg(not(unix))]
    let _ = secret;
    fs::rename(&beside, path)
}
