package main

func Example() {
	main()
	// Output:
	// production: redis, redis://localhost:6379/0
	//   created from the project's redis_url
	//   timeout 10m0s (config.yaml:5:12)
	// development: memory, inside this process
	//   development, and no redis_url
	//   timeout 1m0s (config.development.yaml:3:12)
}
