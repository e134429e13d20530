module github.com/cachewright/cachewright/bench

go 1.26.0

require github.com/cachewright/cachewright v0.0.0

replace github.com/cachewright/cachewright => ..
