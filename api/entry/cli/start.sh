# `npm start`: the service with embedded stores, under exactly the permissions of permissions.ts (`npm run generate`).
exec deno run \
  --quiet \
  --cached-only \
  --no-remote \
  --unstable-no-legacy-abort \
  --no-prompt \
  --allow-net \
  "--allow-env=PORT,HOST,DATA_DIR,NAME_PREFIX,DYNOXIDE_BIN,REDIS_URL,ATTACHED_TABLES,METRICS_BATCHING,JOURNEYS_INDEX,ACCOUNTS,TOKEN_ISSUER,TOKEN_AUDIENCE,TOKEN_CLIENTS,TENANT_CLAIM,SCOPES_CLAIM,SCOPE_MAP,TOKEN_ALGORITHMS,JWKS_URL,SIGNING_KEY_FILE,SIGNING_KEY_SECRET,TOKEN_TTL_SECONDS,CORS_ORIGINS,INTROSPECTION,DASHBOARD,GRAPHIQL,COLLECTION_CACHE_MB,MAX_BODY_BYTES,MAX_CONNECTIONS,MAX_BATCH,PERSISTED_QUERIES,MAX_QUERY_DEPTH,MAX_QUERY_ALIASES,MAX_QUERY_TOKENS,MAX_QUERY_COST,TRUST_PROXY,RATE_ADDRESS,RATE_TOKEN,RATE_TENANT,RATE_LOGINS,RATE_REGISTRATIONS,RATE_CONNECTIONS,MAX_SOCKETS_PER_ADDRESS,MAX_SOCKETS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TOKEN,MAX_SUBSCRIPTIONS_PER_TENANT,LOG_LEVEL,DRAIN_SECONDS,AWS_*,HOME,TMPDIR,NODE_ENV,PATH,npm_lifecycle_event" \
  "--allow-read=./api,./node_modules,./schema,./api/dashboard/built,${DATA_DIR:-.data},${SIGNING_KEY_FILE:-.data},${HOME}/.aws,${TMPDIR:-/tmp}" \
  "--allow-write=${TMPDIR:-/tmp},${DATA_DIR:-.data}" \
  --allow-sys=osRelease,uid,homedir \
  --allow-run=sh \
  --ignore-env \
  api/entry/cli/start.ts "$@"
