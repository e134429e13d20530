package main

import (
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
)

func TestLifetimesAreReadAsTheConfigurationWritesThem(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"300", 5 * time.Minute, true},
		{"5m", 5 * time.Minute, true},
		{"1h30m", 90 * time.Minute, true},
		{"1d", 24 * time.Hour, true},
		{"2d12h", 60 * time.Hour, true},
		{"1d-1h", 0, false},
		{"xd", 0, false},
		{"65535d2562047h", 0, false},
		{"250ms", 250 * time.Millisecond, true},
		{"0", 0, true},
		{"never", cache.Forever, true},
		{"-1", 0, false},
		{"-5m", 0, false},
		{"9223372037", 0, false},
		{"", 0, false},
		{"soon", 0, false},
	}
	for _, tt := range tests {
		got, err := parseLifetime(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("parseLifetime(%q) = %v, %v; want %v, ok %t", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

func TestTimesAreDescribed(t *testing.T) {
	tests := []struct{ got, want string }{
		{describeTimeout(5 * time.Minute), "300 s (5 min)"},
		{describeTimeout(90 * time.Minute), "5400 s (1 h 30 min)"},
		{describeTimeout(24*time.Hour + time.Second), "86401 s (1 d 1 s)"},
		{describeTimeout(30 * time.Second), "30 s"},
		{describeTimeout(1500 * time.Millisecond), "1.5 s"},
		{describeTimeout(cache.Forever), "never"},
		{describeTimeout(cache.DoNotKeep), "0, nothing is kept"},
		{describeLatency(640 * time.Nanosecond), "0.6 µs"},
		{describeLatency(42 * time.Microsecond), "42 µs"},
		{describeLatency(210 * time.Microsecond), "0.21 ms"},
		{describeLatency(2340 * time.Microsecond), "2.3 ms"},
		{describeLatency(512 * time.Millisecond), "512 ms"},
		{describeLatency(1040 * time.Millisecond), "1.0 s"},
		{describeBytes(64 << 20), "64 MiB"},
		{describeBytes(3 << 30), "3 GiB"},
		{describeBytes(1025), "1025 bytes"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestSecondsInJSON(t *testing.T) {
	tests := []struct {
		ttl  time.Duration
		want any
	}{
		{cache.Forever, nil}, {cache.DoNotKeep, 0}, {5 * time.Minute, int64(300)}, {1500 * time.Millisecond, 1.5},
	}
	for _, tt := range tests {
		if got := secondsJSON(tt.ttl); got != tt.want {
			t.Errorf("secondsJSON(%v) = %v, want %v", tt.ttl, got, tt.want)
		}
	}
}
