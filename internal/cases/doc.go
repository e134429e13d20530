// Package cases holds the configurations of django-cfg's page on cache models, which this product's own
// model comes from. Each is a file in testdata: the configuration as YAML, the plan and the Django settings
// that it comes to, and where and why that differs from the page.
//
// The tests resolve, render, open and use every one of them, and compare each with its form in Go.
// docs/cache-models.md is made of them. After a change of what comes out,
//
//	go test ./internal/cases -update
//
// rewrites the expectations and the page; read the difference before you commit it.
package cases
