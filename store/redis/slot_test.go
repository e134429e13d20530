package redis

import (
	"strings"
	"testing"
)

func TestSlotOf(t *testing.T) {
	for _, c := range []struct {
		key  string
		want int
	}{
		{"", 0},
		{"123456789", 0x31c3}, // the check value of CRC-16/XMODEM
		{"foo", 12182},
		{"{foo}bar", 12182},
		{"bar{foo}{bar}", 12182},
		{"{}foo", slotOf("{}foo")},
		{"foo{{bar}}", slotOf("{bar")},
		{"foo{bar", int(crc16("foo{bar")) % slots},
		{"foo{}{bar}", int(crc16("foo{}{bar}")) % slots},
		{"\xff\x00é", int(crc16("\xff\x00é")) % slots},
	} {
		if got := slotOf(c.key); got != c.want {
			t.Errorf("slotOf(%q) = %d, want %d", c.key, got, c.want)
		}
	}
}

func TestKeyInFindsAKeyForEverySlot(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {slots - 1, slots - 1}, {100, 200}, {0, slots - 1}} {
		if got := slotOf(keyIn(c[0], c[1])); got < c[0] || got > c[1] {
			t.Errorf("keyIn(%d, %d) has slot %d", c[0], c[1], got)
		}
	}
}

func FuzzSlotDependsOnTheTagAlone(f *testing.F) {
	f.Add("a", "tag", "b")
	f.Add("", "{", "}")
	f.Fuzz(func(t *testing.T, before, tag, after string) {
		if tag == "" || strings.Contains(before, "{") || strings.Contains(tag, "}") {
			return // no tag, or another one
		}
		if got, want := slotOf(before+"{"+tag+"}"+after), int(crc16(tag))%slots; got != want {
			t.Errorf("slot = %d, want that of %q: %d", got, tag, want)
		}
	})
}
