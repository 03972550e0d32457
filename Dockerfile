# docker build -t myregistry/e2e-tests:latest .
#
# The second stage is what config/kubernetes/image.sh lays out, and nothing else: no shell, no package manager. The
# tests run that script too, and start what comes of it.
ARG RUST=1.95.0
ARG DEBIAN=bookworm

FROM rust:${RUST}-slim-${DEBIAN} AS build
ARG RUST
# This toolchain, whatever rust-toolchain.toml asks for: it is the one that is there.
ENV RUSTUP_TOOLCHAIN=${RUST}
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && config/kubernetes/image.sh target/release/e2e /image

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin
WORKDIR /e2e
# A number: a cluster that asks for runAsNonRoot cannot look up names.
USER 65532:65532
ENTRYPOINT ["e2e"]
