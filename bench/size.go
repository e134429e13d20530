package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cachewright/cachewright/bench/report"
)

// programs are in the folder of that name: each does one Set.
var programs = []struct{ name, what string }{
	{"nothing", "an empty main"},
	{"memory", "`cache` on `store/memory`"},
	{"file", "`cache` on `store/file`"},
	{"redis", "`cache` on `store/redis`"},
	{"caches", "`cachewright.Auto`: every backend and serializer, YAML"},
	{"otter", "bare otter"},
	{"ristretto", "ristretto v2"},
	{"sturdyc", "sturdyc"},
	{"rueidis", "bare rueidis"},
	{"goredis", "go-redis v9"},
	{"goredis-cache", "go-redis/cache v9"},
}

// askSize builds small programs with and without us, and compares them.
func askSize(r *run) error {
	dir, err := os.MkdirTemp("", "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := report.Table{
		Title:   "a program that sets one value",
		Columns: []string{"program", "binary", "more than nothing", "modules linked in"},
	}
	var least int64
	for _, p := range programs {
		path := filepath.Join(dir, p.name)
		if err := build(r.ctx, ".", path, "./programs/"+p.name); err != nil {
			return err
		}
		size, modules, err := weighBinary(path)
		if err != nil {
			return err
		}
		if least == 0 {
			least = size
		}
		t.Rows = append(t.Rows, []string{p.what, mebibytes(size), mebibytes(size - least), fmt.Sprint(modules)})
		if err := errors.Join(
			r.note(figure{"binary size", p.name, "B"}, float64(size)),
			r.note(figure{"modules linked in", p.name, "modules"}, float64(modules)),
		); err != nil {
			return err
		}
	}
	return r.table(t)
}

// build builds the program of a package of the module in dir, as one would for production.
func build(ctx context.Context, dir, path, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s (the command runs in the folder bench): %w\n%s", pkg, err, out)
	}
	return nil
}

// weighBinary returns the size of a program, and how many modules but itself are in it.
func weighBinary(path string) (size int64, modules int, err error) {
	f, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	return f.Size(), len(info.Deps), nil
}

func mebibytes(n int64) string { return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20)) }
