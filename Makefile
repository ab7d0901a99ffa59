# make help lists what there is. Everything works in a fresh clone; what Debian has to bring, .ci/packages installs.

CARGO ?= cargo
MINIMUM_RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

.PHONY: help run webmail test bench check certs format lint docs deny minimum-rust \
	packages-build packages-run packages-webmail packages-test packages-bench

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: packages-run ## Start delega before a Dovecot with a sample mailbox; Ctrl-C ends all
	@$(CARGO) build --quiet --bin delega --example sandbox
	@$(CARGO) run --quiet --example sandbox

webmail: packages-webmail ## The same with Roundcube before it, for the browser
	@$(CARGO) build --quiet --bin delega --example sandbox
	@$(CARGO) run --quiet --example sandbox -- --webmail

# The same profile and features for both: nothing is built twice. The servers' tests are a target of their own.
test: packages-test ## All tests, those against real servers and mail programs included
	$(CARGO) test
	$(CARGO) test --test servers

# QUICK=1: less of everything. ARGS: more for the program, see benches/README.md
bench: packages-bench ## CPU, latency and memory beside haproxy, nginx and Dovecot; QUICK=1 for a look
	$(CARGO) bench --bench peers -- $(if $(QUICK),--quick) $(ARGS)

check: format lint test docs deny minimum-rust ## What a reviewer would run

certs: ## Certificates for development, into certs/
	@$(CARGO) run --quiet --example dev-certs

format:
	$(CARGO) fmt --check

# A target with `test = false` or `bench = false` is none of `--all-targets`
lint: packages-build
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --test servers --bench peers -- -D warnings

docs: packages-build
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --document-private-items

deny:
	@if ! $(CARGO) deny --version >/dev/null 2>&1; then \
		echo "Licences and advisories were not checked: cargo-deny is not installed (cargo install cargo-deny)."; \
	elif ! $(CARGO) deny fetch db >/dev/null 2>&1; then \
		echo "Advisories were not checked: their database is out of reach."; \
		$(CARGO) deny --offline check bans licenses sources; \
	else \
		$(CARGO) deny check; \
	fi

minimum-rust: packages-build
	@for name in $(MINIMUM_RUST) $(MINIMUM_RUST).0; do \
		if rustup run $$name rustc --version >/dev/null 2>&1; then \
			CARGO_TARGET_DIR=target/minimum-rust rustup run $$name cargo check --quiet --lib --bins || exit 1; \
			echo "Rust $$name builds it."; \
			exit 0; \
		fi; \
	done; \
	echo "Rust $(MINIMUM_RUST) was not tried: rustup toolchain install $(MINIMUM_RUST)"

packages-build packages-run packages-webmail packages-test packages-bench: packages-%:
	@./.ci/packages $*
