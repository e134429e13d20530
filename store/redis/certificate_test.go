package redis

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestCheckFilesFindsEveryFileThatCannotBeUsed(t *testing.T) {
	o := Options{TLS: true, MaxConnections: -1, Pool: PoolOptions{
		SSLCACerts: "testdata/absent.pem", SSLCAData: "x", SSLCertFile: "options_test.go", SSLKeyFile: "testdata/absent.key",
		Sentinels: []Node{{Host: "a"}}, ServiceName: "m", SentinelKwargs: SentinelOptions{SSLCAData: "x"},
	}}
	var got []string
	for _, bad := range o.CheckFiles() {
		got = append(got, bad.Option)
		if absent := errors.Is(bad, fs.ErrNotExist); absent != strings.Contains(bad.Path, "absent") {
			t.Errorf("%v: it is not there: %t", bad, absent)
		}
	}
	want := []string{"ssl_ca_certs", "ssl_ca_data", "ssl_keyfile",
		"sentinel_kwargs.ssl_ca_data", "sentinel_kwargs.ssl_keyfile"} // the key is inherited
	if !slices.Equal(got, want) {
		t.Errorf("CheckFiles names %v, want %v", got, want)
	}
	if o.TLS = false; o.CheckFiles() != nil {
		t.Errorf("CheckFiles = %v of connections that are not encrypted", o.CheckFiles())
	}
}
