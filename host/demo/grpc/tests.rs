//! The service, asked as its .proto says.
