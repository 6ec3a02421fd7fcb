# syntax=docker/dockerfile:1

# The service alone: it needs a PostgreSQL (15 or later, with contrib) named by DATABASE_URL.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The program carries its migrations, reference data and documentation page: one file comes out.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --bin ree \
    && install -D target/dist/ree /out/ree

FROM debian:bookworm-slim
# What Debian has today is wanted, not a pinned edition of it.
# The authorities that a PostgreSQL server's certificate is verified with.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/ree --shell /usr/sbin/nologin ree \
    && install --directory --owner=ree --group=ree --mode=0700 /var/lib/ree
COPY --from=build /out/ree /usr/local/bin/ree
COPY --chmod=0755 docker/healthy /usr/local/bin/ree-healthy
USER 10001:10001
WORKDIR /var/lib/ree
# The metrics listener is for the container's network: publish 8080 alone.
ENV REE_LISTEN=0.0.0.0:8080 \
    REE_ADMIN_LISTEN=0.0.0.0:9090 \
    REE_DATA_DIR=/var/lib/ree
# The signing keys: to be kept, and backed up.
VOLUME /var/lib/ree
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["ree-healthy"]
ENTRYPOINT ["ree"]
CMD ["serve"]
