//! How PostgreSQL is recognised: as libpq does, encryption alone unless the address asks for more.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How the address wants the server's certificate checked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verification {
    /// Whether it is verified at all.
    wanted: bool,
    /// The PEM file of the authorities to believe, instead of the system's.
    root_certificate: Option<String>,
}

/// Takes from the address the parameters tokio-postgres does not know.
pub(super) fn own_parameters(database_url: &str) -> (String, Verification) {
    let mut verification = Verification::default();
    let Some((address, query)) = database_url.split_once('?') else {
        return (database_url.to_owned(), verification);
    };
    let kept: Vec<String> = query
        .split('&')
        .filter_map(|pair| match pair.split_once('=') {
            Some(("sslrootcert", path)) => {
                verification.wanted = true;
                verification.root_certificate = decoded(path);
                None
            }
            Some(("sslmode", "verify-ca" | "verify-full")) => {
                verification.wanted = true;
                Some("sslmode=require".to_owned())
            }
            _ => Some(pair.to_owned()),
        })
        .collect();
    (format!("{address}?{}", kept.join("&")), verification)
}

/// A percent-encoded value.
fn decoded(value: &str) -> Option<String> {
    let query = format!("value={}", value.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

/// How the server is recognised: as libpq does, encryption alone unless the address asks for more.
pub(super) fn trust(verification: &Verification) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (verifier, pinned) = if verification.wanted {
        let believed = believed(verification.root_certificate.as_deref())?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(believed.iter().cloned());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = builder.build().map_err(|error| error.to_string())?;
        (Some(verifier), believed)
    } else {
        (None, Vec::new())
    };
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Recognition {
            provider,
            verifier,
            pinned,
        }))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of the file named, else of the system's authorities.
fn believed(root_certificate: Option<&str>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = root_certificate else {
        return Ok(rustls_native_certs::load_native_certs().certs);
    };
    let unreadable = |error: &str| format!("sslrootcert={path} cannot be read: {error}");
    let pem = std::fs::read(path).map_err(|error| unreadable(&error.to_string()))?;
    let found = certificates(&pem);
    if found.is_empty() {
        Err(unreadable("no certificate in it"))
    } else {
        Ok(found)
    }
}

/// Recognises a server by its certificate, where that is asked for.
#[derive(Debug)]
struct Recognition {
    provider: Arc<CryptoProvider>,
    /// None where the address asks for encryption alone (`prefer`, `require`).
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// A server whose very certificate is believed needs no authority: the usual case of one that
    /// signed its own, which the verifier would refuse.
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Recognition {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let is_pinned = self
            .pinned
            .iter()
            .any(|pinned| pinned.as_ref() == end_entity.as_ref());
        match &self.verifier {
            Some(verifier) if !is_pinned => verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn certificates(pem: &[u8]) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_a_root_certificate_and_verification() {
        let (address, verification) = own_parameters(
            "postgresql://u@h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.pem&port=1",
        );
        assert_eq!(address, "postgresql://u@h/d?sslmode=require&port=1");
        let root_certificate = Some("/etc/my ca.pem".to_owned());
        assert_eq!(
            verification,
            Verification {
                wanted: true,
                root_certificate
            }
        );
    }
}
