//! Servers that break RFC 9113, or use what it allows.
