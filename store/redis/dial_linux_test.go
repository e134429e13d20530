package redis

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestKeepaliveOptionsReachTheSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tests := []struct {
		name string
		pool PoolOptions
		want map[int]int // options of the protocol, Linux' numbers
		on   int
	}{
		{"as written", PoolOptions{SocketKeepaliveOptions: KeepaliveOptions{Idle: 30 * time.Second, Interval: 1500 * time.Millisecond, Count: 3}},
			map[int]int{syscall.TCP_KEEPIDLE: 30, syscall.TCP_KEEPINTVL: 2, syscall.TCP_KEEPCNT: 3}, 1},
		{"by default", PoolOptions{}, map[int]int{syscall.TCP_KEEPIDLE: 15, syscall.TCP_KEEPINTVL: 15, syscall.TCP_KEEPCNT: 9}, 1},
		{"off", PoolOptions{SocketKeepalive: new(false)}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Options{Pool: tt.pool}.settle()
			if err != nil {
				t.Fatal(err)
			}
			way := &link{settings: s}
			way.life, way.stop = context.WithCancel(t.Context())
			defer way.stop()
			profile := s.profile(way.dial)
			conn, err := way.dial(t.Context(), l.Addr().String(), &profile.Dialer, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			raw, err := conn.(*socket).Conn.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			if err := raw.Control(func(fd uintptr) {
				wantOption(t, fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, tt.on)
				for option, want := range tt.want {
					wantOption(t, fd, syscall.IPPROTO_TCP, option, want)
				}
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func wantOption(t *testing.T, fd uintptr, level, option, want int) {
	t.Helper()
	if got, err := syscall.GetsockoptInt(int(fd), level, option); got != want || err != nil {
		t.Errorf("socket option %d of level %d = %d, %v, want %d", option, level, got, err, want)
	}
}
