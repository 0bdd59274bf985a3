# Everything that `./muster test` runs, in the order in which a failure is cheapest to learn. Sourced by ../muster.
# Ends with one line "N passed, N failed" over all parts; exit code 1 when anything failed.

PASSED=0 FAILED=0 FAILURES=()

# part NAME COMMAND…: runs one part, counts it, goes on after a failure.
part() {
  local name="$1" begun=$SECONDS; shift
  say "--- $name"
  if "$@"; then
    PASSED=$((PASSED + 1)); say "--- $name: passed after $((SECONDS - begun)) s"
  else
    FAILED=$((FAILED + 1)); FAILURES+=("$name"); say "--- $name: FAILED after $((SECONDS - begun)) s"
  fi
}

# A PostgreSQL of our own on loopback, in a folder of our own, stopped by its data folder at the end.
start_postgres() {
  PG_BIN="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n1)"
  [ -n "$PG_BIN" ] || { say "no PostgreSQL server is installed"; return 1; }
  PG_DIR="$(mktemp -d /tmp/muster-pg.XXXXXX)"
  local port; port="$(free_port)"
  if [ "$(id -u)" = 0 ]; then chown postgres "$PG_DIR"; PG_AS=(runuser -u postgres --); else PG_AS=(); fi
  "${PG_AS[@]}" "$PG_BIN/initdb" -D "$PG_DIR/data" -A trust -U postgres >"$PG_DIR.log" 2>&1 || { cat "$PG_DIR.log"; return 1; }
  "${PG_AS[@]}" "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -o "-p $port -k $PG_DIR -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200" \
    -l "$PG_DIR/log" -w start >/dev/null || { cat "$PG_DIR/log"; return 1; }
  export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

stop_postgres() {
  [ -n "${PG_DIR:-}" ] || return 0
  "${PG_AS[@]}" "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$PG_DIR" "$PG_DIR.log"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

fetch_models() { "$BIN/muster-weights" fetch --models-dir "$MUSTER_MODELS_DIR" --cache-dir "$CACHE/packages"; }

# Recorded human speech with known text, from packages pinned by hash.
fetch_speech() { python3 tests/speech/fetch.py "$CACHE/speech"; }

web_checks() { (cd server/web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent typecheck && npm test --silent && npm run --silent build); }

compile() { claim_target && cargo build --release --locked --workspace --bins ${CI:+--quiet} && cargo test --release --locked --workspace --no-run ${CI:+--quiet}; }

# Candle's own threads stay out of the way, as llm's main does it.
rust_tests() { CANDLE_NUM_THREADS=1 cargo test --release --locked --workspace --no-fail-fast ${CI:+--quiet}; }

install_libraries() {
  [ -x "$CACHE/venv/bin/python" ] || python3 -m venv "$CACHE/venv"
  [ -x "$CACHE/venv-bots/bin/python" ] || python3 -m venv "$CACHE/venv-bots"
  "$CACHE/venv/bin/pip" -q install -r tests/sdk/requirements.txt &&
    "$CACHE/venv-bots/bin/pip" -q install -r tests/sdk/bots-requirements.txt &&
    (cd tests/sdk && npm ci --no-audit --no-fund --loglevel=error)
}

# library_checks SCRIPT: client libraries that people already use, unmodified.
library_checks() { install_libraries && PYTHON="$CACHE/venv/bin/python" PYTHON_BOTS="$CACHE/venv-bots/bin/python" node "tests/sdk/$1"; }

# Single sign-on with a real provider of OpenID Connect.
sso_story() {
  install_libraries && "$PG_BIN/psql" -q "$TEST_DATABASE_URL" -c 'CREATE DATABASE sso' &&
    TEST_DATABASE_URL="${TEST_DATABASE_URL%/*}/sso" node tests/sdk/sso.mjs
}

# Requests made from a description of the API: none is answered with 500.
fuzz_api() {
  "$CACHE/venv/bin/pip" -q install -r tests/compat/requirements.txt &&
    "$CACHE/venv/bin/python" tests/compat/fuzz.py --server "$BIN/server" --examples 5
}

# A writer goes on while the server is killed again and again; nothing acknowledged is lost.
crash_story() {
  "$BIN/bench-chat" crash --server "$BIN/server" --kills 50 --seed 7 &&
    "$PG_BIN/psql" -q "$TEST_DATABASE_URL" -c 'CREATE DATABASE crash' &&
    "$BIN/bench-chat" crash --server "$BIN/server" --kills 15 --seed 11 --database "${TEST_DATABASE_URL%/*}/crash"
}

# The file storage on stand-ins for S3 (moto) and Azure Blob (azurite).
store_checks() {
  install_libraries && "$CACHE/venv/bin/pip" -q install -r tests/sdk/stores/requirements.txt &&
    (cd tests/sdk/stores && npm ci --no-audit --no-fund --loglevel=error) &&
    PYTHON="$CACHE/venv/bin/python" node tests/sdk/stores/run.mjs
}

browser_story() { (cd tests/browser && npm ci --no-audit --no-fund --loglevel=error) && node --test --test-concurrency=1 --test-timeout=900000 tests/browser/administration.test.mjs tests/browser/story.test.mjs; }

run_tests() {
  local begun=$SECONDS
  install_packages <<<"$BUILD_PACKAGES
$TEST_PACKAGES"
  ensure_rust
  ensure_node
  export MUSTER_BIN="$BIN" MUSTER_MODELS_DIR="$CACHE/models" MUSTER_SPEECH_DIR="$CACHE/speech"
  export MUSTER_SHOTS="${MUSTER_SHOTS:-$CACHE/screenshots}" MUSTER_WEB_ROOT="$PWD/server/web/dist"
  mkdir -p "$MUSTER_SHOTS"
  trap stop_postgres EXIT
  part "compile" compile
  [ "$FAILED" = 0 ] || finish
  part "models" fetch_models
  part "speech samples" fetch_speech
  part "web client: types, unit tests, build" web_checks
  part "PostgreSQL starts" start_postgres
  part "Rust tests, both databases" rust_tests
  part "OpenAI client libraries" library_checks openai.mjs
  part "Mattermost client libraries" library_checks run.mjs
  part "single sign-on with an OpenID Connect provider" sso_story
  part "requests of any shape" fuzz_api
  part "the server killed 65 times" crash_story
  part "files on S3 and Azure Blob" store_checks
  part "the stories in real browsers (screenshots in $MUSTER_SHOTS)" browser_story
  say "all parts took $(((SECONDS - begun) / 60)) min $(((SECONDS - begun) % 60)) s"
  finish
}

finish() {
  local name
  for name in "${FAILURES[@]}"; do say "failed: $name"; done
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ] || exit 1
  exit 0
}
