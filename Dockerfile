# docker build -t neoirc . && docker run -p 127.0.0.1:8080:8080 -v neoirc:/data neoirc
# See docs/operations.md, and compose.yaml beside this file.
FROM rust:1.95-slim-bookworm AS build
# SQLite and the allocator are compiled from C.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --no-default-features --bin neoircd

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin neoirc \
    && install --directory --owner=neoirc --group=neoirc --mode=0700 /data
COPY --from=build /src/target/release/neoircd /usr/local/bin/neoircd
COPY LICENSE-APACHE LICENSE-MIT /usr/local/share/doc/neoirc/
USER neoirc
WORKDIR /data
VOLUME /data
ENV DBURL=file:/data/neoirc.db LOG_FORMAT=json
EXPOSE 8080 6667
# It stops within ten seconds, having answered whoever waits.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=3 CMD ["neoircd", "health"]
ENTRYPOINT ["neoircd"]
CMD ["serve"]
