package cases

import (
	"os"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/redis"
)

// forms are the cases as programs write them in Go, under the names of their files. The page is cut
// from here. Those that do not depend on the environment take no notice of its name.
var forms = map[string]func(environment string) cachewright.Config{
	"automatic-redis":            automaticRedis,
	"explicit-redis":             explicitRedis,
	"redis-ssl":                  redisSSL,
	"redis-ssl-required":         redisSSLRequired,
	"memory":                     memory,
	"no-redis-in-production":     noRedisInProduction,
	"dummy":                      dummy,
	"default-and-sessions":       defaultAndSessions,
	"pool-settings":              poolSettings,
	"sentinel":                   sentinel,
	"cluster":                    cluster,
	"properties-per-environment": propertiesPerEnvironment,
	"yaml-per-environment":       yamlPerEnvironment,
	"versioning":                 versioning,
	"timeouts":                   timeouts,
	"pool-size":                  poolSize,
	"environment-variables":      environmentVariables,
	"different-databases":        differentDatabases,
	"troubleshooting-connection": troubleshootingConnection,
	"troubleshooting-key-length": troubleshootingKeyLength,
}

func automaticRedis(string) cachewright.Config {
	return cachewright.Config{
		ProjectName: "My Config",
		RedisURL:    "redis://localhost:6379/0",
	}
}

func explicitRedis(string) cachewright.Config {
	return cachewright.Config{
		RedisURL: "redis://localhost:6379/0",
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL:       "redis://localhost:6379/0",
				Timeout:        10 * time.Minute,
				KeyPrefix:      "myapp",
				MaxConnections: 100,
			},
		},
	}
}

func redisSSL(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL:       "rediss://cache.example.com:6380/0",
				Timeout:        10 * time.Minute,
				KeyPrefix:      "myapp_prod",
				MaxConnections: 100,
				Pool: cachewright.PoolOptions{
					SSLCertReqs: "required",
					SSLCACerts:  "/path/to/ca-cert.pem",
				},
			},
		},
	}
}

func redisSSLRequired(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL: "rediss://cache.example.com:6380/0",
				Pool:     cachewright.PoolOptions{SSLCertReqs: "required"},
			},
		},
	}
}

func memory(string) cachewright.Config {
	return cachewright.Config{
		Debug: true,
		Caches: map[string]cachewright.CacheConfig{
			"default": {Timeout: 5 * time.Minute, KeyPrefix: "myapp_dev"},
		},
	}
}

func noRedisInProduction(string) cachewright.Config {
	return cachewright.Config{Environment: "production"}
}

func dummy(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {Backend: "dummy"},
		},
	}
}

func defaultAndSessions(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL:  "redis://localhost:6379/0",
				Timeout:   5 * time.Minute,
				KeyPrefix: "myapp",
			},
			"sessions": {
				RedisURL:  "redis://localhost:6379/1",
				Timeout:   24 * time.Hour,
				KeyPrefix: "sessions",
			},
		},
	}
}

func poolSettings(string) cachewright.Config {
	on := true
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL:       "redis://localhost:6379/0",
				MaxConnections: 100,
				Pool: cachewright.PoolOptions{
					SocketConnectTimeout:   5 * time.Second,
					SocketTimeout:          5 * time.Second,
					RetryOnTimeout:         &on,
					MaxConnections:         100,
					SocketKeepalive:        &on,
					SocketKeepaliveOptions: redis.KeepaliveOptions{Idle: time.Second, Interval: time.Second, Count: 3},
				},
			},
		},
	}
}

func sentinel(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL: "redis://localhost:6379/0",
				Pool: cachewright.PoolOptions{
					Sentinels: []redis.Node{
						{Host: "sentinel1.example.com", Port: 26379},
						{Host: "sentinel2.example.com", Port: 26379},
						{Host: "sentinel3.example.com", Port: 26379},
					},
					ServiceName:    "mymaster",
					SentinelKwargs: redis.SentinelOptions{Password: os.Getenv("SENTINEL_PASSWORD")},
				},
			},
		},
	}
}

func cluster(string) cachewright.Config {
	skip := true
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL: "redis://node1:6379/0",
				Pool: cachewright.PoolOptions{
					StartupNodes: []redis.Node{
						{Host: "node1.example.com", Port: 6379},
						{Host: "node2.example.com", Port: 6379},
						{Host: "node3.example.com", Port: 6379},
					},
					SkipFullCoverageCheck: &skip,
				},
			},
		},
	}
}

func propertiesPerEnvironment(environment string) cachewright.Config {
	cache := cachewright.CacheConfig{Backend: "dummy"}
	switch environment {
	case "production":
		cache = cachewright.CacheConfig{
			Backend:        "redis",
			RedisURL:       os.Getenv("REDIS_URL"),
			Timeout:        10 * time.Minute,
			KeyPrefix:      "prod",
			MaxConnections: 200,
		}
	case "development":
		cache = cachewright.CacheConfig{Backend: "memory", Timeout: time.Minute, KeyPrefix: "dev"}
	}
	return cachewright.Config{
		Environment: environment,
		Caches:      map[string]cachewright.CacheConfig{"default": cache},
	}
}

func yamlPerEnvironment(environment string) cachewright.Config {
	cache := cachewright.CacheConfig{Timeout: time.Minute, KeyPrefix: "dev"}
	if environment == "production" {
		cache = cachewright.CacheConfig{
			RedisURL:       "redis://prod-cache.example.com:6379/0",
			Timeout:        10 * time.Minute,
			KeyPrefix:      "prod",
			MaxConnections: 200,
		}
	}
	return cachewright.Config{
		Environment: environment,
		Caches:      map[string]cachewright.CacheConfig{"default": cache},
	}
}

func versioning(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL:  "redis://localhost:6379/0",
				KeyPrefix: "myapp",
				Version:   2,
			},
		},
	}
}

func timeouts(string) cachewright.Config {
	const url = "redis://localhost:6379/0"
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default":     {RedisURL: url, Timeout: 5 * time.Minute},
			"quick":       {RedisURL: url, KeyPrefix: "quick", Timeout: time.Minute},
			"semi_static": {RedisURL: url, KeyPrefix: "semi_static", Timeout: time.Hour},
			"static":      {RedisURL: url, KeyPrefix: "static", Timeout: 24 * time.Hour},
			"constant":    {RedisURL: url, KeyPrefix: "constant", Timeout: cachewright.Forever},
		},
	}
}

func poolSize(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {RedisURL: "redis://localhost:6379/0", MaxConnections: 50},
		},
	}
}

func environmentVariables(string) cachewright.Config {
	prefix := os.Getenv("CACHE_PREFIX")
	if prefix == "" {
		prefix = "myapp"
	}
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {RedisURL: os.Getenv("REDIS_URL"), KeyPrefix: prefix},
		},
	}
}

func differentDatabases(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default":  {RedisURL: "redis://localhost:6379/0"},
			"sessions": {RedisURL: "redis://localhost:6379/1"},
		},
	}
}

func troubleshootingConnection(string) cachewright.Config {
	retry := true
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {
				RedisURL: "redis://localhost:6379/0",
				Pool: cachewright.PoolOptions{
					SocketConnectTimeout: 10 * time.Second,
					RetryOnTimeout:       &retry,
				},
			},
		},
	}
}

func troubleshootingKeyLength(string) cachewright.Config {
	return cachewright.Config{
		Caches: map[string]cachewright.CacheConfig{
			"default": {RedisURL: "redis://localhost:6379/0", KeyPrefix: "short"},
		},
	}
}
