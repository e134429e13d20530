package main

import "log/slog"

// quiet keeps the caches' start-up lines out of the tables.
var quiet = slog.New(slog.DiscardHandler)
