# Two images of the same sources:
#   serve  the API, over AWS or what speaks like it     docker build -t sojourn .
#   local  the same with embedded storage in /data      docker build --target local -t sojourn-local .
# The bases are arguments, so that those of another registry can be used; pin them by digest where you keep them.
ARG NODE_IMAGE=node:22.23.3-bookworm-slim
ARG DENO_IMAGE=denoland/deno:distroless-2.9.5
# Has a shell, which starts the embedded DynamoDB.
ARG DENO_SHELL_IMAGE=denoland/deno:debian-2.9.5


FROM ${NODE_IMAGE} AS sources
WORKDIR /app
# Where npm fetches from, where that is not its own registry.
ARG npm_config_registry
COPY package.json package-lock.json .npmrc ./
# What the service may own at run time is made here, because the last bases may have no shell.
RUN mkdir -p -m 0700 /owned/data


# The pages at /. What builds them is needed nowhere else.
FROM sources AS pages
RUN npm ci --omit=dev --ignore-scripts
COPY api/dashboard api/dashboard
RUN node node_modules/vite/bin/vite.js build --config api/dashboard/vite.config.ts


# What the lock file says, without the tools, the embedded stores and npm's own Deno: the base brings that.
FROM sources AS serve-files
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && npm uninstall --no-save --omit=dev --omit=optional --ignore-scripts deno fauxqs cli-progress vite svelte @sveltejs/vite-plugin-svelte uplot
COPY deno.json ./
COPY schema schema
COPY api api
RUN rm -r api/dashboard
COPY --from=pages /app/api/dashboard/built api/dashboard/built
RUN rm -r api/local api/entry/cli/start.ts api/entry/cli/token.ts package-lock.json .npmrc && chmod -R a+rX,go-w .


# The embedded DynamoDB comes as an optional package, and with it all that is optional to anything. So it is set aside.
FROM sources AS local-files
RUN npm ci --omit=dev --ignore-scripts && mv node_modules/@dynoxide /tmp/ \
  && npm ci --omit=dev --omit=optional --ignore-scripts \
  && npm uninstall --no-save --omit=dev --omit=optional --ignore-scripts deno cli-progress vite svelte @sveltejs/vite-plugin-svelte uplot \
  && mv /tmp/@dynoxide node_modules/
COPY deno.json ./
COPY schema schema
COPY api api
RUN rm -r api/dashboard
COPY --from=pages /app/api/dashboard/built api/dashboard/built
RUN rm package-lock.json .npmrc && chmod -R a+rX,go-w .


FROM ${DENO_SHELL_IMAGE} AS local
LABEL org.opencontainers.image.title="Sojourn, with embedded storage" \
  org.opencontainers.image.description="Sessions, journeys, live metrics and flashcard review behind one GraphQL API; data in /data." \
  org.opencontainers.image.licenses="MIT"
COPY --from=local-files /app /app
COPY --from=local-files --chown=65532:65532 /owned/ /
WORKDIR /app
ENV HOST=0.0.0.0 PORT=4000 DATA_DIR=/data TMPDIR=/tmp HOME=/home/nonroot NODE_ENV=production \
  DENO_DIR=/app/.deno DENO_NO_UPDATE_CHECK=1
# TypeScript is stripped here, once: the root file system is read-only when the service starts.
RUN ["deno", "cache", "--quiet", "api/entry/cli/start.ts", "api/entry/cli/health.ts", "api/entry/cli/token.ts"]
USER 65532:65532
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["deno", "run", \
    "--quiet", \
    "--cached-only", \
    "--no-remote", \
    "--unstable-no-legacy-abort", \
    "--no-prompt", \
    "--allow-net=127.0.0.1", \
    "--allow-env=PORT", \
    "--ignore-env", \
    "api/entry/cli/health.ts"]
ENTRYPOINT ["deno"]
CMD ["run", \
    "--quiet", \
    "--cached-only", \
    "--no-remote", \
    "--unstable-no-legacy-abort", \
    "--no-prompt", \
    "--allow-net", \
    "--allow-env=PORT,HOST,DATA_DIR,NAME_PREFIX,DYNOXIDE_BIN,SOCKETS_URL,REDIS_URL,ATTACHED_TABLES,METRICS_BATCHING,WEBHOOK_TOPICS,JOURNEYS_INDEX,ACCOUNTS,REGISTRATION,TOKEN_ISSUER,TOKEN_AUDIENCE,TOKEN_CLIENTS,TENANT_CLAIM,SCOPES_CLAIM,SCOPE_MAP,TOKEN_ALGORITHMS,JWKS_URL,SIGNING_KEY_FILE,SIGNING_KEY_SECRET,TOKEN_TTL_SECONDS,REFRESH_TTL_SECONDS,AUDIT_DAYS,CORS_ORIGINS,INTROSPECTION,DASHBOARD,GRAPHIQL,COLLECTION_CACHE_MB,MAX_BODY_BYTES,MAX_CONNECTIONS,MAX_BATCH,PERSISTED_QUERIES,MAX_QUERY_DEPTH,MAX_QUERY_ALIASES,MAX_QUERY_TOKENS,MAX_QUERY_COST,TRUST_PROXY,ORIGIN_SECRET,RATE_ADDRESS,RATE_TOKEN,RATE_TENANT,RATE_LOGINS,RATE_REGISTRATIONS,RATE_CONNECTIONS,MAX_SOCKETS_PER_ADDRESS,MAX_SOCKETS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TENANT,OTEL_EXPORTER_OTLP_ENDPOINT,OTEL_EXPORTER_OTLP_HEADERS,OTEL_SERVICE_NAME,OTEL_TRACES_SAMPLER_ARG,LOG_LEVEL,DRAIN_SECONDS,AWS_*,HOME,TMPDIR,NODE_ENV,PATH,npm_lifecycle_event", \
    "--allow-read=/app/api,/app/node_modules,/app/schema,/app/api/dashboard/built,/data,/run/secrets,/home/nonroot/.aws,/tmp", \
    "--allow-write=/tmp,/data", \
    "--allow-sys=osRelease,uid,homedir", \
    "--allow-run=sh", \
    "--ignore-env", \
    "api/entry/cli/start.ts", "--empty"]


