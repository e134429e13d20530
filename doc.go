// Package cachewright turns one typed configuration, often one line of it, into caches that work.
//
//	caches, err := cachewright.Auto(ctx)      // config.yaml, .env, the environment; with none of them: memory
//	defer caches.Close()
//	users, err := cachewright.Of[User](caches, "default", cache.Namespace("user"))
//	u, err := users.Fetch(ctx, "42", load)    // the value, or one load of it however many ask
//
// There are five nouns, and each is made from the one before it:
//
//	Config -> Plan -> Caches -> Cache[V] -> Store
//
// A [Config] is what a project writes, in Go or by [Load] from files and variables. [Config.Resolve] decides what
// will run and keeps why, as a [Plan]; it is pure. [Plan.Open] opens the plan's [Caches]. [Of] gives typed handles
// of one of them, a [cache.Cache]. Below them a [store.Store] moves bytes: in memory, in files, in Redis, nowhere
// at all, or yours by [WithStore].
//
// [Open] and [Auto] do these steps at once. Open takes what the program wrote and detects only the name of the
// environment; Auto also reads what the working directory and the process environment say.
//
// # Errors
//
// A configuration that is wrong is refused with all its [Problems] at once, each with its place, the reason, a
// code for [Explain] and what to write instead. Advice about one that runs is a [Finding] of its plan. No error,
// log line or printed value holds a password: secrets are of type [Secret].
//
// # Concurrency
//
// A Config is a value. A Plan is not changed once it is made, and Caches and their handles may be used by any
// number of goroutines at the same time. Whoever opens Caches closes them.
package cachewright
