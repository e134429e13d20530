# make alone prints this list.
GO      ?= go
PKGS    ?= ./...
COVER   ?= /tmp/cachewright-cover.out

.PHONY: help deps test check interop lint golden bench bench-quick bench-pickle cover fuzz dist man

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

interop: deps ## the tests beside Django once more, with the newer one of Debian 13, and its own Redis backend
	GO=$(GO) sh .ci/interop

golden: ## rewrite golden files and generated docs, then read the diff
	$(GO) test $$(grep -ls '"update"' *_test.go */*_test.go */*/*_test.go | xargs -n1 dirname | sort -u | sed 's|^|./|') -update
	$(GO) run ./internal/licences >docs/licences.md.new && mv docs/licences.md.new docs/licences.md

dist: ## what a release gives away: static binaries for linux and darwin, man pages, completions, licences, checksums
	GO=$(GO) sh .ci/dist

man: ## the manual pages, into dist/man
	$(GO) run ./cmd/cachewright man dist/man

bench: deps ## measure everything beside its peers, some twenty minutes, and write docs/benchmarks.md
	cd bench && $(GO) run . -docs ../docs

bench-quick: deps ## a look of two minutes at most; keep the output and compare two of them with benchstat
	@cd bench && $(GO) run . -quick

bench-pickle: deps ## decoding a pickled dict beside Python's pickle.loads, in one run
	$(GO) test -run '^$$' -bench BenchmarkDecode -count 5 ./internal/pickle

cover: deps ## statement coverage by package
	$(GO) test -coverprofile=$(COVER) -coverpkg=./... ./... >/dev/null && $(GO) tool cover -func=$(COVER) | tail -1

fuzz: ## each fuzz target for ten seconds
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s $$p || exit 1; done; done
