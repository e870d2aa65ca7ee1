# `make` prints what there is to do. ARGS is handed on: `make run ARGS='--port 9000'`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ARGS ?=
CARGO ?= cargo
LOG := target/test.log
SCHEMATHESIS := target/schemathesis
# Colours would hide the counts that `test` looks for.
test: export CARGO_TERM_COLOR := never

DIST := target/dist

.PHONY: help run test check format lint doc bench fuzz fmt example-settings docs-tables deny dist test-tools clean

help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The dev profile: what it loses in speed no newcomer notices, and it is built in a fraction of the time.
run: ## Start a server for a trial: loopback only, data in a temporary folder
	@$(CARGO) run --bin neoircd -- --dev $(ARGS)

# A test that does not run proves nothing, so one that was passed over is as good as one that failed.
test: test-tools target/venv-irc/made target/web-tests/made ## Run every test; on a fresh Debian, as root, install what they need first
	@mkdir -p target
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
		then $(CARGO) nextest run 2>&1 | tee $(LOG); \
		else $(CARGO) test --no-fail-fast 2>&1 | tee $(LOG); fi
	@$(CARGO) test --doc 2>&1 | tee -a $(LOG)
	@if grep -E '[1-9][0-9]* (skipped|ignored)' $(LOG); \
		then echo 'make test: tests were passed over' >&2; exit 1; fi

check: format lint doc test ## Everything that a change must pass

format: ## Fail when the code is not formatted
	$(CARGO) fmt --check

lint: ## Fail on any warning
	$(CARGO) clippy --all-targets -- -D warnings

doc: ## Build the documentation of the code; fail on any warning
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps

# The licences are also looked at by `make test`; cargo-deny looks at other systems' dependencies and at bans too. Its
# build takes minutes, so it is not part of `make check`.
deny: ## Look at licences, bans and sources with cargo-deny, which is built first where it is missing
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check licenses bans sources

bench: ## Measure the server in release mode; ARGS='--help' lists the choices
	$(CARGO) bench --bench load -- $(ARGS)

# The flags are those that cargo-fuzz gives, which is therefore not needed; nor is a nightly compiler.
fuzz: export RUSTFLAGS := --cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
fuzz: SECONDS_EACH ?= 60
fuzz: ## Send any bytes for SECONDS_EACH=60 seconds to each target of fuzz/; needs a C++ compiler
	@target=$$(rustc -vV | sed -n 's/^host: //p'); \
	$(CARGO) build --release --manifest-path fuzz/Cargo.toml --target "$$target"; \
	for name in line connection; do \
		mkdir -p fuzz/corpus/$$name fuzz/artifacts/$$name; \
		fuzz/target/$$target/release/$$name fuzz/corpus/$$name fuzz/seeds/$$name -dict=fuzz/words.dict \
			-max_total_time=$(SECONDS_EACH) -timeout=60 -max_len=9000 -rss_limit_mb=8192 -print_final_stats=1 \
			-artifact_prefix=fuzz/artifacts/$$name/ $(ARGS); \
	done

fmt: ## Format the code
	$(CARGO) fmt

example-settings: ## Write neoirc.example.toml and the table in docs/settings.md anew
	@$(CARGO) run --quiet --bin neoircd -- config example > neoirc.example.toml.new
	@mv neoirc.example.toml.new neoirc.example.toml
	@awk 'NR == FNR && /^# / { help = substr($$0, 3, length($$0) - 3); gsub(/[<>]/, "\\\\&", help) } \
		NR == FNR && /^#[a-z]/ { value = substr($$0, index($$0, "=") + 3); value = substr(value, 1, length(value) - 1); \
			rows = rows "| `" toupper(substr($$1, 2)) "` | " (value == "" ? "–" : "`" value "`") " | " help " |\n" } \
		NR == FNR { next } \
		/^[|] `/ { printf "%s", rows; rows = ""; next } \
		{ print }' neoirc.example.toml docs/settings.md > docs/settings.md.new
	@mv docs/settings.md.new docs/settings.md

# The tests that compare the pages write them instead.
docs-tables: ## Write docs/numerics.md and docs/conformance.md anew
	@UPDATE_DOCS=1 $(CARGO) test --quiet --test transcripts -- the_page

# What the tarball has beside the programs: the documents, and all that they link to.
PACKED := README.md CHANGELOG.md ARCHITECTURE.md LICENSE-APACHE LICENSE-MIT neoirc.example.toml docs examples \
	dist/neoircd.service Dockerfile compose.yaml tests/web/README.md \
	web/docs/README.md web/docs/LICENSE web/docs/NOTICE \
	web/vendor/README.md web/vendor/LICENSE-htm web/vendor/LICENSE-preact

