package pybridge_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
)

// hold begins a call of reads, which has begun when it returns and runs until it is released.
func hold(ctx context.Context, t testing.TB, pool *pybridge.Pool) (f *pybridge.Future[int], release func()) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	f = pybridge.Go[int](ctx, pool, "reads", fifo)
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the function has opened it
	if err != nil {
		t.Fatal(err)
	}
	return f, func() { w.Close() }
}

// gone reports whether a process has ended; nobody need have waited for it.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ") || strings.Contains(string(stat), ") X ")
}

// TestKilledProgram kills a Go program with a pool: no worker is left, busy with what ends for nobody, stopped or idle, and nothing that
// one has started.
func TestKilledProgram(t *testing.T) {
	if os.Getenv("PYBRIDGE_CHILD") != "" {
		drive(t)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledProgram$")
	child.Env = append(os.Environ(), "PYBRIDGE_CHILD=1")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		var pid int
		if _, err := fmt.Sscanf(lines.Text(), "process %d", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	if len(pids) != 5 {
		t.Fatalf("found processes %v, expected 5", pids)
	}
	begin := time.Now()
	child.Process.Kill()
	child.Wait()
	for _, pid := range pids {
		until(t, fmt.Sprint("process ", pid, " ends"), func() bool { return gone(pid) })
	}
	t.Logf("%d processes gone %v after the kill", len(pids), time.Since(begin))
}

// drive is the program that is killed.
func drive(t *testing.T) {
	pool := start(t, faults, func(p *pybridge.Python) { p.Workers = 3 })
	pids, started := map[int]bool{}, []int{}
	var held []*pybridge.Future[int]
	var releases []func()
	for range 3 { // one in each worker
		f, release := hold(t.Context(), t, pool)
		held, releases = append(held, f), append(releases, release)
	}
	for i, f := range held {
		releases[i]()
		pid, err := f.Wait()
		if err != nil {
			t.Fatal(err)
		}
		pids[pid] = true
	}
	if err := pool.Call(t.Context(), &started, "children"); err != nil {
		t.Fatal(err)
	}
	for pid := range pids {
		started = append(started, pid)
	}
	for _, pid := range started {
		fmt.Println("process", pid)
	}
	pybridge.Go[any](t.Context(), pool, "stubborn")
	pybridge.Go[any](t.Context(), pool, "die", syscall.SIGSTOP)
	until(t, "a worker is stopped", func() bool {
		for pid := range pids {
			if stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(stat), ") T ") {
				return true
			}
		}
		return false
	})
	fmt.Println("ready")
	select {}
}

// TestWhatWorkersHaveStarted ends workers in whose group other processes are, and Python is not asked to end those.
func TestWhatWorkersHaveStarted(t *testing.T) {
	pool := start(t, faults)
	for _, end := range []func(){
		func() { pool.Call(t.Context(), nil, "die") },
		func() { pool.Call(t.Context(), nil, "end") },
		func() { pool.Close() },
	} {
		var pids []int
		if err := pool.Call(t.Context(), &pids, "children"); err != nil {
			t.Fatal(err)
		}
		end()
		for _, pid := range pids {
			until(t, fmt.Sprint("process ", pid, " ends"), func() bool { return gone(pid) })
		}
	}
}

// TestDaemons has workers start a process that leaves their group, and has their output: nobody waits for it.
func TestDaemons(t *testing.T) {
	pool := start(t, faults)
	for _, end := range []func() error{
		func() error { return pool.Call(t.Context(), nil, "die") },
		func() error { return errors.Join(pybridge.ErrWorkerDied, pool.Close()) },
	} {
		var pid int
		if err := pool.Call(t.Context(), &pid, "daemon"); err != nil {
			t.Fatal(err)
		}
		defer syscall.Kill(pid, syscall.SIGKILL)
		if err := end(); !errors.Is(err, pybridge.ErrWorkerDied) {
			t.Error(err)
		}
		if gone(pid) {
			t.Error("the daemon has ended")
		}
	}
}
