//! The cryptography behind TLS: aws-lc-rs, and no other.
//!
//! Every TLS configuration of this crate names the provider itself. Installing it for the process as well keeps a
//! library that asks rustls for "the default" from panicking, or from choosing another.

use std::sync::{Arc, LazyLock};

use rustls::SupportedProtocolVersion;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};

/// The versions spoken: older ones are broken (RFC 8996), and provider-side mail servers still exist that have no 1.3.
pub(super) const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

/// The provider that every TLS configuration is built with.
pub fn provider() -> Arc<CryptoProvider> {
    PROVIDER.clone()
}

/// Makes the provider the default of the process. Called once, first thing in `main`; later calls change nothing.
pub fn install() {
    // The error says that a default is installed already, which is what is asked for.
    drop(aws_lc_rs::default_provider().install_default());
}
