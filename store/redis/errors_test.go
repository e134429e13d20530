package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/store"
	"github.com/google/go-cmp/cmp"
)

func TestParseServerError(t *testing.T) {
	tests := []struct {
		name string
		text string
		want ServerError
		is   error
	}{
		{"an error with a code", "WRONGTYPE Operation against a key", ServerError{"WRONGTYPE", "Operation against a key"}, nil},
		{"an error without", "something odd", ServerError{"ERR", "something odd"}, nil},
		{"one word", "ODD", ServerError{"ERR", "ODD"}, nil},
		{"a sentence that begins with a word in capitals, once ERR is taken away", "DB index is out of range",
			ServerError{"ERR", "DB index is out of range"}, nil},
		{"nothing", "", ServerError{"ERR", ""}, nil},
		{"not an integer", "ERR value is not an integer or out of range",
			ServerError{"ERR", "value is not an integer or out of range"}, store.ErrNotInteger},
		{"overflow", "ERR increment or decrement would overflow",
			ServerError{"ERR", "increment or decrement would overflow"}, store.ErrOverflow},
		{"too many clients", "ERR max number of clients reached",
			ServerError{"ERR", "max number of clients reached"}, store.ErrUnavailable},
		{"loading", "LOADING Redis is loading", ServerError{"LOADING", "Redis is loading"}, store.ErrUnavailable},
		{"an error inside a script, version 7",
			"WRONGTYPE Operation against a key script: 8f1e, on @user_script:2.",
			ServerError{"WRONGTYPE", "Operation against a key"}, nil},
		{"an error inside a script, version 6",
			"ERR Error running script (call to f_8f1e): @user_script:3: ERR value is not an integer or out of range",
			ServerError{"ERR", "value is not an integer or out of range"}, store.ErrNotInteger},
		{"an error inside a script, version 6, with a code",
			"ERR Error running script (call to f_8f1e): @user_script:3: WRONGTYPE Operation against a key",
			ServerError{"WRONGTYPE", "Operation against a key"}, nil},
		{"arguments that the server repeats",
			"ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hidden'",
			ServerError{"ERR", "unknown command 'HELLO'"}, nil},
		{"the password in between", "ERR what is hidden?", ServerError{"ERR", "what is ***?"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseServerError(tt.text, "", "hidden")
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
			if is := errors.Unwrap(got); is != tt.is {
				t.Errorf("it wraps %v, want %v", is, tt.is)
			}
		})
	}
}

func FuzzParseServerErrorHidesThePassword(f *testing.F) {
	f.Add("ERR unknown command 'AUTH', with args beginning with: 'hidden'")
	f.Add("ERR hidden script: hidden @user_script:1: hidden: hidden")
	f.Add("hidhiddenden")
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "hidden"
		if got := parseServerError(text, secret).Error(); strings.Contains(got, secret) {
			t.Errorf("parseServerError(%q) = %q, which contains the password", text, got)
		}
	})
}

func TestUnreachable(t *testing.T) {
	const place = "10.0.0.5:6379"
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 6379}, Err: errors.New("refused")}
	elsewhere := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 1}, Err: errors.New("refused")}
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	tests := []struct {
		name     string
		topology topology
		cause    error
		want     string
		isnot    error
	}{
		{"the address is said once", single, refused, "store unavailable: redis 10.0.0.5:6379: dial: refused", nil},
		{"also that of a node of a cluster", cluster, refused, "store unavailable: redis 10.0.0.5:6379: dial: refused", nil},
		{"but another is said, too", cluster, elsewhere,
			"store unavailable: redis 10.0.0.5:6379: dial tcp 10.0.0.9:1: refused", nil},
		{"any other cause as it is", single, io.EOF, "store unavailable: redis 10.0.0.5:6379: EOF", nil},
		{"another caller's cancellation is not ours", single, context.Canceled,
			"store unavailable: redis 10.0.0.5:6379: context canceled", context.Canceled},
		{"a handshake that failed says where", sentinel, fmt.Errorf("x: %w", &TLSError{"10.0.0.9:1", errors.New("tls: bad certificate")}),
			"store unavailable: redis 10.0.0.9:1: TLS: bad certificate", nil},
		{"a server that hangs up after the handshake", single, alert,
			"store unavailable: redis 10.0.0.5:6379: TLS: certificate required", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := settings{topology: tt.topology}
			err := s.unreachable(place, tt.cause)
			if got := err.Error(); got != tt.want {
				t.Errorf("error = %q, want %q", got, tt.want)
			}
			if !errors.Is(err, store.ErrUnavailable) {
				t.Error("it is not store.ErrUnavailable")
			}
			if tt.isnot != nil && errors.Is(err, tt.isnot) {
				t.Errorf("it is %v", tt.isnot)
			}
			var handshake *TLSError
			if got, want := errors.As(err, &handshake), strings.Contains(tt.want, "TLS"); got != want {
				t.Errorf("it is a *TLSError = %v, want %v", got, want)
			}
		})
	}
}

func TestRefusalsThatDoNotPassByThemselves(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&ServerError{Code: "WRONGPASS"}, true},
		{&ServerError{Code: "NOAUTH"}, true},
		{&TLSError{}, true},
		{&ServerError{Code: "LOADING"}, false},
		{&ServerError{Code: "ERR", Message: "max number of clients reached"}, false},
		{errors.New("connection refused"), false},
	} {
		if got := isRefusal(tt.err); got != tt.want {
			t.Errorf("isRefusal(%v) = %v, want %v", tt.err, got, tt.want)
		}
	}
}
