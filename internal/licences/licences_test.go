package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThePageIsUpToDate(t *testing.T) {
	t.Chdir("../..")
	var want bytes.Buffer
	if err := run(&want, false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/licences.md is stale: go run ./internal/licences > docs/licences.md (-modules +page):\n%s", diff)
	}
}

// permissive are licences under which a binary may hold a module without more than its text. What only tests need
// may also be under one that asks for changes of the module's own files.
var (
	permissive = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}
	forTests   = append([]string{"MPL-2.0"}, permissive...)
)

func TestEveryLicenceLetsUsersDoAsTheyLike(t *testing.T) {
	t.Chdir("../..")
	modules, err := needed()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		allowed := permissive
		if m.use == byTests {
			allowed = forTests
		}
		for _, name := range m.spdx {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s is under %s: take another module", m.Path, name)
			}
		}
	}
}

func TestTheTextsHoldWhatTheCommandHolds(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	if err := run(&out, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Go and its standard library, go1.", "github.com/redis/rueidis v", "github.com/spf13/cobra v", "Permission is hereby granted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the texts", want)
		}
	}
	if strings.Contains(out.String(), "\npgregory.net/rapid") {
		t.Error("a module of the tests is among them")
	}
}

func TestLicencesAreToldApart(t *testing.T) {
	const bsd = "Redistribution and use in source and\nbinary forms, with or without modification"
	for text, want := range map[string]string{
		"Permission is hereby granted,\nfree of charge, to any": "MIT",
		bsd:                               "BSD-2-Clause",
		bsd + ". Neither the name of the": "BSD-3-Clause",
		"Licensed under the Apache License, Version 2.0": "Apache-2.0",
		"Mozilla Public License Version 2.0":             "MPL-2.0",
		"All rights reserved.":                           "",
	} {
		if got := strings.Join(identify(text), ","); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
