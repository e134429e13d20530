package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNegativeNumbersAreArguments(t *testing.T) {
	tests := []struct {
		name       string
		args, want []string
	}{
		{"no negative number, nothing changes",
			[]string{"get", "a", "--json"}, []string{"get", "a", "--json"}},
		{"a negative argument goes behind the flags",
			[]string{"incr", "a", "-5", "--json"}, []string{"--json", "incr", "--", "a", "-5"}},
		{"the order of the arguments stays",
			[]string{"set", "-1", "b"}, []string{"set", "--", "-1", "b"}},
		{"a flag keeps its negative value",
			[]string{"get", "a", "--at-version", "-2"}, []string{"get", "a", "--at-version", "-2"}},
		{"a flag of every command keeps its value",
			[]string{"--env", "testing", "incr", "a", "-.5"}, []string{"--env", "testing", "incr", "--", "a", "-.5"}},
		{"a flag with = has its value already",
			[]string{"incr", "--cache=x", "a", "-1"}, []string{"--cache=x", "incr", "--", "a", "-1"}},
		{"a switch has no value",
			[]string{"set", "--text", "a", "-1"}, []string{"--text", "set", "--", "a", "-1"}},
		{"what stands behind -- stays there",
			[]string{"incr", "-1", "--", "--x"}, []string{"incr", "--", "-1", "--x"}},
		{"without a command nothing changes",
			[]string{"-5"}, []string{"-5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := (&invocation{}).command()
			if diff := cmp.Diff(tt.want, shieldNegatives(root, tt.args)); diff != "" {
				t.Errorf("shieldNegatives(%q) (-want +got):\n%s", tt.args, diff)
			}
		})
	}
}
