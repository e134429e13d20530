package cache

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTroublesAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := troubleLog{logger: slog.New(slog.NewTextHandler(&out, nil))}
		report := func() {
			log.report(t.Context(), Trouble{Alias: "users", Op: "read", Key: "42", Err: errors.New("cable cut")})
		}
		for range 5 {
			report()
		}
		if n := strings.Count(out.String(), "\n"); n != 1 {
			t.Errorf("%d lines in one instant", n)
		}
		time.Sleep(time.Second)
		report()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[1], "more_since_last_line=4") {
			t.Errorf("logged:\n%s", out.String())
		}
		for _, want := range []string{"cache=users", "op=read", `\"42\"`, "cable cut"} {
			if !strings.Contains(lines[0], want) {
				t.Errorf("the line lacks %s: %s", want, lines[0])
			}
		}
	})
}

func TestLongKeysAreCutInMessages(t *testing.T) {
	got := (&KeyError{Key: strings.Repeat("x", 1000), Reason: "too long"}).Error()
	if len(got) > 200 || !strings.Contains(got, "1000 bytes") {
		t.Errorf("got %s", got)
	}
}
