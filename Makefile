# make alone prints this list.
GO      ?= go
PKGS    ?= ./...
COVER   ?= /tmp/cachewright-cover.out

.PHONY: help deps test check lint golden bench bench-quick cover fuzz

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what the tests need (redis-server, Django and django-redis of Debian)
	@sh .ci/deps

test: deps ## install what the tests need and run all tests under the race detector
	cd bench && $(GO) test ./...
	$(GO) test -race -timeout 30m $(PKGS)

lint: ## formatting, vet, both modules
	@unformatted=$$(gofmt -l . ); if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./store/file/
	cd bench && $(GO) vet ./...

check: lint test ## exactly what CI runs

golden: ## rewrite golden files and generated docs, then read the diff
	$(GO) test $$(grep -ls '"update"' *_test.go */*_test.go */*/*_test.go | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

bench: deps ## measure everything beside its peers, some twenty minutes, and write docs/benchmarks.md
	cd bench && $(GO) run . -docs ../docs

bench-quick: deps ## a look of two minutes at most; keep the output and compare two of them with benchstat
	@cd bench && $(GO) run . -quick

cover: deps ## statement coverage by package
	$(GO) test -coverprofile=$(COVER) -coverpkg=./... ./... >/dev/null && $(GO) tool cover -func=$(COVER) | tail -1

fuzz: ## each fuzz target for ten seconds
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s $$p || exit 1; done; done
