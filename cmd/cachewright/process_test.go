package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAdviceRepeatsHowTheCommandWasCalled(t *testing.T) {
	module := t.TempDir()
	folder := filepath.Join(module, "cmd", "cachewright")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, arg, dir, want string }{
		{"on the PATH", "cachewright", module, "cachewright"},
		{"by a path", "./bin/cachewright", module, "./bin/cachewright"},
		{"by go run in its module", "/tmp/go-build123/b001/exe/cachewright", module, "go run ./cmd/cachewright"},
		{"by go run from the build cache", "/home/a/.cache/go-build/ab/cd-d/cachewright", module, "go run ./cmd/cachewright"},
		{"by go run elsewhere", "/tmp/go-build123/b001/exe/cachewright", t.TempDir(), "go run " + packagePath},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := process{args: []string{tt.arg}, dir: tt.dir}
			if got := p.calledAs(); got != tt.want {
				t.Errorf("calledAs() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPathsBelowHomeAreShortened(t *testing.T) {
	tests := []struct{ home, path, want string }{
		{"/home/ada", "/home/ada/shop", "~/shop"},
		{"/home/ada", "/home/ada", "~"},
		{"/home/ada", "/home/adam", "/home/adam"},
		{"/", "/srv", "/srv"},
		{"", "/srv", "/srv"},
	}
	for _, tt := range tests {
		p := process{environ: []string{"HOME=/first", "HOME=" + tt.home}}
		if got := p.tilde(tt.path); got != tt.want {
			t.Errorf("with HOME=%s tilde(%q) = %q, want %q", tt.home, tt.path, got, tt.want)
		}
	}
}

func TestOnlyTaggedVersionsAreReleases(t *testing.T) {
	tests := []struct{ module, want string }{
		{"v0.1.0", "0.1.0"},
		{"v1.2.3-rc.1", "1.2.3-rc.1"},
		{"(devel)", "dev"},
		{"", "dev"},
		{"v0.1.0+dirty", "dev"},
		{"v0.0.0-20261101120000-abcdefabcdef", "dev"},
		{"v0.1.1-0.20261101120000-abcdefabcdef", "dev"},
	}
	for _, tt := range tests {
		if got := releaseOf(tt.module); got != tt.want {
			t.Errorf("releaseOf(%q) = %q, want %q", tt.module, got, tt.want)
		}
	}
}

func TestShellsReadQuotedTextAsItIs(t *testing.T) {
	tests := []struct{ text, want string }{
		{"shop/config.yaml", "shop/config.yaml"},
		{"my shop", "'my shop'"},
		{"it's", `'it'\''s'`},
		{"$HOME", "'$HOME'"},
		{"", "''"},
	}
	for _, tt := range tests {
		if got := quoteShell(tt.text); got != tt.want {
			t.Errorf("quoteShell(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}