# Static by musl where this machine can build that, else for the C library that it has. Who unpacks it needs nothing else.
dist: ## Build a release and pack it below target/dist: a tarball with checksums, and a .deb where cargo-deb is there
	@host=$$(rustc -vV | sed -n 's/^host: //p'); \
	triple=$$host; \
	musl=$$(echo $$host | sed 's/-gnu$$/-musl/'); \
	if [ -d "$$(rustc --print sysroot)/lib/rustlib/$$musl" ] && command -v musl-gcc >/dev/null; then triple=$$musl; fi; \
	version=$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1); \
	name=neoirc-$$version-$$triple; \
	if [ $$triple = $$host ]; then $(CARGO) build --release --locked; built=target/release; \
		else $(CARGO) build --release --locked --target $$triple; built=target/$$triple/release; fi; \
	rm -rf $(DIST)/$$name; mkdir -p $(DIST)/$$name/bin; \
	for program in neoircd neoirc; do \
		if [ -x $$built/$$program ]; then install -m 755 $$built/$$program $(DIST)/$$name/bin/; fi; done; \
	cp -r --parents $(PACKED) $(DIST)/$$name/; \
	find $(DIST)/$$name -name __pycache__ -prune -exec rm -r {} +; \
	(cd $(DIST)/$$name && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS); \
	epoch=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}; \
	tar -C $(DIST) --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$epoch -cf - $$name | gzip -n9 > $(DIST)/$$name.tar.gz; \
	if [ $$triple = $$host ] && $(CARGO) deb --version >/dev/null 2>&1; \
		then $(CARGO) deb --no-build --quiet --output $(DIST)/; fi; \
	(cd $(DIST) && sha256sum $$(ls | grep -E '\.(tar\.gz|deb)$$') > SHA256SUMS && ls -l)

clean: ## Remove everything that was built
	$(CARGO) clean

# What the tests need beside Rust: the programs that the README uses, what runs the examples, a terminal for the
# terminal client, a C compiler for SQLite, other people's IRC clients, a browser, and Schemathesis, in a folder of its
# own that is made anew when other versions are asked for.
test-tools:
	@command -v $(CARGO) >/dev/null || { echo 'make: cargo is missing: install Rust 1.95 or newer' >&2; exit 1; }
	@missing=''; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	command -v jq >/dev/null || missing="$$missing jq"; \
	command -v python3 >/dev/null || missing="$$missing python3"; \
	python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	python3 -c 'import requests' 2>/dev/null || missing="$$missing python3-requests"; \
	command -v tmux >/dev/null || missing="$$missing tmux"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v irssi >/dev/null || missing="$$missing irssi"; \
	command -v weechat-headless >/dev/null || missing="$$missing weechat-headless"; \
	ls /usr/lib/*/weechat/plugins/fifo.so >/dev/null 2>&1 || missing="$$missing weechat-plugins"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then \
		echo "make: the tests need these packages, please install them:$$missing" >&2; exit 1; fi; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing
	@if [ -x $(SCHEMATHESIS)/bin/python ] && cmp -s tests/openapi/requirements.txt $(SCHEMATHESIS)/installed.txt; then exit 0; fi; \
	echo 'make: installing Schemathesis below target/'; \
	rm -rf $(SCHEMATHESIS); \
	python3 -m venv $(SCHEMATHESIS); \
	$(SCHEMATHESIS)/bin/pip install --quiet --disable-pip-version-check --requirement tests/openapi/requirements.txt; \
	cp tests/openapi/requirements.txt $(SCHEMATHESIS)/installed.txt

# A library for bots from PyPI, on which one of the tests has a bot.
target/venv-irc/made: tests/irc/requirements.txt | test-tools
	@echo 'make: installing a library for bots below target/'
	@rm -rf target/venv-irc
	@python3 -m venv target/venv-irc
	@target/venv-irc/bin/pip install --quiet --disable-pip-version-check --requirement tests/irc/requirements.txt
	@touch $@

# From npm: what drives the browser, and what looks at pages with the eyes of those who do not see them.
target/web-tests/made: tests/web/package.json tests/web/package-lock.json tests/web/.npmrc | test-tools
	@echo 'make: installing what drives the browser below target/'
	@rm -rf target/web-tests
	@mkdir -p target/web-tests
	@cp $^ target/web-tests/
	@npm --prefix target/web-tests ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@
