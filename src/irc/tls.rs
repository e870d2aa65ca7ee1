//! TLS for connections: a certificate and its key from files, which may be replaced while the server runs.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use super::TlsSettings;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is none of PEM with what it should hold.
    #[error("{file}: {why}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: pem::Error,
    },
    /// A file has something else in it than a certificate, or nothing at all.
    #[error("{file}: there is no certificate in it")]
    NoCertificate {
        /// The file.
        file: String,
    },
    /// Certificate and key are none that go together.
    #[error("the certificate cannot be used with the key: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Who the server is, for those who come over TLS.
pub(super) struct Tls {
    settings: TlsSettings,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`]
    pub(super) fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        let config = ArcSwap::from_pointee(read(&settings.certificate, &settings.key)?);
        Ok(Self { settings, config })
    }

    /// Reads the files again, for connections from now on. Files that cannot be used change nothing.
    ///
    /// # Errors
    /// [`TlsError`]
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        self.config.store(Arc::new(read(&self.settings.certificate, &self.settings.key)?));
        Ok(())
    }

    /// What takes the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let wrong = |path: &Path| {
        let file = path.display().to_string();
        move |why| TlsError::File { file, why }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(wrong(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { file: certificate.display().to_string() });
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(wrong(key))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_no_client_auth().with_single_cert(chain, key)?)
}