FROM ${DENO_IMAGE} AS serve
LABEL org.opencontainers.image.title="Sojourn" \
  org.opencontainers.image.description="Sessions, journeys, live metrics and flashcard review behind one GraphQL API." \
  org.opencontainers.image.licenses="MIT"
COPY --from=serve-files /app /app
COPY --from=serve-files --chown=65532:65532 /owned/ /
WORKDIR /app
ENV HOST=0.0.0.0 PORT=4000 DATA_DIR=/data TMPDIR=/tmp HOME=/home/nonroot NODE_ENV=production \
  DENO_DIR=/app/.deno DENO_NO_UPDATE_CHECK=1
RUN ["deno", "cache", "--quiet", "api/entry/cli/serve.ts", "api/entry/cli/health.ts", "api/entry/cli/keys.ts"]
# Fargate gives a volume the owner and mode of what the image has at its place, where the image says that one goes there.
VOLUME ["/tmp"]
USER 65532:65532
EXPOSE 4000
STOPSIGNAL SIGTERM
# Whether the process is alive. A store that is away makes it unready (/ready), and is not mended by a restart.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["deno", "run", \
    "--quiet", \
    "--cached-only", \
    "--no-remote", \
    "--unstable-no-legacy-abort", \
    "--no-prompt", \
    "--allow-net=127.0.0.1", \
    "--allow-env=PORT", \
    "--ignore-env", \
    "api/entry/cli/health.ts"]
ENTRYPOINT ["deno"]
CMD ["run", \
    "--quiet", \
    "--cached-only", \
    "--no-remote", \
    "--unstable-no-legacy-abort", \
    "--no-prompt", \
    "--allow-net", \
    "--allow-env=PORT,HOST,DATA_DIR,NAME_PREFIX,DYNOXIDE_BIN,SOCKETS_URL,REDIS_URL,ATTACHED_TABLES,METRICS_BATCHING,WEBHOOK_TOPICS,JOURNEYS_INDEX,ACCOUNTS,REGISTRATION,TOKEN_ISSUER,TOKEN_AUDIENCE,TOKEN_CLIENTS,TENANT_CLAIM,SCOPES_CLAIM,SCOPE_MAP,TOKEN_ALGORITHMS,JWKS_URL,SIGNING_KEY_FILE,SIGNING_KEY_SECRET,TOKEN_TTL_SECONDS,REFRESH_TTL_SECONDS,AUDIT_DAYS,CORS_ORIGINS,INTROSPECTION,DASHBOARD,GRAPHIQL,COLLECTION_CACHE_MB,MAX_BODY_BYTES,MAX_CONNECTIONS,MAX_BATCH,PERSISTED_QUERIES,MAX_QUERY_DEPTH,MAX_QUERY_ALIASES,MAX_QUERY_TOKENS,MAX_QUERY_COST,TRUST_PROXY,ORIGIN_SECRET,RATE_ADDRESS,RATE_TOKEN,RATE_TENANT,RATE_LOGINS,RATE_REGISTRATIONS,RATE_CONNECTIONS,MAX_SOCKETS_PER_ADDRESS,MAX_SOCKETS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TENANT,OTEL_EXPORTER_OTLP_ENDPOINT,OTEL_EXPORTER_OTLP_HEADERS,OTEL_SERVICE_NAME,OTEL_TRACES_SAMPLER_ARG,LOG_LEVEL,DRAIN_SECONDS,AWS_*,HOME,TMPDIR,NODE_ENV", \
    "--allow-read=/app/api,/app/node_modules,/app/schema,/app/api/dashboard/built,/data,/run/secrets,/home/nonroot/.aws,/tmp", \
    "--allow-write=/tmp", \
    "--allow-sys=osRelease,uid,homedir", \
    "--ignore-env", \
    "api/entry/cli/serve.ts"]
