package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

// The names of the questions that bars ask for.
const (
	openInProcess = "from the configuration to the first answer, in a running program"
	openProcess   = "from the start of a process to its end"
	planCommand   = "cachewright plan, four caches"
	openMemory    = "Open, in memory"
)

// askOpening measures from the configuration to the first answer.
func askOpening(r *run) error {
	dir, err := os.MkdirTemp("", "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return errors.Join(askOpens(r, dir), askProcesses(r, dir))
}

func askOpens(r *run, dir string) error {
	s, err := newServer(r.ctx)
	if err != nil {
		return err
	}
	defer s.close()
	project := filepath.Join(dir, "project")
	if err := writeProject(project, "environment: development\ncache_default:\n  timeout: 10m\n"); err != nil {
		return err
	}
	config := func(c cachewright.CacheConfig) cachewright.Config {
		return cachewright.Config{
			Environment: "development", Logger: quiet, Caches: map[string]cachewright.CacheConfig{"default": c},
		}
	}
	opened := func(c cachewright.Config) func(int) error {
		return func(int) error {
			caches, err := cachewright.Open(r.ctx, c)
			if err != nil {
				return err
			}
			return firstAnswer(r.ctx, caches)
		}
	}
	ten := config(cachewright.CacheConfig{})
	for i := range 9 {
		ten.Caches[fmt.Sprintf("alias%d", i)] = cachewright.CacheConfig{Backend: "memory"}
	}
	redis := config(cachewright.CacheConfig{})
	redis.RedisURL = s.url()
	return r.ask(question{openInProcess, []contender{
		{"memory.New and cache.New by hand", slowly(func(int) error { return byHand(r.ctx) })},
		{openMemory, slowly(opened(config(cachewright.CacheConfig{})))},
		{"Open, ten caches in memory", slowly(opened(ten))},
		{"Load of a file and Open, in memory", slowly(func(int) error {
			c, err := cachewright.Load(cachewright.LoadOptions{Path: project})
			if err != nil {
				return err
			}
			c.Logger = quiet
			return opened(*c)(0)
		})},
		{"Open, in files", slowly(opened(config(cachewright.CacheConfig{Backend: "file", Location: filepath.Join(dir, "cache")})))},
		{"Open, in Redis", slowly(opened(redis))},
		{"rueidis, NewClient and SET", slowly(func(int) error {
			client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr}})
			if err != nil {
				return err
			}
			defer client.Close()
			return client.Do(r.ctx, client.B().Set().Key("bare").Value("v").Build()).Error()
		})},
		{"go-redis, NewClient and SET", slowly(func(int) error {
			client := goredis.NewClient(&goredis.Options{Addr: s.addr})
			return errors.Join(client.Set(r.ctx, "bare", "v", 0).Err(), client.Close())
		})},
	}})
}

func byHand(ctx context.Context) error {
	s, err := memory.New(memory.Options{})
	if err != nil {
		return err
	}
	c, err := cache.New[string](s, cache.Options{Logger: quiet})
	if err != nil {
		return err
	}
	return errors.Join(c.Set(ctx, "k", "v"), s.Close())
}

// firstAnswer has the default cache store a value and closes all.
func firstAnswer(ctx context.Context, caches *cachewright.Caches) error {
	c, err := cachewright.Of[string](caches, "default")
	if err == nil {
		err = c.Set(ctx, "k", "v")
	}
	return errors.Join(err, caches.Close())
}

func writeProject(dir, config string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600)
}

// fourCaches is a configuration as a project has it.
const fourCaches = `project_name: My Shop
environment: production
redis_url: redis://localhost:6379/0
cache_default:
  timeout: 10m
  max_connections: 100
  connection_pool_kwargs:
    socket_timeout: 1
    retry_on_timeout: true
cache_sessions:
  redis_url: redis://localhost:6379/1
  timeout: 24h
cache_api:
  redis_url: redis://localhost:6379/2
  timeout: 60
  key_prefix: api
  version: 3
cache_local:
  backend: memory
  max_bytes: 64MiB
`

// askProcesses runs whole processes, the way a shell or an editor does.
func askProcesses(r *run, dir string) error {
	project, nothing, command := filepath.Join(dir, "shop"), filepath.Join(dir, "nothing"), filepath.Join(dir, "cachewright")
	if err := errors.Join(
		writeProject(project, fourCaches),
		build(r.ctx, ".", nothing, "./programs/nothing"),
		build(r.ctx, "..", command, "./cmd/cachewright"),
	); err != nil {
		return err
	}
	return r.ask(question{openProcess, []contender{
		{"an empty Go program", spawned(r.ctx, project, nothing)},
		{planCommand, spawned(r.ctx, project, command, "plan")},
		{"cachewright plan --json", spawned(r.ctx, project, command, "plan", "--json")},
		{"cachewright django", spawned(r.ctx, project, command, "django", "--env", "production")},
		{"python3, nothing", spawned(r.ctx, project, r.python, "-c", "")},
		{"python3, Django's LocMemCache and one set", spawned(r.ctx, project, r.python, "-c", "from django.conf import settings\n"+
			"settings.configure()\nfrom django.core.cache import cache\ncache.set('k', 'v')")},
	}})
}

// spawned measures a process from its start to its end.
func spawned(ctx context.Context, dir, name string, args ...string) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		before := cpuOf(syscall.RUSAGE_CHILDREN)
		s, err := timedBy(1, d, func(int) error {
			cmd := exec.CommandContext(ctx, name, args...)
			cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", cmd, err, out)
			}
			return nil
		})
		s.cpu = float64(cpuOf(syscall.RUSAGE_CHILDREN)-before) / float64(max(s.ops, 1))
		s.allocs, s.bytes = -1, -1
		return s, err
	}
}
