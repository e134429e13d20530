// Command licences lists the modules that this one needs, with their licences: as a page for docs/licences.md or, with
// -texts, as the texts themselves, which belong to every binary that is given away.
//
//	go run ./internal/licences > docs/licences.md
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	texts := flag.Bool("texts", false, "print the texts of the licences of what the command holds")
	flag.Parse()
	if err := run(os.Stdout, *texts); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, texts bool) error {
	modules, err := needed()
	if err != nil {
		return err
	}
	if texts {
		return writeTexts(w, modules)
	}
	return writePage(w, modules)
}

// module is a module that is needed.
type module struct {
	Path, Version, Dir string

	use  use
	spdx []string // names of its licences
	text []byte
}

// use is the least demanding way in which a module is needed: what a library needs, its command needs too.
type use int

const (
	byLibrary use = iota
	byCommand
	byTests
)

var uses = []string{"the library", "the command", "tests only"}

// platforms are those that packages are chosen for.
var platforms = []string{"linux", "darwin", "windows"}

// needed returns the modules that packages of this one import, directly or not.
func needed() ([]module, error) {
	all := map[string]module{}
	for _, goos := range platforms {
		for by, args := range map[use][]string{
			byLibrary: {".", "./cache", "./django/...", "./session", "./store", "./store/dummy", "./store/file", "./store/memory", "./store/redis"},
			byCommand: {"./cmd/..."},
			byTests:   {"-test", "./..."},
		} {
			if by == byTests && goos == "windows" {
				continue // their servers need a Unix
			}
			found, err := list(goos, args)
			if err != nil {
				return nil, err
			}
			for _, m := range found {
				m.use = by
				if old, known := all[m.Path]; !known || by < old.use {
					all[m.Path] = m
				}
			}
		}
	}
	modules := slices.SortedFunc(maps.Values(all), func(a, b module) int {
		return cmp.Or(cmp.Compare(a.use, b.use), strings.Compare(a.Path, b.Path))
	})
	for i := range modules {
		if err := modules[i].read(); err != nil {
			return nil, err
		}
	}
	return modules, nil
}

// list returns the modules of the packages that args name, and of what they import, on one platform.
func list(goos string, args []string) ([]module, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, args...)...)
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	var found []module
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the answer of go list: %w", err)
		}
		if m := p.Module; m != nil && !m.Main {
			found = append(found, module{Path: m.Path, Version: m.Version, Dir: m.Dir})
		}
	}
}

// read finds the licence of m in its folder.
func (m *module) read() error {
	names, err := filepath.Glob(filepath.Join(m.Dir, "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		base := strings.ToUpper(filepath.Base(name))
		if !strings.HasPrefix(base, "LICENSE") && !strings.HasPrefix(base, "LICENCE") && !strings.HasPrefix(base, "NOTICE") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		m.text = append(append(m.text, bytes.TrimSpace(text)...), "\n\n"...)
	}
	if m.spdx = identify(string(m.text)); len(m.spdx) == 0 {
		return fmt.Errorf("%s %s: no licence that is known here; look into %s", m.Path, m.Version, m.Dir)
	}
	return nil
}

// marks are sentences that stand in one licence and in no other.
var marks = []struct{ sentence, spdx string }{
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Permission to use, copy, modify, and/or distribute this software", "ISC"},
	{"Apache License, Version 2.0", "Apache-2.0"},
	{"Apache License Version 2.0", "Apache-2.0"},
	{"Mozilla Public License", "MPL-2.0"},
	{"GNU GENERAL PUBLIC LICENSE", "GPL"},
	{"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"},
}

// identify returns the names that the licences in text have in the list of SPDX.
func identify(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var names []string
	for _, m := range marks {
		if strings.Contains(text, m.sentence) && !slices.Contains(names, m.spdx) {
			names = append(names, m.spdx)
		}
	}
	if strings.Contains(text, "Redistribution and use in source and binary forms") {
		name := "BSD-2-Clause"
		if strings.Contains(text, "Neither the name") {
			name = "BSD-3-Clause"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func writePage(w io.Writer, modules []module) error {
	var b bytes.Buffer
	b.WriteString("<!-- Made by go run ./internal/licences. Do not edit. -->\n\n# Licences of what is used\n\n" +
		"cachewright is under the [Apache License 2.0](../LICENSE). These are the modules that it is built with, on Linux, macOS or\n" +
		"Windows, and what they are needed for; what the library needs, the command needs too, and `store/storetest` counts as a test.\n" +
		"None of them needs cgo, and why each is here stands in the [decision on dependencies](decisions/0002-dependencies.md). All but\n" +
		"rapid are under permissive licences; rapid's, the MPL-2.0, asks for changes of its own files only, and no binary holds it. The\n" +
		"texts come with the binaries of `make dist`.\n\n| module | version | licence | needed by |\n|---|---|---|---|\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Path, m.Version, strings.Join(m.spdx, ", "), uses[m.use])
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeTexts(w io.Writer, modules []module) error {
	library, err := standardLibrary()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, m := range append([]module{library}, modules...) {
		if m.use == byTests {
			continue
		}
		line := strings.Repeat("=", 80)
		fmt.Fprintf(&b, "%s\n%s %s\n%s\n\n%s", line, m.Path, m.Version, line, m.text)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// standardLibrary is Go itself, of which every binary holds a part.
func standardLibrary() (module, error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return module{}, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	m := module{Path: "Go and its standard library,", Version: version, Dir: root}
	return m, m.read()
}
