package testredis_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"go.uber.org/goleak"
)

// doomed is set in the environment of a test binary that is to be killed.
const doomed = "TESTREDIS_DOOMED"

func TestMain(m *testing.M) {
	if dir := os.Getenv(doomed); dir != "" {
		c := testredis.StartCluster(unfinished{dir: dir}, testredis.ClusterOptions{})
		fmt.Println(pids(c.Nodes...))
		select {}
	}
	goleak.VerifyTestMain(m)
}

// unfinished is a test that never comes to its end.
type unfinished struct {
	testing.TB
	dir string
}

func (u unfinished) Helper()           {}
func (u unfinished) Cleanup(func())    {}
func (u unfinished) Fatal(args ...any) { fmt.Println(args...); os.Exit(1) }

func (u unfinished) TempDir() string {
	dir, err := os.MkdirTemp(u.dir, "")
	if err != nil {
		u.Fatal(err)
	}
	return dir
}

func TestServersDoNotOutliveAKilledTest(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), doomed+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed

	numbers := strings.Fields(strings.Trim(line, "[]\n"))
	if len(numbers) != 3 {
		t.Fatalf("the test that was killed said %q, want three processes", line)
	}
	for _, text := range numbers {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("the test that was killed said %q, want processes", line)
		}
		// The kernel kills them in the moment in which their parent dies, and somebody has to collect them.
		for end := time.Now().Add(10 * time.Second); !over(pid); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("process %d is still there", pid)
				break
			}
		}
	}
}

// over reports whether a process is gone, or dead and not collected.
func over(pid int) bool {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
