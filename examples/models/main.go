// Command models opens a configuration of this folder, one per model of cache, and shows that it works:
//
//	go run ./examples/models memory
//	REDIS_URL=redis://localhost:6379/0 go run ./examples/models automatic-redis
//
// Without a name it lists them.
package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright"
)

//go:embed *.yaml
var models embed.FS

func main() {
	if len(os.Args) != 2 {
		names, err := models.ReadDir(".")
		if err != nil {
			log.Fatal(err)
		}
		for _, n := range names {
			fmt.Println(strings.TrimSuffix(n.Name(), ".yaml"))
		}
		return
	}
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), os.Stdout, dir, os.Args[1], os.Environ()); err != nil {
		log.Print(err)
	}
}

// run copies the model into dir, where a cache of files may live, opens its caches and uses each.
func run(ctx context.Context, out io.Writer, dir, model string, environ []string) error {
	text, err := models.ReadFile(model + ".yaml")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), text, 0o600); err != nil {
		return err
	}
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environ: environ})
	if err != nil {
		return err
	}
	config.Logger = slog.New(slog.DiscardHandler)
	caches, err := cachewright.Open(ctx, *config)
	if err != nil {
		return err
	}
	defer caches.Close()
	for _, alias := range caches.Aliases() {
		if err := use(ctx, out, caches, alias); err != nil {
			return err
		}
	}
	return nil
}

func use(ctx context.Context, out io.Writer, caches *cachewright.Caches, alias string) error {
	greetings, err := cachewright.Of[string](caches, alias)
	if err != nil {
		return err
	}
	if err := greetings.Set(ctx, "greeting", "hello"); err != nil {
		return err
	}
	value, found, err := greetings.Get(ctx, "greeting")
	if err != nil {
		return err
	}
	plan, _ := caches.Plan().Cache(alias)
	_, err = fmt.Fprintf(out, "%s on %s: %q, found %v\n", alias, plan.Backend, value, found)
	return err
}
